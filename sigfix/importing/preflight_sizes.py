"""What is refused for sizes that are dynamic, or for what a node has computed: of a whole graph.

The operators say the same when they are traced, one at a time and in TensorFlow: a form that they
come to take has to go here, too. What shape inference cannot tell is left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from sigfix.importing.inferred_shapes import Shape, inferred_shapes
from sigfix.importing.refusal_reasons import computed

Found = Callable[[dict[str, Any], Shape], bool]


@dataclass(frozen=True)
class SizeForm:
    """A form of an operator that is refused where its first input has dynamic sizes."""

    operators: tuple[str, ...]
    found: Found
    reason: str


def _open(shape: Shape, first: int = 2) -> bool:
    return None in shape[first:]


def _is(attributes: dict[str, Any], name: str, *values: bytes) -> bool:
    return attributes.get(name) in values


def _strided(attributes: dict[str, Any]) -> bool:
    return any(stride > 1 for stride in attributes.get("strides") or ())


WINDOWS = ("MaxPool", "AveragePool")
SIZE_FORMS: tuple[SizeForm, ...] = (
    SizeForm(
        WINDOWS,
        lambda a, s: bool(a.get("ceil_mode")) and _open(s),
        "ceil_mode needs a static height and width",
    ),
    SizeForm(
        ("MaxPool",),
        lambda a, s: (max(a.get("dilations") or [1]) > 1 or len(s) == 5) and _open(s),
        "a dilated or three-dimensional window needs static sizes",
    ),
    SizeForm(
        ("Conv", *WINDOWS),
        lambda a, s: _is(a, "auto_pad", b"SAME_UPPER", b"SAME_LOWER") and _strided(a) and _open(s),
        "auto_pad with strides needs static sizes",
    ),
    SizeForm(
        ("Conv",),
        lambda a, s: len(s) == 5 and _open(s),
        "a three-dimensional convolution needs static sizes",
    ),
    SizeForm(
        ("ConvTranspose",),
        lambda a, s: len(s) == 5 and _open(s),
        "its spatial sizes must be static",
    ),
    SizeForm(
        ("ConvTranspose",),
        lambda a, s: (
            ("output_shape" in a or _is(a, "auto_pad", b"SAME_UPPER", b"SAME_LOWER")) and _open(s)
        ),
        "what it cuts off depends on sizes that are dynamic",
    ),
    SizeForm(
        ("Resize",),
        lambda a, s: (_is(a, "mode", b"cubic") or bool(a.get("antialias"))) and _open(s),
        "its sizes are dynamic, which it needs static",
    ),
    SizeForm(
        ("Pad",),
        lambda a, s: _is(a, "mode", b"edge", b"wrap") and _open(s),
        "this mode along a dynamic axis is not supported",
    ),
    SizeForm(
        ("NonMaxSuppression",),
        lambda a, s: s[0] is None,
        "the number of images or classes is dynamic",
    ),
    SizeForm(
        ("GatherElements", "ScatterElements", "Scatter"),
        lambda a, s: _open(s, 1),
        "all dimensions but the first must be static",
    ),
)

# Inputs that have to be constants, by place, and what they are called.
CONSTANTS: dict[str, dict[int, str]] = {
    "Conv": {1: "weights", 2: "bias"},
    "ConvTranspose": {1: "weights", 2: "bias"},
    "LSTM": {1: "weights", 2: "recurrent weights", 3: "bias"},
    "GRU": {1: "weights", 2: "recurrent weights", 3: "bias"},
    "RNN": {1: "weights", 2: "recurrent weights", 3: "bias"},
    "OneHot": {1: "depth", 2: "values"},
    "Compress": {1: "condition"},
    "CumSum": {1: "axis"},
    "Split": {1: "split sizes"},
    "Squeeze": {1: "axes"},
    "Unsqueeze": {1: "axes"},
}


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
        shape = shapes.get(node.input[0]) if node.input else None
        for form in SIZE_FORMS:
            if shape and node.op_type in form.operators and form.found(attributes, shape):
                yield node, form.reason, True
