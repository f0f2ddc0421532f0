"""ONNX Runtime's own quantised operators, written out in ONNX's.

Its quantiser writes networks of bytes where ONNX has an operator for convolutions and products
alone; for the rest it has operators of its own (`com.microsoft.QLinearAdd`). Each is what it says:
bytes made into floats, ONNX's operator, and bytes again. Source: ONNX Runtime's contrib operators.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import onnx
from onnx import helper

DOMAIN = "com.microsoft"


@dataclass(frozen=True)
class Quantised:
    """ONNX's operator, where its inputs (each followed by scale and zero) start, and the result's.

    `scale` is the place of the result's scale. Negative places count from the end.
    """

    operator: str
    first: int
    count: int | None
    scale: int
    dropped: tuple[str, ...] = ()


OPERATORS: dict[str, Quantised] = {
    "QLinearAdd": Quantised("Add", 0, 2, 6),
    "QLinearMul": Quantised("Mul", 0, 2, 6),
    "QLinearSigmoid": Quantised("Sigmoid", 0, 1, 3),
    "QLinearLeakyRelu": Quantised("LeakyRelu", 0, 1, 3),
    "QLinearAveragePool": Quantised("AveragePool", 0, 1, 3, ("channels_last",)),
    "QLinearGlobalAveragePool": Quantised("GlobalAveragePool", 0, 1, 3, ("channels_last",)),
    "QLinearSoftmax": Quantised("Softmax", 0, 1, 3, ("opset",)),
    "QLinearConcat": Quantised("Concat", 2, None, 0),
}


def write_out_quantised(model: onnx.ModelProto) -> None:
    """Put ONNX's operators in place of ONNX Runtime's quantised ones, in place."""
    if not any(node.domain == DOMAIN for node in model.graph.node):
        return
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        made = _written(node, opset) if node.domain == DOMAIN else None
        nodes.extend([node] if made is None else made)
    copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copied)


def _written(node: onnx.NodeProto, opset: int) -> list[onnx.NodeProto] | None:
    """ONNX's nodes for one; None where there are none."""
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        own = onnx.NodeProto.FromString(node.SerializeToString())
        own.domain = ""
        return [own]
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.op_type == "QGemm":
        return list(_gemm(node, attributes))
    form = OPERATORS.get(node.op_type)
    if form is None or attributes.get("channels_last") or _is_older_softmax(attributes, opset):
        return None
    end = len(node.input) if form.count is None else form.first + 3 * form.count
    triples = [_padded(node.input[i : i + 3], 3) for i in range(form.first, end, 3)]
    floats = [_name(node, f"float_{place}") for place in range(len(triples))]
    kept = {k: v for k, v in attributes.items() if k not in form.dropped}
    called = node.name or node.output[0]
    return [
        *(_floats(triple, name) for triple, name in zip(triples, floats, strict=True)),
        helper.make_node(form.operator, floats, [_name(node, "result")], called, **kept),
        _bytes(node, _name(node, "result"), form.scale),
    ]


def _is_older_softmax(attributes: dict[str, object], opset: int) -> bool:
    """Whether it means the Softmax of another opset: of several axes before 13, of one since."""
    meant = attributes.get("opset")
    return isinstance(meant, int) and (meant >= 13) != (opset >= 13)


def _gemm(node: onnx.NodeProto, attributes: dict[str, object]) -> Iterator[onnx.NodeProto]:
    """A, its scale and zero, B likewise, a bias of int32 whose scale is that of both, the result's.

    Without a scale of the result that is made of floats.
    """
    given = _padded(node.input, 9)
    a, b, product = (_name(node, what) for what in ("a", "b", "product"))
    yield _floats(given[0:3], a)
    yield _floats(given[3:6], b)
    inputs = [a, b]
    if given[6]:
        scale, whole, bias = (_name(node, what) for what in ("scale", "whole", "bias"))
        yield helper.make_node("Mul", [given[1], given[4]], [scale])
        yield helper.make_node("Cast", [given[6]], [whole], to=onnx.TensorProto.FLOAT)
        yield helper.make_node("Mul", [whole, scale], [bias])
        inputs.append(bias)
    result = product if given[7] else node.output[0]
    yield helper.make_node("Gemm", inputs, [result], node.name or node.output[0], **attributes)
    if given[7]:
        yield _bytes(node, product, 7)


def _floats(triple: Sequence[str], name: str) -> onnx.NodeProto:
    return helper.make_node("DequantizeLinear", _given(triple), [name])


def _bytes(node: onnx.NodeProto, floats: str, scale: int) -> onnx.NodeProto:
    inputs = [floats, *_padded(node.input[scale : scale + 2], 2)]
    return helper.make_node("QuantizeLinear", _given(inputs), [node.output[0]])


def _given(names: Sequence[str]) -> list[str]:
    """Without the last ones that are left out."""
    kept = list(names)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _padded(names: Sequence[str], count: int) -> list[str]:
    return [*names, *[""] * (count - len(names))]


def _name(node: onnx.NodeProto, what: str) -> str:
    return f"{node.output[0]}_{what}"
