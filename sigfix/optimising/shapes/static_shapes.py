"""Shape arithmetic that does not depend on the inputs -> constants.

Importers compute what `Reshape`, `Slice` or `ResizeBilinear` want from `Shape` operators, at run
time, although only the batch is dynamic. A reshape may leave the batch to be worked out (-1), a
slice may take the rest of an axis (-1), and where the batch itself is needed, it is read from the
input it comes from instead of from a tensor in the middle.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from tensorflow.python.framework import dtypes

from sigfix.optimising.graph.dimensions import Dimension, Size, symbolic_shapes
from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.static_values import RULES, Values, as_constant, result_type

DT_INT32, DT_INT64 = 3, 9


def fold_static_shapes(graph: Graph) -> int:
    """Fold until nothing changes: a folded size makes more shapes static. Returns how many."""
    folded = 0
    while True:
        symbolic = symbolic_shapes(graph, infer_shapes(graph))
        values = Values(graph, symbolic)
        found = _fold_values(graph, values) + _fold_operands(graph, values, symbolic)
        if not found:
            return folded + _read_inputs(graph, values)
        folded += found
        graph.prune()


def _fold_values(graph: Graph, values: Values) -> int:
    """Everything that is known in full becomes a constant."""
    folded = 0
    for node in list(graph.nodes.values()):
        value = values.of(node.name)
        if value is None or (node.op not in RULES and node.op != "Shape"):
            continue
        if node.name in graph.outputs or any(r.startswith("^") for r in node.input):
            continue
        constant = as_constant(value, result_type(node))
        if constant is not None and constant.size:
            graph.set_constant(node.name, constant)
            folded += 1
    return folded


def _fold_operands(graph: Graph, values: Values, symbolic: dict[str, list[Size]]) -> int:
    """Operands of which one size may be left open."""
    folded = 0
    for node in list(graph.nodes.values()):
        rule = OPERANDS.get(node.op)
        if rule is None:
            continue
        operand, index_type, fold = rule
        value = values.of(node.input[operand])
        source = symbolic.get(node.input[0])
        if value is None or source is None or graph.constant(node.input[operand]) is not None:
            continue
        constant = fold(graph, node, value, source)
        if constant is not None:
            kind = dtypes.as_dtype(node.attr[index_type].type).as_numpy_dtype
            name = graph.add_constant(f"{node.name}/static", np.array(constant, kind))
            graph.set_input(node, operand, name)
            folded += 1
    return folded


def _reshape(graph: Graph, node: NodeDef, shape: Array, source: list[Size]) -> Any:
    """The shape with -1 for its one unknown size; a -1 that it has already is worked out."""
    sizes = list(shape)
    unknown = [i for i, size in enumerate(sizes) if not isinstance(size, int)]
    if len(unknown) != 1 or any(size == 0 for size in sizes):
        return None
    open_place = unknown[0]
    if -1 in sizes:
        rest = list(source)
        if not isinstance(sizes[open_place], Dimension) or sizes[open_place] not in rest:
            return None
        rest.remove(sizes[open_place])
        known = prod(size for i, size in enumerate(sizes) if i != open_place and size != -1)
        total = prod(size for size in rest if isinstance(size, int))
        if any(not isinstance(size, int) for size in rest) or total % known:
            return None
        sizes[sizes.index(-1)] = total // known
    sizes[open_place] = -1
    return sizes


def _slice_size(graph: Graph, node: NodeDef, size: Array, source: list[Size]) -> Any:
    """-1, the rest of the axis, wherever the size is the axis's own."""
    begin = graph.constant(node.input[1])
    if begin is None or len(source) != size.size:
        return None
    sizes = [
        -1 if isinstance(s, Dimension) and s == whole and b == 0 else s
        for s, whole, b in zip(size, source, begin, strict=True)
    ]
    return sizes if all(isinstance(s, int) for s in sizes) else None


def _slice_end(graph: Graph, node: NodeDef, end: Array, source: list[Size]) -> Any:
    """An end mask wherever the end is the axis's own size."""
    masks, step = (
        ("new_axis_mask", "ellipsis_mask", "shrink_axis_mask"),
        graph.constant(node.input[3]),
    )
    if any(node.attr[mask].i for mask in masks) or end.size > len(source) or step is None:
        return None
    ends, mask = [], node.attr["end_mask"].i
    for axis, value in enumerate(end):
        if isinstance(value, int):
            ends.append(value)
        elif isinstance(value, Dimension) and value == source[axis] and step[axis] > 0:
            ends.append(0)
            mask |= 1 << axis
        else:
            return None
    node.attr["end_mask"].i = mask
    return ends


OPERANDS = {
    "Reshape": (1, "Tshape", _reshape),
    "Slice": (2, "Index", _slice_size),
    "StridedSlice": (2, "Index", _slice_end),
}
"""Which operand of an operator may be folded though one size in it is dynamic, its type, how."""


def _read_inputs(graph: Graph, values: Values) -> int:
    """A size that is an input's own is read from that input, once for all that need it."""
    readers: dict[tuple[Dimension, int, int], str] = {}
    moved = 0
    for node in graph.ordered():
        value = values.of(node.name) if node.op in RULES else None
        if value is None or value.shape not in ((), (1,)) or node.name in graph.outputs:
            continue
        dimension, kind = value.item(), result_type(node)
        if not isinstance(dimension, Dimension) or kind not in (DT_INT32, DT_INT64):
            continue
        if graph.nodes[dimension.node].op != "Placeholder":
            continue
        key = (dimension, value.ndim, kind)
        if key in readers:
            graph.replace(node.name, readers[key])
            moved += 1
            continue
        readers[key] = str(node.name)
        if not _reads_input(graph, node):
            _read_from(graph, node, dimension, kind, scalar=value.ndim == 0)
            moved += 1
    graph.prune()
    return moved


def _reads_input(graph: Graph, node: NodeDef) -> bool:
    source = graph.nodes[node_of(node.input[0])]
    return bool(
        node.op == "StridedSlice"
        and source.op == "Shape"
        and graph.nodes[node_of(source.input[0])].op == "Placeholder"
    )


def _read_from(graph: Graph, node: NodeDef, dimension: Dimension, kind: int, scalar: bool) -> None:
    """Make `node` read one size of an input, as an integer of `kind`."""
    origin = graph.nodes[dimension.node]
    shape = graph.add_node(f"{origin.name}/shape", "Shape", [origin.name], node)
    shape.attr["T"].type = origin.attr["dtype"].type
    shape.attr["out_type"].type = kind
    places = [np.array([dimension.axis + i], np.int32) for i in (0, 1)]
    node.op = "StridedSlice"
    begin_end = [graph.add_constant(f"{node.name}/place", place) for place in places]
    step = graph.add_constant(f"{node.name}/step", np.array([1], np.int32))
    graph.set_inputs(node, [shape.name, *begin_end, step])
    node.attr.clear()
    node.attr["T"].type, node.attr["Index"].type = kind, DT_INT32
    node.attr["shrink_axis_mask"].i = int(scalar)
