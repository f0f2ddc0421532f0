"""ONNX -> SavedModel with one signature, traced through onnx-tf and sigfix's operators."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf

from sigfix.errors import ConversionError, SigfixError
from sigfix.importing import layout, onnx_graph
from sigfix.importing.onnx_tf_backend import trace
from sigfix.planning.names import tensorflow_name

SIGNATURE = "serving_default"
VARIABLE_BYTES = 4096
"""Constants of this size and above are weights; a permutation or a target shape stays one."""


def save_onnx(
    model: onnx.ModelProto,
    destination: Path,
    channels_last_inputs: Sequence[str] = (),
) -> None:
    """Trace a simplified ONNX model and write a SavedModel with `serving_default`.

    Inputs named in `channels_last_inputs` are NHWC in the signature, the others keep ONNX's
    layout. Input and output names are ONNX's own, with what TensorFlow cannot hold replaced
    by underscores.

    Raises `ConversionError`, naming the operator, where the model cannot be expressed.
    """
    inputs = onnx_graph.graph_inputs(model)
    names = {value.name: tensorflow_name(value.name) for value in inputs}
    specs = {
        names[v.name]: tf.TensorSpec(
            _turned(onnx_graph.shape_of(v), v.name in channels_last_inputs),
            tf.dtypes.as_dtype(onnx.helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)),
            name=names[v.name],
        )
        for v in inputs
    }

    module = tf.Module()
    try:
        graph, outputs = _traced(model, names, specs, set(channels_last_inputs))
        function = _function(graph, outputs, specs, module)
    except SigfixError:
        raise
    except Exception as error:  # onnx-tf and TensorFlow raise whatever their handlers meet
        raise ConversionError(
            f"the ONNX model could not be expressed in TensorFlow: {_last_line(error)}"
        ) from error
    tf.saved_model.save(module, str(destination), signatures={SIGNATURE: function})


def _traced(
    model: onnx.ModelProto,
    names: dict[str, str],
    specs: dict[str, tf.TensorSpec],
    channels_last: set[str],
) -> tuple[Any, dict[str, str]]:
    """The model's GraphDef, and its outputs by signature key.

    Without what tracing left behind: a handler that turns or merges weights leaves the originals
    in the graph, and a function keeps dead nodes, so the model would be twice its size.
    """
    with tf.Graph().as_default() as graph:
        fed = {}
        for name, own in names.items():
            image = tf.compat.v1.placeholder(specs[own].dtype, specs[own].shape, name=own)
            fed[name] = layout.channels_first(image) if name in channels_last else image
        outputs = {tensorflow_name(name): tf.identity(t) for name, t in trace(model, fed).items()}
    alive = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [t.op.name for t in outputs.values()]
    )
    return alive, {name: str(t.name) for name, t in outputs.items()}


def _function(
    graph: Any, outputs: dict[str, str], specs: dict[str, tf.TensorSpec], module: tf.Module
) -> Any:
    """The concrete function of a GraphDef, its weights as variables of `module`.

    TensorFlow copies the constants of a function dozens of times while it loads and runs it.
    """
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

    return tf.function(serve, autograph=False).get_concrete_function(**specs)


def _turned(shape: list[int | None], channels_last: bool) -> list[int | None]:
    return [shape[0], *shape[2:], shape[1]] if channels_last else shape


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
