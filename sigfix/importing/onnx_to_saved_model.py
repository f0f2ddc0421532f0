"""ONNX -> SavedModel with one signature, traced through onnx-tf and sigfix's operators."""

from __future__ import annotations

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

    try:
        function = _function(model, names, specs, set(channels_last_inputs))
    except SigfixError:
        raise
    except Exception as error:  # onnx-tf and TensorFlow raise whatever their handlers meet
        raise ConversionError(
            f"the ONNX model could not be expressed in TensorFlow: {_last_line(error)}"
        ) from error
    tf.saved_model.save(tf.Module(), str(destination), signatures={SIGNATURE: function})


def _function(
    model: onnx.ModelProto,
    names: dict[str, str],
    specs: dict[str, tf.TensorSpec],
    channels_last: set[str],
) -> Any:
    """The concrete function of the model, without what tracing left behind.

    A handler that turns or merges weights leaves the originals in the graph, and a function
    keeps dead nodes: the model would be saved at twice its size.
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
    present = {node.name for node in alive.node}

    def serve(**tensors: Any) -> dict[str, Any]:
        used = {f"{own}:0": t for own, t in tensors.items() if own in present}
        results = tf.import_graph_def(alive, used, [t.name for t in outputs.values()], name="")
        return dict(zip(outputs, results, strict=True))

    return tf.function(serve, autograph=False).get_concrete_function(**specs)


def _turned(shape: list[int | None], channels_last: bool) -> list[int | None]:
    return [shape[0], *shape[2:], shape[1]] if channels_last else shape


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
