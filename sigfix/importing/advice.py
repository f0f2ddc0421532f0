"""Options that make a model convertible, with its own names: sizes to fix, values to bind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sigfix.importing.likely_sizes import likely_sizes
from sigfix.importing.onnx_graph import graph_inputs, shape_of
from sigfix.quoting import quote

YOURS = "# with the sizes that it is to have"


def sizes_option(model: onnx.ModelProto, batch_too: bool = False) -> str | None:
    """`--input 'x=float32[?,3,224,224]'` for every input with dynamic sizes; None for no such.

    A batch stays dynamic where it is one input's alone, unless `batch_too`.
    """
    values = graph_inputs(model)
    shapes = [shape_of(value) for value in values]
    keep_batch = not batch_too and len(values) == 1
    likely, batches = likely_sizes(model), _batches(values)
    options = []
    for value, shape in zip(values, shapes, strict=True):
        if None not in (shape[1:] if keep_batch else shape):
            continue
        fixed: list[int | None] = [
            1 if size is None and dim.dim_param in batches else told
            for size, told, dim in zip(
                shape, likely[value.name], value.type.tensor_type.shape.dim, strict=True
            )
        ]
        if keep_batch and shape[:1] == [None]:
            fixed[0] = None
        options.append(input_option(value, fixed))
    if not options and keep_batch:  # the first axis is no batch: an operator needs its size
        return sizes_option(model, batch_too=True)
    return f"{' '.join(options)}   {YOURS}" if options else None


def input_option(value: onnx.ValueInfoProto, shape: Sequence[int | None]) -> str:
    """`--input 'x=float32[?,3,224,224]'`, as a shell reads it."""
    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)).name
    shown = ",".join("?" if size is None else str(size) for size in shape)
    return "--input " + quote(f"{value.name}={dtype}[{shown}]")


def binding_option(model: onnx.ModelProto, deciding: Sequence[onnx.ValueInfoProto]) -> str | None:
    """`--bind sr=16000` for the scalars that decide, with a value that each is compared with."""
    no_tensors = [value for value in deciding if not value.type.HasField("tensor_type")]
    if not deciding or no_tensors or any(set(shape_of(value)) - {1} for value in deciding):
        return None
    bound = [
        "--bind " + quote(f"{value.name}={_compared_with(model, value)}") for value in deciding
    ]
    names = {value.name for value in deciding}
    return " ".join([*bound, *_one_batch([v for v in graph_inputs(model) if v.name not in names])])


def _batches(values: Sequence[onnx.ValueInfoProto]) -> set[str]:
    """What the first axes of inputs are called: a batch, on another axis too."""
    firsts = [value.type.tensor_type.shape.dim[0] for value in values if shape_of(value)]
    return {dim.dim_param for dim in firsts if dim.dim_param}


def _one_batch(values: Sequence[onnx.ValueInfoProto]) -> list[str]:
    """Options that fix the batch where inputs have it on different axes: nobody else knows."""
    batches = _batches(values)
    axes = {
        axis
        for value in values
        for axis, dim in enumerate(value.type.tensor_type.shape.dim)
        if dim.dim_param in batches
    }
    if axes <= {0}:
        return []
    options = []
    for value in values:
        dims = value.type.tensor_type.shape.dim
        if any(dim.dim_param in batches for dim in dims):
            own = zip(shape_of(value), dims, strict=True)
            options.append(
                input_option(value, [1 if d.dim_param in batches else s for s, d in own])
            )
    return options


def _compared_with(model: onnx.ModelProto, value: onnx.ValueInfoProto) -> object:
    constants = {i.name: i for i in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            for attribute in node.attribute:
                if attribute.name == "value":
                    constants[node.output[0]] = attribute.t
    for node in model.graph.node:
        if value.name in node.input:
            for other in node.input:
                if other in constants:
                    array = numpy_helper.to_array(constants[other])
                    if array.size == 1:
                        return array.item()
    return "true" if value.type.tensor_type.elem_type == onnx.TensorProto.BOOL else 1
