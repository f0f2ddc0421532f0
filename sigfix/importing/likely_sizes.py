"""Sizes that an ONNX graph can be run with, for axes that it leaves open: told by its weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

import onnx

from sigfix.importing.onnx_graph import graph_inputs, shape_of

SIDES = (
    224,
    256,
    320,
    640,
    512,
    416,
    384,
    448,
    299,
    300,
    240,
    192,
    160,
    128,
    112,
    96,
    64,
    48,
    32,
    28,
)
"""Heights and widths of images, those that most models were trained with first."""
LENGTHS = (64, 128, 256, 512, 77, 50, 196, 197, 384, 100, 32, 16, 10, 16000, 8, 1)
"""Of any other axis."""
CHANNELS = 3
_LARGE = 1024
_MOST = 64
"""Combinations that are tried: each infers all shapes anew."""
_PASSED_ON = ("Cast", "Identity", "Sub", "Div", "Mul", "Add", "Clip", "Transpose", "Pad")

Shape = Sequence[int | None]


def likely_sizes(model: onnx.ModelProto, batch: int = 1) -> dict[str, tuple[int, ...]]:
    """Input -> its shape, open axes filled in so that the graph's weights fit, if any do."""
    shapes = {value.name: shape_of(value) for value in graph_inputs(model)}
    light = _without_large_weights(model)
    sides, lengths = [*_told(model), *SIDES], list(LENGTHS)
    channels = {name: _channels(model, name) for name in shapes}
    first: dict[str, tuple[int, ...]] | None = None
    for side, length in islice(_pairs(shapes, sides, lengths), _MOST):
        found = {
            name: _filled(shape, side, length, batch, channels[name])
            for name, shape in shapes.items()
        }
        first = first or found
        if _fits(light, found):
            return found
    return first or {}


def _pairs(
    shapes: Mapping[str, Shape], sides: Sequence[int], lengths: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Sides and lengths to try together; one alone where no axis needs the other."""
    images = any(len(shape) == 4 and None in shape[1:] for shape in shapes.values())
    others = any(len(shape) != 4 and None in shape[1:] for shape in shapes.values())
    yield from product(sides if images else sides[:1], lengths if others else lengths[:1])


def _filled(shape: Shape, side: int, length: int, batch: int, channels: int) -> tuple[int, ...]:
    return tuple(
        size if size is not None else _size(axis, shape, side, length, batch, channels)
        for axis, size in enumerate(shape)
    )


def _size(axis: int, shape: Shape, side: int, length: int, batch: int, channels: int) -> int:
    if axis == 0:
        return batch
    if len(shape) != 4:
        return length
    last = shape[3] is not None and shape[3] <= 4 and shape[1] is None
    if axis == 1 and not last:
        return channels
    known = [size for size in (shape[1:3] if last else shape[2:]) if size is not None]
    return known[0] if known and side == SIDES[0] else side


def _told(model: onnx.ModelProto) -> list[int]:
    """The side that an exporter wrote beside the model, as Ultralytics' does (`imgsz`)."""
    for item in model.metadata_props:
        if item.key == "imgsz":
            return [int(number) for number in re.findall(r"\d{2,4}", item.value)[:1]]
    return []


def _channels(model: onnx.ModelProto, name: str) -> int:
    """How many channels the first convolution behind an input takes."""
    weights = {item.name: item for item in model.graph.initializer}
    behind = {name}
    for node in model.graph.node:
        if not behind.intersection(node.input):
            continue
        if node.op_type == "Conv" and node.input[1] in weights:
            groups = next((a.i for a in node.attribute if a.name == "group"), 1)
            return int(weights[node.input[1]].dims[1] * groups)
        if node.op_type in _PASSED_ON:
            behind.update(node.output)
    return CHANNELS


def _without_large_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with the numbers of its large weights left out: their shapes stay."""
    light = onnx.ModelProto()
    light.ir_version = model.ir_version
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    graph = light.graph
    graph.name = model.graph.name or "graph"
    graph.node.extend(model.graph.node)
    graph.input.extend(model.graph.input)
    for output in model.graph.output:  # what it says of their sizes may be for others
        kind = output.type.tensor_type.elem_type
        graph.output.append(onnx.helper.make_tensor_value_info(output.name, kind, None))
    for tensor in model.graph.initializer:
        size = 1
        for dim in tensor.dims:
            size *= dim
        if size <= _LARGE:
            graph.initializer.append(tensor)
        else:
            graph.initializer.append(
                onnx.TensorProto(name=tensor.name, dims=tensor.dims, data_type=tensor.data_type)
            )
    return light


def _fits(light: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether all shapes can be inferred, and every product's sides are as long as each other."""
    model = onnx.ModelProto()
    model.CopyFrom(light)
    for value in graph_inputs(model):
        for dim, size in zip(
            value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False
        ):
            dim.dim_value = size
    try:
        known = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except Exception:  # its native code raises many kinds
        return False
    found = {value.name: shape_of(value) for value in known.graph.value_info}
    found |= {name: list(shape) for name, shape in shapes.items()}
    weights = {item.name: list(item.dims) for item in model.graph.initializer}
    return all(_is_product_possible(node, found, weights) for node in known.graph.node)


def _is_product_possible(
    node: onnx.NodeProto, found: Mapping[str, Shape], weights: Mapping[str, Sequence[int]]
) -> bool:
    if node.op_type not in ("Gemm", "MatMul") or node.input[1] not in weights:
        return True
    left, right = found.get(node.input[0]), weights[node.input[1]]
    if not left or len(right) != 2:
        return True
    turned = {a.name: a.i for a in node.attribute if a.name in ("transA", "transB")}
    inner = left[0] if turned.get("transA") else left[-1]
    return inner is None or inner == right[1 if turned.get("transB") else 0]
