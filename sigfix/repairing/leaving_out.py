"""Operators that no loader has, taken out of a graph whose signatures do without them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sigfix.errors import BlockedError
from sigfix.model import node_of


def leave_out(meta_graph: Any, operators: Collection[str]) -> None:
    """Remove nodes of these operators, and what reads them, from a MetaGraphDef message.

    Raises `BlockedError` where a signature needs one.
    """
    nodes = meta_graph.graph_def.node
    readers: dict[str, list[str]] = {}
    for node in nodes:
        for tensor in node.input:
            readers.setdefault(node_of(tensor), []).append(node.name)
    gone: set[str] = set()
    left = [node.name for node in nodes if node.op in operators]
    while left:
        name = left.pop()
        if name not in gone:
            gone.add(name)
            left += readers.get(name, [])
    for key, signature in meta_graph.signature_def.items():
        for output in signature.outputs.values():
            if node_of(output.name) in gone:
                raise BlockedError(
                    f"{output.name} of signature {key} needs {', '.join(sorted(operators))}, "
                    "which TensorFlow does not have.",
                    "choose another output: --output NAME=TENSOR",
                )
    kept = [node for node in nodes if node.name not in gone]
    del nodes[:]
    nodes.extend(kept)
