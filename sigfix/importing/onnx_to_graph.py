"""ONNX -> GraphDef, traced through sigfix's operators."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import onnx
import tensorflow as tf

from sigfix.errors import ConversionError, SigfixError
from sigfix.importing import layout, onnx_graph
from sigfix.importing.advice import sizes_option
from sigfix.importing.operators.looping import flat_control_flow
from sigfix.importing.operators.registry import DynamicSizeError
from sigfix.importing.tracing import trace
from sigfix.planning.names import signature_keys


@dataclass(frozen=True)
class TracedGraph:
    """A GraphDef; its inputs (called as their nodes) and its output tensors by signature key."""

    graph: Any
    inputs: dict[str, tf.TensorSpec]
    outputs: dict[str, str]


def trace_onnx(
    model: onnx.ModelProto, channels_last_inputs: Sequence[str] = (), flat: bool = False
) -> TracedGraph:
    """Trace a simplified ONNX model; with `flat`, loops are nodes and not functions.

    Inputs named in `channels_last_inputs` are NHWC in the graph, the others keep ONNX's layout.
    Inputs and outputs are called as `signature_keys` says.

    Raises `ConversionError`, naming the operator, where the model cannot be expressed.
    """
    inputs = onnx_graph.graph_inputs(model)
    names = signature_keys(value.name for value in inputs)
    specs = {
        names[v.name]: tf.TensorSpec(
            _turned(onnx_graph.shape_of(v), v.name in channels_last_inputs),
            tf.dtypes.as_dtype(onnx.helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type)),
            name=names[v.name],
        )
        for v in inputs
    }
    try:
        with flat_control_flow() if flat else contextlib.nullcontext():
            graph, outputs = _traced(model, names, specs, set(channels_last_inputs))
    except DynamicSizeError as error:
        raise ConversionError(error.message, sizes_option(model)) from error
    except SigfixError:
        raise
    except Exception as error:  # TensorFlow raises whatever it meets
        raise cannot_express(error) from error
    return TracedGraph(graph, specs, outputs)


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
        made = trace(model, fed)
        keys = signature_keys(made)
        outputs = {keys[name]: tf.identity(tensor) for name, tensor in made.items()}
    alive = tf.compat.v1.graph_util.extract_sub_graph(
        graph.as_graph_def(), [t.op.name for t in outputs.values()]
    )
    return alive, {name: str(t.name) for name, t in outputs.items()}


def _turned(shape: list[int | None], channels_last: bool) -> list[int | None]:
    return [shape[0], *shape[2:], shape[1]] if channels_last else shape


def cannot_express(error: Exception) -> ConversionError:
    """What to raise for an error of TensorFlow."""
    return ConversionError(
        f"the ONNX model could not be expressed in TensorFlow: {_last_line(error)}"
    )


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
