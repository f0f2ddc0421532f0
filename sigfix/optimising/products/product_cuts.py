"""A product of rows that is cut into columns -> a product for each part.

Queries, keys and values in one product save nothing in TF.js, but cutting its columns is dear in
the WebAssembly backend (4.22): it is done row by row in JavaScript, and for every part the whole
tensor is copied out of the heap first. viptr_tiny spent 105 of 137 ms in 69 such cuts. Every
column is computed once, as before.
"""

from __future__ import annotations

from collections import defaultdict

from sigfix.optimising.graph.graph import Graph
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.products.product_views import FLAT, View, Views, materialise

CUTS = ("StridedSlice", "Split", "Unpack")


def compute_parts(graph: Graph) -> int:
    """Rewrite every product all of whose readers cut it; returns how many."""
    if not any(node.op in CUTS for node in graph.nodes.values()):
        return 0
    views = Views(graph, infer_shapes(graph))
    worthwhile = [parts for parts in _parts(graph, views) if _is_cut_up(parts)]
    for parts in worthwhile:
        for reference, view in parts.items():
            graph.redirect(reference, materialise(graph, view, view.product.name))
    graph.prune()
    return len(worthwhile)


def _parts(graph: Graph, views: Views) -> list[dict[str, View]]:
    """For each product the views of it that something else than a view reads, by reference."""
    parts: dict[str, dict[str, View]] = defaultdict(dict)
    for node in list(graph.nodes.values()):
        if views.of(node.name) is None:
            for reference in node.input:
                view = None if reference.startswith("^") else views.of(reference)
                if view is not None:
                    parts[view.product.name][reference] = view
    for output in graph.outputs:
        view = views.of(output)
        if view is not None:
            parts.pop(view.product.name, None)
    return list(parts.values())


def _is_cut_up(parts: dict[str, View]) -> bool:
    views = list(parts.values())
    columns = views[0].product.columns
    cut = all(view.columns.size < columns and FLAT not in view.axes for view in views)
    return cut and sum(view.columns.size for view in views) <= columns
