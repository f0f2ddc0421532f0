"""What is refused for sizes that are dynamic, or for inputs that have to be constants.

Before TensorFlow is imported a whole graph is asked, by the shapes that ONNX infers; then each
node as it is traced (`operators/registry.py`), by those that TensorFlow knows. The operators rely
on what is let through here. What depends on computed values is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from sigfix.importing.inferred_shapes import Shape, inferred_shapes
from sigfix.importing.refusal_reasons import computed

Shapes = Sequence[Shape | None]
Found = Callable[[dict[str, Any], Shapes], bool]


@dataclass(frozen=True)
class SizeForm:
    """A form of an operator that is refused for sizes of its inputs.

    `found` gets the attributes and the shape of each input: None for one that is left out, or of
    which not even the rank is known.
    """

    operators: tuple[str, ...]
    found: Found
    reason: str


def _open(shapes: Shapes, first: int = 2, place: int = 0) -> bool:
    shape = shapes[place] if place < len(shapes) else None
    return shape is not None and None in shape[first:]


def _is(attributes: dict[str, Any], name: str, *values: str) -> bool:
    value = attributes.get(name)
    return (value.decode() if isinstance(value, bytes) else value) in values


def _volume(shapes: Shapes) -> bool:
    return shapes[0] is not None and len(shapes[0]) == 5


def _unknown_count(shapes: Shapes) -> bool:
    """Of boxes [B, N, 4] and scores [B, C, N]: whether B or C is dynamic."""
    boxes, scores = shapes[:2]
    if boxes is None or scores is None:
        return False
    return (boxes[0] is None and scores[0] is None) or scores[1] is None


def _last_open(shapes: Shapes, place: int) -> bool:
    shape = shapes[place] if place < len(shapes) else None
    return bool(shape) and shape is not None and shape[-1] is None


def _axis_open(shapes: Shapes, axis: int) -> bool:
    shape = shapes[0]
    return shape is not None and -len(shape) <= axis < len(shape) and shape[axis] is None


def _names_no_axes(attributes: dict[str, Any], shapes: Shapes) -> bool:
    return "axes" not in attributes and (len(shapes) < 2 or shapes[1] is None)


RESIZED = "its sizes are dynamic, which it needs static"


def needs_sizes(attributes: dict[str, Any]) -> bool:
    """Whether a Resize has to know what it resizes to what."""
    return (
        bool(attributes.get("antialias"))
        or _is(attributes, "coordinate_transformation_mode", "tf_crop_and_resize")
        or _is(attributes, "keep_aspect_ratio_policy", "not_larger", "not_smaller")
    )


SIZE_FORMS: tuple[SizeForm, ...] = (
    SizeForm(
        ("Conv", "ConvTranspose"),
        lambda a, s: _volume(s) and _open(s),
        "a three-dimensional convolution needs static sizes",
    ),
    SizeForm(
        ("ConvTranspose",),
        lambda a, s: "output_shape" in a and _open(s),
        "what it cuts off depends on sizes that are dynamic",
    ),
    SizeForm(("Resize",), lambda a, s: needs_sizes(a) and _open(s), RESIZED),
    SizeForm(
        ("NonMaxSuppression",),
        lambda a, s: _unknown_count(s),
        "the number of images or classes is dynamic",
    ),
    SizeForm(
        ("GatherND", "ScatterND"),
        lambda a, s: _last_open(s, 1),
        "the last axis of its indices must be static",
    ),
    SizeForm(
        ("DepthToSpace", "SpaceToDepth"),
        lambda a, s: _axis_open(s, 1),
        "its channels must be static",
    ),
    SizeForm(("DFT",), lambda a, s: _open(s, 1), "what it transforms must be of static sizes"),
    SizeForm(
        ("STFT",),
        lambda a, s: s[0] is not None and len(s[0]) == 3 and _last_open(s, 0),
        "it is dynamic whether its samples are complex",
    ),
    SizeForm(
        ("Det",),
        lambda a, s: s[0] is not None and None in s[0][-2:],
        "its matrices must be of static sizes",
    ),
    SizeForm(("Col2Im",), lambda a, s: _axis_open(s, 1), "its channels must be static"),
    SizeForm(
        ("MaxUnpool",),
        lambda a, s: len(s) > 2 and s[0] is not None and s[2] is not None and None in s[0][2:],
        "an output_shape other than that of its window is ambiguous",
    ),
    SizeForm(("EyeLike",), lambda a, s: _open(s, 0), "its shape must be static"),
    SizeForm(
        ("Hardmax",), lambda a, s: _axis_open(s, int(a.get("axis", -1))), "its axis must be static"
    ),
    SizeForm(
        ("Squeeze",),
        lambda a, s: _names_no_axes(a, s) and _open(s, 1),
        "it names no axes, and its input's shape is not static",
    ),
    SizeForm(
        ("GroupNormalization",),
        lambda a, s: _open(s, 1),
        "all dimensions but the batch must be static",
    ),
)

RECURRENT = {1: "weights", 2: "recurrent weights", 3: "bias"}
# Inputs that have to be constants, by place, and what they are called.
CONSTANTS: dict[str, dict[int, str]] = {
    "Conv": {1: "weights", 2: "bias"},
    "ConvInteger": {1: "weights"},
    "ConvTranspose": {1: "weights", 2: "bias"},
    "QLinearConv": {3: "weights", 8: "bias"},
    "LSTM": {**RECURRENT, 7: "peepholes"},
    "GRU": RECURRENT,
    "RNN": RECURRENT,
    "OneHot": {1: "depth", 2: "values"},
    "Compress": {1: "condition"},
    "CumSum": {1: "axis"},
    "Col2Im": {1: "image_shape", 2: "block_shape"},
    "DFT": {1: "length", 2: "axis"},
    "MaxUnpool": {2: "output_shape"},
    "STFT": {1: "step", 2: "window", 3: "length of a frame"},
    "Pad": {3: "axes"},
    "Slice": {3: "axes", 4: "steps"},
    "Split": {1: "split sizes"},
    "Squeeze": {1: "axes"},
    "Trilu": {1: "diagonal"},
    "Unsqueeze": {1: "axes"},
    **{
        f"Reduce{kind}": {1: "axes"}
        for kind in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSum",
                     "LogSumExp")
    },
}  # fmt: skip


def size_reason(operator: str, attributes: dict[str, Any], shapes: Shapes) -> str | None:
    """Why a node with inputs of these shapes is refused; None where it is not."""
    for form in SIZE_FORMS:
        if operator in form.operators and form.found(attributes, shapes):
            return form.reason
    return None


def size_refusals(
    model: onnx.ModelProto, nodes: Collection[onnx.NodeProto]
) -> Iterator[tuple[onnx.NodeProto, str, bool]]:
    """(node, why it is refused, whether fixed sizes would help) of a simplified model's nodes."""
    shapes = inferred_shapes(model)
    known = {i.name for i in model.graph.initializer} | {""}
    for node in nodes:
        if node.domain not in ("", "ai.onnx"):
            continue
        if node.op_type == "Constant" or (node.input and all(i in known for i in node.input)):
            known.update(node.output)
            continue
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        for place, what in CONSTANTS.get(node.op_type, {}).items():
            if place < len(node.input) and node.input[place] not in known:
                yield node, computed(what), False
        reason = size_reason(node.op_type, attributes, [shapes.get(name) for name in node.input])
        if reason is not None:
            yield node, reason, True
