"""The passes in the order in which they run, with the reason for that order."""

from __future__ import annotations

from typing import Any

from sigfix.optimising import (
    duplicates,
    fusing,
    grappler,
    identities,
    naming,
    padding,
    transposed_convolution,
)
from sigfix.optimising.graph import Graph, from_graph_def
from sigfix.optimising.shapes import infer_shapes


def optimise_values(graph: Graph, signature: Any) -> Graph:
    """Everything that changes constants. TensorFlow can still run the result.

    Weights are final afterwards, so this graph, with its weights quantised and dequantised, is
    the reference for a quantised model.
    """
    from tensorflowjs.converters import fold_batch_norms, normalize_bias_add

    graph = grappler.simplify(graph, signature)
    # tensorflowjs folds batch norms into the convolutions before them, on a GraphDef.
    folded = fold_batch_norms.fold_batch_norms(graph.graph_def())
    folded = normalize_bias_add.normalize_bias_add_op(folded)
    graph = from_graph_def(folded, graph.inputs, graph.outputs)
    graph.prune()
    transposed_convolution.rewrite_transposed_convolutions(graph, infer_shapes(graph))
    identities.drop_output_identities(graph)
    duplicates.merge_equal_constants(graph)
    naming.shorten_names(graph)
    return graph


def optimise_kernels(graph: Graph) -> Graph:
    """Everything that only TF.js can run, on a copy; constants keep their names and values."""
    graph = from_graph_def(graph.graph_def(), graph.inputs, graph.outputs)
    padding.fold_padding(graph)
    fusing.fuse_bias_and_activation(graph)
    graph.prune()
    return graph
