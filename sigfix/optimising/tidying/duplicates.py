"""Equal nodes become one: what is computed twice, and constants, so that each is stored once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from tensorflow.core.framework import types_pb2
from tensorflow.python.framework import op_def_registry

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW

# Not stateful by TensorFlow's own account, and yet one of a kind.
UNIQUE = CONTROL_FLOW | {"Placeholder", "NoOp"}
HANDLES = {types_pb2.DT_RESOURCE, types_pb2.DT_VARIANT}
"""Types of what stands for a thing that changes. TF.js writes a TensorList in place, so two equal
new lists are two, and one element read twice may be two values."""


def merge_duplicates(graph: Graph) -> int:
    """Point readers of a node at the first one that is equal; returns how many went."""
    first: dict[tuple[object, ...], str] = {}
    renamed: dict[str, str] = {}
    for node in graph.ordered():
        for i, reference in enumerate(node.input):
            name, colon, port = reference.partition(":")
            if name in renamed:
                graph.set_input(node, i, f"{renamed[name]}{colon}{port}")
        if node.name in graph.outputs or not _is_pure(node):
            continue
        kept = first.setdefault(_key(node), str(node.name))
        if kept != node.name:
            renamed[node.name] = kept
    for node in graph.nodes.values():  # a loop's edge back is read before its source is renamed
        for i, reference in enumerate(node.input):
            mark = "^" if reference.startswith("^") else ""
            name, colon, port = reference[len(mark) :].partition(":")
            if name in renamed:
                graph.set_input(node, i, f"{mark}{renamed[name]}{colon}{port}")
    for name in renamed:
        del graph.nodes[name]
    return len(renamed)


def _is_pure(node: NodeDef) -> bool:
    definition = op_def_registry.get(node.op)
    if definition is None or definition.is_stateful or node.op in UNIQUE:
        return False
    if any(own in HANDLES for own in _types(node, definition)):
        return False
    return not any(reference.startswith("^") for reference in node.input)


def _types(node: NodeDef, definition: Any) -> Iterator[int]:
    """The element types of a node's operands and results."""
    for argument in (*definition.input_arg, *definition.output_arg):
        yield argument.type
        if argument.type_attr:
            yield node.attr[argument.type_attr].type
        elif argument.type_list_attr:
            yield from node.attr[argument.type_list_attr].list.type


def _key(node: NodeDef) -> tuple[object, ...]:
    """What equal nodes have in common; of attributes a digest, for a constant's are its values."""
    attributes = {
        name: hashlib.sha256(value.SerializeToString(deterministic=True)).digest()
        for name, value in node.attr.items()
        if value.WhichOneof("value") is not None and not name.startswith("_")
    }
    return (node.op, tuple(node.input), tuple(sorted(attributes.items())))
