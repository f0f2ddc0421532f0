"""Layer norm as TensorFlow's own functions write it -> the form with the fewest operators.

`tf.nn.moments` and `tf.nn.batch_normalization`, which Keras uses, compute
x * (r * gamma) + (beta - mean * (r * gamma)) with r = rsqrt(variance + epsilon). Centred first,
(x - mean) * r * gamma + beta, it needs three operators less, and gamma and beta can be folded into
the products behind.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of

SUMS, COPIES = ("Add", "AddV2"), ("Identity", "StopGradient")


def centre_layer_norms(graph: Graph) -> int:
    """Rewrite each normalisation, over whichever axes; returns how many."""
    rewritten = 0
    for node in graph.ordered():
        if node.op in SUMS and data_type_of(node) == DT_FLOAT:
            rewritten += any(_rewrite(graph, node, i) for i in (0, 1))
    graph.prune()
    return rewritten


def copied(graph: Graph, reference: str) -> str:
    """What `reference` holds a copy of, as a reference; itself where it is no copy."""
    node = graph.nodes[node_of(reference)]
    while node.op in COPIES:
        reference = str(node.input[0])
        node = graph.nodes[node_of(reference)]
    return reference.removesuffix(":0")


def _rewrite(graph: Graph, node: NodeDef, place: int) -> bool:
    scaled, rest = (graph.nodes[node_of(node.input[i])] for i in (place, 1 - place))
    if scaled.op != "Mul" or rest.op != "Sub" or graph.constant(rest.input[0]) is None:
        return False
    shift = graph.nodes[node_of(rest.input[1])]
    if shift.op != "Mul":
        return False
    for x, factor in (scaled.input, reversed(scaled.input)):
        for mean, same in (shift.input, reversed(shift.input)):
            if factor == same and _is_normalised(graph, x, mean, factor):
                _emit(graph, node, x, mean, factor, rest.input[0])
                return True
    return False


def _is_normalised(graph: Graph, x: str, mean: str, factor: str) -> bool:
    mean_node = graph.nodes[node_of(copied(graph, mean))]
    return mean_node.op == "Mean" and mean_node.input[0] == x and bool(_deviation(graph, factor))


def _deviation(graph: Graph, factor: str) -> tuple[str, str | None] | None:
    """(rsqrt, gamma) of what x is multiplied by; gamma is a constant or None."""
    node = graph.nodes[node_of(factor)]
    if node.op == "Rsqrt":
        return factor, None
    if node.op == "Mul":
        for one, other in (node.input, reversed(node.input)):
            if graph.nodes[node_of(one)].op == "Rsqrt" and graph.constant(other) is not None:
                return one, other
    return None


def _emit(graph: Graph, node: NodeDef, x: str, mean: str, factor: str, beta: str) -> None:
    base, found = str(node.name), _deviation(graph, factor)
    assert found is not None
    deviation, gamma = found
    centred = str(graph.add_node(f"{base}/centred", "Sub", [x, mean], node).name)
    for square in graph.nodes.values():
        if square.op == "SquaredDifference" and {copied(graph, r) for r in square.input} == {
            copied(graph, x),
            copied(graph, mean),
        }:
            square.op = "Square"
            graph.set_inputs(square, [centred])
    last = str(graph.add_node(f"{base}/normal", "Mul", [centred, deviation], node).name)
    if gamma is not None:
        last = str(graph.add_node(f"{base}/scaled", "Mul", [last, gamma], node).name)
    graph.replace(base, graph.add_node(f"{base}/shifted", "AddV2", [last, beta], node).name)
