"""What sigfix refuses to import for a reason: operators, forms of operators, element types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx

OWN_DOMAINS = ("", "ai.onnx")
INPUT, WEIGHT = "input", "initializer"
"""What a refusal is about that is no operator's."""
DYNAMIC = "the size of its output depends on values"
RANDOM = "its output is random, so nothing could be verified"
SEQUENCE = "sequences are not tensors"
QUANTISED = (
    "quantised models are not imported; convert the float model that it was made from, with "
    "--quantize uint8"
)
FUSED = (
    "one of ONNX Runtime's own operators, which its optimiser puts in; convert the file that was "
    "optimised"
)
# What sigfix refuses for a reason; anything else that it has no function for is just unsupported.
REASONS: dict[str, str] = {
    "Unique": DYNAMIC, "Attention": "this form of it is not supported",
    "Bernoulli": RANDOM, "Multinomial": RANDOM, "RandomNormal": RANDOM,
    "RandomNormalLike": RANDOM, "RandomUniform": RANDOM, "RandomUniformLike": RANDOM,
    "SequenceAt": SEQUENCE, "SequenceConstruct": SEQUENCE, "SequenceEmpty": SEQUENCE,
    "SequenceErase": SEQUENCE, "SequenceInsert": SEQUENCE, "SequenceLength": SEQUENCE,
    "SequenceMap": SEQUENCE, "SplitToSequence": SEQUENCE, "ConcatFromSequence": SEQUENCE,
}  # fmt: skip


@dataclass(frozen=True)
class Refusal:
    """A node that cannot be converted, why, and the option that may help.

    `kept` are outputs of it that could be, if nothing read the others.
    """

    operator: str
    node: str
    reason: str
    hint: str | None = None
    kept: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" (node {self.node})" if self.node else ""
        return f"ONNX {self.operator}{where}: {self.reason}"


def called(node: onnx.NodeProto) -> str:
    """How refusals call a node: by its name, or by what it puts out."""
    return node.name or ", ".join(node.output)


def computed(what: str) -> str:
    """The reason where an input has to be a constant and is none."""
    return f"its {what} is computed at run time; sigfix needs a constant"


Attributes = dict[str, Any]
Found = Callable[[Attributes, onnx.NodeProto], bool]

# Element types that tensors of an imported model may have; TensorFlow computes with no others.
HELD = frozenset((
    "FLOAT", "DOUBLE", "FLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32",
    "UINT64", "BOOL",
))  # fmt: skip


def type_name(kind: int) -> str:
    """`TensorProto.DataType` as ONNX spells it."""
    try:
        return str(onnx.TensorProto.DataType.Name(kind))
    except ValueError:
        return f"type {kind}"


def is_held(kind: int) -> bool:
    """Whether TensorFlow computes with elements of this `TensorProto.DataType` as ONNX does."""
    return type_name(kind) in HELD


@dataclass(frozen=True)
class Form:
    """A form of an operator that is refused: `found` looks at attributes and outputs."""

    operators: tuple[str, ...]
    found: Found
    reason: str


def _several_outputs(attributes: Attributes, node: onnx.NodeProto) -> bool:
    return any(node.output[1:])


def _to_no_type(attributes: Attributes, node: onnx.NodeProto) -> bool:
    return not is_held(int(attributes.get("to", onnx.TensorProto.FLOAT)))


def _of_no_type(attributes: Attributes, node: onnx.NodeProto) -> bool:
    value = attributes.get("value")
    return isinstance(value, onnx.TensorProto) and not is_held(value.data_type)


RECURRENT = ("LSTM", "GRU", "RNN")
RECURRENT_ACTIVATIONS = {b"relu", b"sigmoid", b"tanh"}


def _other_activations(attributes: Attributes, node: onnx.NodeProto) -> bool:
    return not {a.lower() for a in attributes.get("activations", ())} <= RECURRENT_ACTIVATIONS


FORMS: tuple[Form, ...] = (
    Form(
        ("BatchNormalization",),
        lambda a, n: not a.get("training_mode") and _several_outputs(a, n),
        "training mode is not supported before opset 14; export the model in inference mode",
    ),
    Form(RECURRENT, _other_activations, "activations other than Sigmoid, Tanh and Relu"),
    Form(RECURRENT, lambda a, n: bool(a.get("clip")), "clipping is not supported"),
    Form(("LSTM",), lambda a, n: bool(a.get("input_forget")), "coupled gates are not supported"),
    Form(("AveragePool",), lambda a, n: max(a.get("dilations", [1])) > 1, "dilated averages"),
    Form(
        ("LpPool",),
        lambda a, n: max(a.get("dilations", [1])) > 1 and b"SAME" in a.get("auto_pad", b""),
        "what is padded around a dilated window is ambiguous; export it with pads",
    ),
    Form(
        ("RoiAlign",),
        lambda a, n: int(a.get("sampling_ratio", 0)) < 1,
        "each region says how many samples it takes; export it with a sampling_ratio, such as 2",
    ),
    Form(
        ("DFT",),
        lambda a, n: bool(a.get("inverse") and a.get("onesided")),
        "inverse transforms of a half are not supported",
    ),
    Form(("Constant",), lambda a, n: "sparse_value" in a, "sparse tensors are not supported"),
    Form(
        ("Constant",),
        lambda a, n: "value_string" in a or "value_strings" in a,
        "text is not supported",
    ),
    Form(
        ("Cast",),
        _to_no_type,
        "TensorFlow does not compute with the type that it casts to as ONNX does",
    ),
    Form(
        ("Constant", "ConstantOfShape"),
        _of_no_type,
        "TensorFlow does not compute with its type as ONNX does",
    ),
)
