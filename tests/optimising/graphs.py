"""Small frozen graphs for the passes, and what TensorFlow computes with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from sigfix.exporting import reference
from sigfix.optimising.graph.graph import Graph, from_graph_def
from sigfix.optimising.kernels import fusing


def frozen(build: Callable, *shape: int | None) -> Graph:
    """The graph of `build(x)` for a float32 input `x`, with one output `y`."""
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, shape, name="x")
        tf.identity(build(x), name="y")
    return from_graph_def(graph.as_graph_def(), ["x"], ["y"])


def run(graph: Graph, x: np.ndarray) -> np.ndarray:
    return reference.run(graph, {"x": "x"}, {"y": "y"}, [{"x": x}])[0]["y"]


def operators(graph: Graph) -> Counter:
    return Counter(node.op for node in graph.nodes.values())


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def unfused(graph: Graph) -> Graph:
    """A graph for TF.js with its fused kernels taken apart again, so that TensorFlow runs it."""
    graph = graph.copy()
    plain = {fused: kernel for kernel, fused in fusing.FUSED_KERNEL.items()}
    for node in list(graph.nodes.values()):
        if node.op not in plain:
            continue
        data, weights, bias = node.input
        kinds = [kind.decode() for kind in node.attr["fused_ops"].list.s]
        assert kinds[0] == "BiasAdd"
        last = graph.add_node(f"{node.name}/plain", plain[node.op], [data, weights], node)
        for name, value in node.attr.items():
            if name not in ("fused_ops", "num_args", "epsilon", "leakyrelu_alpha"):
                last.attr[name].CopyFrom(value)
        last = graph.add_node(f"{node.name}/biased", "BiasAdd", [last.name, bias], node)
        for kind in kinds[1:]:
            last = graph.add_node(f"{node.name}/{kind}", kind, [last.name], node)
        graph.replace(node.name, last.name)
    return graph
