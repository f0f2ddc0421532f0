"""ONNX -> SavedModel with one signature, traced through sigfix's operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf

from sigfix.importing.onnx_to_graph import TracedGraph, cannot_express, trace_onnx

SIGNATURE = "serving_default"
VARIABLE_BYTES = 4096
"""Constants of this size and above are weights; a permutation or a target shape stays one."""


def save_onnx(
    model: onnx.ModelProto,
    destination: Path,
    channels_last_inputs: Sequence[str] = (),
) -> None:
    """Trace a simplified ONNX model and write a SavedModel with `serving_default`.

    Names and layouts are those of `trace_onnx`, which says what it raises.
    """
    traced = trace_onnx(model, channels_last_inputs)
    module = tf.Module()
    try:
        function = _function(traced, module)
    except Exception as error:  # TensorFlow raises whatever it meets
        raise cannot_express(error) from error
    tf.saved_model.save(module, str(destination), signatures={SIGNATURE: function})


def _function(traced: TracedGraph, module: tf.Module) -> Any:
    """The concrete function of a traced graph, its weights as variables of `module`.

    TensorFlow copies the constants of a function dozens of times while it loads and runs it.
    """
    graph, outputs = traced.graph, traced.outputs
    variables = {}
    rest = tf.compat.v1.GraphDef(versions=graph.versions, library=graph.library)
    for node in graph.node:
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is not None and tensor.ByteSize() >= VARIABLE_BYTES:
            variables[str(node.name)] = tf.Variable(
                tf.make_ndarray(tensor), trainable=False, name=re.sub(r"[^\w.]", "_", node.name)
            )
        else:
            rest.node.add().CopyFrom(node)
    module.weights = list(variables.values())
    present = {node.name for node in rest.node}

    def serve(**tensors: Any) -> dict[str, Any]:
        used = {f"{own}:0": t for own, t in tensors.items() if own in present}
        used |= {f"{name}:0": v.read_value() for name, v in variables.items()}
        results = tf.import_graph_def(rest, used, list(outputs.values()), name="")
        return dict(zip(outputs, results, strict=True))

    return tf.function(serve, autograph=False).get_concrete_function(**traced.inputs)
