"""What the file tells of shapes and values, of nodes of one function or of the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sigfix.model import ConstantTensor, Graph, Node, Shape, TensorSpec, as_shape, node_of

SAME_SHAPE = frozenset({"Identity", "ReadVariableOp", "Relu", "Relu6", "BiasAdd"})
"""Their result has the shape of what they read."""
Body = Mapping[str, Node | TensorSpec]
"""Nodes of one function, or of the graph, by name, and the function's arguments."""


def bodies_of(graph: Graph) -> Iterator[Body]:
    """The graph itself, and each function."""
    yield graph.by_name
    for function in graph.functions:
        arguments = {spec.name: spec for spec in function.inputs}
        yield {**arguments, **{node.name: node for node in function.nodes}}


def shape_of(reference: str, body: Body) -> Shape:
    """The shape of a node's only output, where the node or what it copies says it."""
    seen: set[str] = set()
    while (name := node_of(reference)) not in seen and name in body:
        seen.add(name)
        node = body[name]
        if isinstance(node, TensorSpec):
            return node.shape
        declared = node.listed("_output_shapes")
        known = as_shape(declared[0]) if len(declared) == 1 else None
        if known is not None:
            return known
        value, shape = node.attributes.get("value"), node.attributes.get("shape")
        if isinstance(value, ConstantTensor):
            return value.shape
        if node.op in ("Placeholder", "VariableV2") and isinstance(shape, tuple):
            return as_shape(shape)
        if node.op not in SAME_SHAPE or not node.data_inputs:
            return None
        reference = node.data_inputs[0]
    return None


def whole_number(reference: str, body: Body) -> int | None:
    """The value of a constant scalar, None of anything else."""
    node = body.get(node_of(reference))
    value = node.attributes.get("value") if isinstance(node, Node) else None
    if isinstance(value, ConstantTensor) and value.value and len(value.value) == 1:
        return int(value.value[0])
    return None
