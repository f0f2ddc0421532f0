"""What has an influence on a tensor of an ONNX graph: sizes alone, or values that are fed."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from sigfix.importing.onnx_graph import graph_inputs

# Neither data nor a function of shapes alone.
NOT_FOLDED = frozenset(
    ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial",
     "Bernoulli", "Dropout", "Loop", "Scan", "If", "SequenceEmpty", "Optional")
)  # fmt: skip


def shape_only(model: onnx.ModelProto, sizes: bool = True) -> list[str]:
    """Tensors, initializers left out, that no fed value has an influence on.

    Without `sizes` those that the inputs' sizes have none on either: constants.
    """
    known = {i.name for i in model.graph.initializer} | {""}
    found: list[str] = []
    for node in model.graph.node:
        if (node.op_type == "Shape" and sizes) or (
            node.op_type not in NOT_FOLDED and all(i in known for i in node.input)
        ):
            known.update(node.output)
            found.extend(o for o in node.output if o)
    return found


def reads(node: onnx.NodeProto) -> set[str]:
    """Everything that a node reads, subgraphs included."""
    names = {i for i in node.input if i}
    for attribute in node.attribute:
        for inner in attribute.g.node:
            names |= reads(inner)
        names.update(o.name for o in attribute.g.output)
    return names


def nodes_behind(
    model: onnx.ModelProto, names: Iterable[str], given: Iterable[str] = ()
) -> list[onnx.NodeProto]:
    """The nodes that tensors are computed by, in the graph's order; none for what is given."""
    needed, nodes, there = set(names), [], set(given)
    for node in reversed(model.graph.node):
        if needed.intersection(node.output) - there:
            nodes.append(node)
            needed |= reads(node)
    return nodes[::-1]


def needed_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes that the model's outputs are computed by."""
    return nodes_behind(model, (o.name for o in model.graph.output))


def deciding_inputs(model: onnx.ModelProto, name: str) -> list[onnx.ValueInfoProto]:
    """The inputs whose values have an influence on a tensor."""
    needed = {name}
    for node in reversed(model.graph.node):
        if node.op_type != "Shape" and needed.intersection(node.output):
            needed |= reads(node)
    return [value for value in graph_inputs(model) if value.name in needed]
