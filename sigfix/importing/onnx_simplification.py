"""An ONNX graph as small and as static as it can be, before its operators are traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxslim
from onnx import helper, numpy_helper

from sigfix.errors import ConversionError, SigfixError, first_line
from sigfix.importing.loop_states import open_states
from sigfix.importing.onnx_graph import graph_inputs
from sigfix.importing.refusal_reasons import OWN_DOMAINS
from sigfix.importing.shape_folding import fold_shapes
from sigfix.importing.static_shapes import settle_shapes
from sigfix.importing.unrolled_loops import unroll_loops

NUMBERS: dict[str, type[np.generic]] = {
    "value_float": np.float32, "value_floats": np.float32,
    "value_int": np.int64, "value_ints": np.int64,
}  # fmt: skip
"""What attributes of a Constant that are numbers hold."""


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants and shape arithmetic, merge batch norms into convolutions.

    Raises `ConversionError` for what ONNX's checker takes and no program can read.
    """
    inputs = [onnx.ValueInfoProto.FromString(v.SerializeToString()) for v in graph_inputs(model)]
    try:
        simplified = _simplified(model)
    except SigfixError:
        raise
    except Exception as error:  # onnx and onnxslim raise many kinds for damaged tensors and nodes
        raise ConversionError(
            f"the ONNX model could not be simplified: {first_line(error)}"
        ) from error
    # What turned out not to be read is an input all the same: callers feed it.
    del simplified.graph.input[:]
    simplified.graph.input.extend(inputs)
    return simplified


def _simplified(model: onnx.ModelProto) -> onnx.ModelProto:
    tell_numbers(model.graph)
    open_states(model.graph)
    model = fold_shapes(model)
    if unroll_loops(model):
        model = fold_shapes(model)  # what the steps compute from shapes and from their number
    return _slim(settle_shapes(model))


def tell_numbers(graph: onnx.GraphProto) -> None:
    """Make constants that are plain numbers into tensors, in place, inner graphs too.

    onnxslim takes numbers for float64 where no shape inference told it their type.
    """
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                tell_numbers(inner)
        if node.op_type != "Constant" or node.domain not in OWN_DOMAINS:
            continue
        for attribute in node.attribute:
            dtype = NUMBERS.get(attribute.name)
            if dtype is not None:
                value = np.array(helper.get_attribute_value(attribute), dtype)
                told = helper.make_attribute("value", numpy_helper.from_array(value))
                attribute.CopyFrom(told)


def _slim(model: onnx.ModelProto) -> onnx.ModelProto:
    """What onnxslim makes of a model; its outputs stay as they are.

    It takes a Resize of named axes for one of as many axes as it names, and then fails on the
    shapes of outputs behind it, which it can do without.
    """
    told = [onnx.ValueInfoProto.FromString(v.SerializeToString()) for v in model.graph.output]
    copy = onnx.ModelProto.FromString(model.SerializeToString()) if _names_axes(model) else model
    for value in copy.graph.output if copy is not model else ():
        value.type.tensor_type.ClearField("shape")
    slim: Any = onnxslim.slim(copy)
    simplified: onnx.ModelProto = slim
    if copy is not model:
        del simplified.graph.output[:]
        simplified.graph.output.extend(told)
    return simplified


def _names_axes(model: onnx.ModelProto) -> bool:
    return any(
        node.op_type == "Resize" and any(item.name == "axes" for item in node.attribute)
        for node in model.graph.node
    )
