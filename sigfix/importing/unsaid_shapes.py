"""What ONNX's checker asks for and ONNX Runtime does without: shapes of a graph's own tensors.

tf2onnx and tools that edit graphs leave the shape of an output away, or of an input; files of
before IR version 4 that were edited have weights that they do not list among their inputs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import onnx

_WEIGHTED = ("Conv", "ConvTranspose", "ConvInteger", "QLinearConv")
"""Operators whose first input has as many axes as their weights."""
_OLDEST_IR = 4
"""The first IR version whose weights need not be among the inputs."""


def tell_what_is_unsaid(model: onnx.ModelProto) -> bool:
    """Write what follows from the rest into a model, in place: shapes of inputs and outputs.

    Whether nothing was unsaid, so that the model is as its file has it.
    """
    listed = {value.name for value in model.graph.input}
    unlisted = any(tensor.name not in listed for tensor in model.graph.initializer)
    is_old = model.ir_version < _OLDEST_IR and unlisted
    if is_old:
        model.ir_version = _OLDEST_IR
    inputs, outputs = unsaid(model.graph.input), unsaid(model.graph.output)
    for value in inputs:
        _tell_input(model.graph, value)
    if outputs:
        _tell_outputs(model, outputs)
    return not (is_old or inputs or outputs)


def _tell_outputs(model: onnx.ModelProto, outputs: list[onnx.ValueInfoProto]) -> None:
    """The shapes that ONNX infers; an output that it cannot tell the shape of has none."""
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output
    except Exception:  # it raises many kinds
        return
    found = {value.name: value for value in inferred if has_shape(value)}
    for value in outputs:
        if value.name in found:
            value.CopyFrom(found[value.name])


@contextmanager
def checked_without_shapes(model: onnx.ModelProto) -> Iterator[None]:
    """Let inputs and outputs that have no shape pass ONNX's checker, which asks for one."""
    shapeless = unsaid([*model.graph.input, *model.graph.output])
    for value in shapeless:
        value.type.tensor_type.shape.SetInParent()
    try:
        yield
    finally:
        for value in shapeless:
            value.type.tensor_type.ClearField("shape")


def has_shape(value: onnx.ValueInfoProto) -> bool:
    """Whether a graph's tensor has a shape, be it that of a scalar."""
    return bool(value.type.tensor_type.HasField("shape"))


def unsaid(values: Iterable[onnx.ValueInfoProto]) -> list[onnx.ValueInfoProto]:
    """Those of a graph's tensors that have no shape."""
    return [v for v in values if v.type.HasField("tensor_type") and not has_shape(v)]


def _readers(graph: onnx.GraphProto, name: str) -> Iterator[tuple[onnx.NodeProto, list[int]]]:
    """What reads a tensor first of all its inputs, and the sizes of the weights beside it."""
    sizes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        if node.input and node.input[0] == name:
            yield node, sizes.get(node.input[1], []) if len(node.input) > 1 else []


def _tell_input(graph: onnx.GraphProto, value: onnx.ValueInfoProto) -> None:
    """As many axes as the weights of a convolution that reads an input, and its channels."""
    for node, sizes in _readers(graph, value.name):
        if node.op_type in _WEIGHTED and len(sizes) > 2:
            groups = next((int(a.i) for a in node.attribute if a.name == "group"), 1)
            channels = sizes[0] if node.op_type == "ConvTranspose" else sizes[1] * groups
            shape = value.type.tensor_type.shape
            for axis in range(len(sizes)):
                dim = shape.dim.add()
                if axis == 1:
                    dim.dim_value = channels
            return


def likely_shape(graph: onnx.GraphProto, value: onnx.ValueInfoProto) -> list[int | None]:
    """Sizes to try: rows as wide as the weights of a product, else a row of 64."""
    for node, sizes in _readers(graph, value.name):
        if node.op_type in ("MatMul", "Gemm") and len(sizes) == 2:
            across = any(a.name == "transB" and a.i for a in node.attribute)
            return [None, sizes[1] if across else sizes[0]]
    return [1, 64]
