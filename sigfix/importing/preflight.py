"""Say everything that cannot be converted, by name, before any of it is.

An operator is accepted where `operators/` has a function for the version that the model's opset
means. Forms of these operators that have no right answer in TensorFlow.js are rows of `FORMS`.
What depends on shapes is left to the operators themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import helper

from sigfix.errors import ConversionError

DYNAMIC = "the size of its output depends on values"
RANDOM = "its output is random, so nothing could be verified"
FLOW = "TensorFlow.js runs no control flow under `execute`"
SEQUENCE = "sequences are not tensors"
# What sigfix refuses for a reason; anything else that it has no function for is just unsupported.
REASONS: dict[str, str] = {
    "NonMaxSuppression": DYNAMIC, "NonZero": DYNAMIC, "Unique": DYNAMIC,
    "Bernoulli": RANDOM, "Multinomial": RANDOM, "RandomNormal": RANDOM,
    "RandomNormalLike": RANDOM, "RandomUniform": RANDOM, "RandomUniformLike": RANDOM,
    "If": f"its condition depends on the input, and {FLOW}", "Loop": FLOW, "Scan": FLOW,
    "SequenceAt": SEQUENCE, "SequenceConstruct": SEQUENCE, "SequenceEmpty": SEQUENCE,
    "SequenceErase": SEQUENCE, "SequenceInsert": SEQUENCE, "SequenceLength": SEQUENCE,
    "SequenceMap": SEQUENCE, "SplitToSequence": SEQUENCE, "ConcatFromSequence": SEQUENCE,
}  # fmt: skip
Attributes = dict[str, Any]


@dataclass(frozen=True)
class Form:
    """A form of an operator that is refused: `found` looks at attributes and outputs."""

    operators: tuple[str, ...]
    found: Callable[[Attributes, onnx.NodeProto], bool]
    reason: str


def _several_outputs(attributes: Attributes, node: onnx.NodeProto) -> bool:
    return any(node.output[1:])


def _is(name: str, *values: Any) -> Callable[[Attributes, onnx.NodeProto], bool]:
    return lambda attributes, node: attributes.get(name) in values


def _input(index: int) -> Callable[[Attributes, onnx.NodeProto], bool]:
    return lambda attributes, node: len(node.input) > index and bool(node.input[index])


RECURRENT = ("LSTM", "GRU", "RNN")
RECURRENT_ACTIVATIONS = {b"relu", b"sigmoid", b"tanh"}


def _other_activations(attributes: Attributes, node: onnx.NodeProto) -> bool:
    return not {a.lower() for a in attributes.get("activations", ())} <= RECURRENT_ACTIVATIONS


FORMS: tuple[Form, ...] = (
    Form(("MaxPool",), _several_outputs, "its second output (indices) is not supported"),
    Form(
        ("BatchNormalization",),
        lambda a, n: bool(a.get("training_mode")) or _several_outputs(a, n),
        "training mode is not supported; export the model in inference mode",
    ),
    Form(
        ("ScatterND", "ScatterElements"),
        _is("reduction", b"mul", b"min", b"max"),
        "only the reductions none and add are supported",
    ),
    Form(RECURRENT, _other_activations, "activations other than Sigmoid, Tanh and Relu"),
    Form(RECURRENT, lambda a, n: bool(a.get("clip")), "clipping is not supported"),
    Form(("LSTM",), lambda a, n: bool(a.get("input_forget")), "coupled gates are not supported"),
    Form(("LSTM",), _input(7), "peephole connections are not supported"),
    Form(("AveragePool",), lambda a, n: max(a.get("dilations", [1])) > 1, "dilated averages"),
    Form(("Constant",), lambda a, n: "sparse_value" in a, "sparse tensors are not supported"),
    Form(
        ("Constant",),
        lambda a, n: "value_string" in a or "value_strings" in a,
        "text is not supported",
    ),
)


@dataclass(frozen=True)
class Refusal:
    """A node that cannot be converted, and why."""

    operator: str
    node: str
    reason: str

    def __str__(self) -> str:
        where = f" (node {self.node})" if self.node else ""
        return f"ONNX {self.operator}{where}: {self.reason}"


def refusals(model: onnx.ModelProto) -> list[Refusal]:
    """Every node of the model, subgraphs included, that sigfix cannot convert."""
    return list(_refusals(model.graph.node, opset_of(model)))


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators that the model is written for."""
    return next((int(o.version) for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)


def check(model: onnx.ModelProto) -> None:
    """Raise `ConversionError` naming every node that `refusals` finds."""
    found = refusals(model)
    if not found:
        return
    if len(found) == 1:
        raise ConversionError(f"{found[0]}.")
    listed = "\n".join(f"  {refusal}" for refusal in found)
    raise ConversionError(f"{len(found)} nodes of the ONNX model are not supported:\n{listed}")


def _refusals(nodes: Any, opset: int) -> Iterator[Refusal]:
    for node in nodes:
        reason = _reason(node, opset)
        if reason is not None:
            kind = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            yield Refusal(kind, node.name or ", ".join(node.output), reason)
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _refusals(graph.node, opset)


def _reason(node: onnx.NodeProto, opset: int) -> str | None:
    """Why a node is refused, or None."""
    from sigfix.importing.operators.registry import OPERATORS

    if node.domain not in ("", "ai.onnx"):
        return "operators outside ONNX's own domain are not supported"
    try:
        version = onnx.defs.get_schema(node.op_type, opset).since_version
    except onnx.defs.SchemaError:
        return "ONNX has no such operator at the model's opset"
    if (node.op_type, version) not in OPERATORS:
        return REASONS.get(node.op_type, f"version {version} is not supported")
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    for form in FORMS:
        if node.op_type in form.operators and form.found(attributes, node):
            return form.reason
    return None
