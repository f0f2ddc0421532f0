"""Texts that are computed from constants alone: Grappler leaves them as they are."""

from __future__ import annotations

from sigfix.optimising.graph.graph import Array, Graph, node_of
from sigfix.optimising.graph.operator_kinds import names

_PURE = names(
    "Const Identity ConcatV2 ExpandDims Fill GatherV2 Pack Reshape Slice Squeeze StridedSlice "
    "StringJoin StringLower StringUpper Tile Transpose"
)


def constant_texts(graph: Graph, reference: str) -> Array | None:
    """The value of a tensor that only constants make, None for another one."""
    pending, needed = [node_of(reference)], set[str]()
    while pending:
        name = pending.pop()
        node = graph.nodes.get(name)
        if node is None or node.op not in _PURE:
            return None
        if name not in needed:
            needed.add(name)
            pending += [node_of(source) for source in node.input]
    if graph.nodes[node_of(reference)].op == "Const":
        return graph.constant(reference)
    return _computed(graph, needed, reference)


def _computed(graph: Graph, needed: set[str], reference: str) -> Array:
    import tensorflow as tf

    part = tf.compat.v1.GraphDef()
    part.node.extend(graph.nodes[name] for name in needed)
    with tf.Graph().as_default() as made, tf.compat.v1.Session() as session:
        tf.import_graph_def(part, name="")
        value: Array = session.run(made.get_tensor_by_name(f"{node_of(reference)}:0"))
    return value
