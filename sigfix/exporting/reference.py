"""Run an optimised graph with the weights that a TF.js model really stores.

A quantised model cannot equal the float model, but it must equal the float graph with the
dequantised weights: that separates the loss of quantisation, which is wanted, from a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.framework import tensor_util

from sigfix.exporting.state_threading import State
from sigfix.optimising.graph.graph import Graph, from_graph_def
from sigfix.optimising.kernels.plain_kernels import use_plain_kernels

Arrays = dict[str, np.ndarray[Any, Any]]


def with_weights(graph: Graph, weights: Mapping[str, np.ndarray[Any, Any]]) -> Graph:
    """A copy of `graph` in which float constants have the values of `weights`, by node name."""
    copy = from_graph_def(graph.graph_def(), graph.inputs, graph.outputs)
    for node in copy.nodes.values():
        stored = weights.get(node.name)
        if node.op == "Const" and stored is not None and stored.dtype == np.float32:
            node.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(stored))
    return copy


@contextmanager
def _session(graph: Graph) -> Iterator[Any]:
    """TensorFlow's session with a graph in it, without graph optimisation.

    TensorFlow 2.19's remapper aborts on some padded kernels. With kernels that TensorFlow has with
    and without oneDNN: `graph` itself is left as it is.
    """
    graph = graph.copy()
    use_plain_kernels(graph)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.rewrite_options.remapping = rewriter_config_pb2.RewriterConfig.OFF
    with tf.Graph().as_default():
        tf.import_graph_def(graph.graph_def(), name="")
        with tf.compat.v1.Session(config=config) as session:
            yield session


def run(
    graph: Graph,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    inputs_list: Sequence[Arrays],
) -> list[Arrays]:
    """Run the graph in TensorFlow for each set of inputs; both mappings are key -> node name."""
    with _session(graph) as session:
        results = []
        for arrays in inputs_list:
            feeds = {f"{inputs[key]}:0": value for key, value in arrays.items()}
            values = session.run([f"{node}:0" for node in outputs.values()], feeds)
            results.append(dict(zip(outputs, values, strict=True)))
    return results


def run_steps(
    graph: Graph,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    inputs_list: Sequence[Arrays],
    states: Sequence[State],
) -> list[Arrays]:
    """`run` call by call: each begins with the state that the one before ended with.

    The outputs that hold the state are left out of what is returned.
    """
    held = {state.input: state.start for state in states}
    results = []
    for arrays in inputs_list:
        fed = {key: value for key, value in {**arrays, **held}.items() if key in inputs}
        (found,) = run(graph, inputs, outputs, [fed])
        held = {state.input: found.pop(state.output) for state in states}
        results.append(found)
    return results


def errors(
    graph: Graph,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    arrays: Arrays,
    weights: Mapping[str, np.ndarray[Any, Any]],
) -> dict[str, float]:
    """What each of `weights`, by node name, does to the outputs, alone in its constant's place.

    That is the mean square of the difference, as a part of the variance, of all outputs of floats
    together. Not a number is as much as can be.

    All are fed in every run: a session keeps an executor, with a copy of every constant, for each
    set of names that was fed.
    """
    feeds = {f"{inputs[key]}:0": value for key, value in arrays.items()}
    for name in weights:
        feeds[f"{name}:0"] = tensor_util.MakeNdarray(graph.nodes[name].attr["value"].tensor)
    names = [f"{node}:0" for node in outputs.values()]
    with _session(graph) as session:
        exact = [(at, v) for at, v in enumerate(session.run(names, feeds)) if v.dtype.kind == "f"]
        found = {}
        for name, value in weights.items():
            values = session.run(names, {**feeds, f"{name}:0": value})
            parts = [np.square(values[at] - v).mean() / max(v.var(), 1e-12) for at, v in exact]
            found[name] = float(np.nan_to_num(sum(parts), nan=np.inf))
    return found
