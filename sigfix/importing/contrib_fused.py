"""ONNX Runtime's own fused operators, written out in ONNX's.

Its optimiser, and tools for transformers that use it, save files with them (`com.microsoft.Gelu`).
Source of what each computes: ONNX Runtime's contrib operators. Written out is what is of float32:
the constants have to be of the type of the tensors beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import pi, sqrt
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sigfix.importing.contrib_quantised import DOMAIN

_LAYER_NORMALISATION = 17
"""The first opset that has LayerNormalization."""
_OWN_OF_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


class Writer:
    """The nodes for one of ONNX Runtime's, whose names begin with its result's."""

    def __init__(self, node: onnx.NodeProto, opset: int, ranks: Mapping[str, int]) -> None:
        self.node, self.opset, self.ranks = node, opset, ranks
        self.given = [*node.input, *[""] * 6]
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.nodes: list[onnx.NodeProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node of ONNX's; its result."""
        name = f"{self.node.output[0]}_part_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def number(self, value: float) -> str:
        """A constant of float32."""
        return self.add("Constant", value=numpy_helper.from_array(np.array(value, np.float32)))

    def finished(self, result: str) -> list[onnx.NodeProto]:
        """All of them; the last one is called as the node that they are for."""
        last = next(node for node in self.nodes if node.output[0] == result)
        last.output[0], last.name = self.node.output[0], self.node.name or self.node.output[0]
        return self.nodes


Written = Callable[[Writer], str | None]


def _gelu_of(to: Writer, x: str) -> str:
    erf = to.add("Erf", to.add("Div", x, to.number(sqrt(2.0))))
    half = to.add("Mul", x, to.number(0.5))
    return to.add("Mul", half, to.add("Add", erf, to.number(1.0)))


def _gelu(to: Writer) -> str:
    return _gelu_of(to, to.given[0])


def _bias_gelu(to: Writer) -> str:
    return _gelu_of(to, to.add("Add", to.given[0], to.given[1]))


def _fast_gelu(to: Writer) -> str:
    """0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), of x with its bias."""
    x = to.add("Add", to.given[0], to.given[1]) if to.given[1] else to.given[0]
    cube = to.add("Mul", to.add("Mul", x, x), x)
    inner = to.add("Add", x, to.add("Mul", cube, to.number(0.044715)))
    tanh = to.add("Tanh", to.add("Mul", inner, to.number(sqrt(2.0 / pi))))
    return to.add("Mul", to.add("Mul", x, to.number(0.5)), to.add("Add", tanh, to.number(1.0)))


def _quick_gelu(to: Writer) -> str:
    alpha = float(to.attributes.get("alpha", 1.702))
    x = to.given[0]
    return to.add("Mul", x, to.add("Sigmoid", to.add("Mul", x, to.number(alpha))))


def _skip_layer_normalisation(to: Writer) -> str | None:
    """input, skip, gamma, beta, bias; the fourth result is the sum, two more are moments."""
    if any(to.node.output[1:3]):
        return None
    x, skip, gamma, beta, bias = to.given[:5]
    total = to.add("Add", x, skip)
    total = to.add("Add", total, bias) if bias else total
    if len(to.node.output) > 3 and to.node.output[3]:
        to.nodes[-1].output[0] = total = to.node.output[3]
    epsilon = float(to.attributes.get("epsilon", 1e-12))
    if to.opset >= _LAYER_NORMALISATION:
        scales = [gamma, beta] if beta else [gamma]
        return to.add("LayerNormalization", total, *scales, axis=-1, epsilon=epsilon)
    centred = to.add("Sub", total, to.add("ReduceMean", total, axes=[-1]))
    variance = to.add("ReduceMean", to.add("Mul", centred, centred), axes=[-1])
    deviation = to.add("Sqrt", to.add("Add", variance, to.number(epsilon)))
    scaled = to.add("Mul", to.add("Div", centred, deviation), gamma)
    return to.add("Add", scaled, beta) if beta else scaled


def _convolution(to: Writer) -> str | None:
    """A convolution, a tensor that is added to it, and what is done with each number of that."""
    kept = {name: value for name, value in to.attributes.items() if name in _OWN_OF_CONV}
    inputs = to.given[:3] if to.given[2] else to.given[:2]
    result = to.add("Conv", *inputs, **kept)
    result = to.add("Add", result, to.given[3]) if to.given[3] else result
    activation = to.attributes.get("activation", b"").decode()
    numbers = [float(value) for value in to.attributes.get("activation_params", ())]
    if activation in ("Relu", "Tanh", "Sigmoid"):
        return to.add(activation, result)
    if activation == "LeakyRelu" and numbers:
        return to.add("LeakyRelu", result, alpha=numbers[0])
    if activation == "HardSigmoid" and len(numbers) == 2:
        return to.add("HardSigmoid", result, alpha=numbers[0], beta=numbers[1])
    if activation == "Clip" and len(numbers) == 2:
        return to.add("Clip", result, *map(to.number, numbers))
    return None if activation else result


def _product(to: Writer) -> str | None:
    """A product of matrices, each of which may be turned first, times a number."""
    if to.attributes.get("transBatchA") or to.attributes.get("transBatchB"):
        return None
    sides = []
    for side, option in zip(to.given[:2], ("transA", "transB"), strict=True):
        if to.attributes.get(option):
            rank = to.ranks.get(side, 0)
            if rank < 2:
                return None
            side = to.add("Transpose", side, perm=[*range(rank - 2), rank - 1, rank - 2])
        sides.append(side)
    alpha = float(to.attributes.get("alpha", 1.0))
    product = to.add("MatMul", *sides)
    return product if alpha == 1.0 else to.add("Mul", product, to.number(alpha))


OPERATORS: dict[str, Written] = {
    "Gelu": _gelu,
    "BiasGelu": _bias_gelu,
    "FastGelu": _fast_gelu,
    "QuickGelu": _quick_gelu,
    "SkipLayerNormalization": _skip_layer_normalisation,
    "FusedConv": _convolution,
    "FusedMatMul": _product,
}
"""Operator -> what writes it out and returns the result, None for a form that it does not."""


def write_out_fused(model: onnx.ModelProto, ranks: Callable[[], Mapping[str, int]]) -> None:
    """Put ONNX's operators in place of ONNX Runtime's fused ones, in place.

    `ranks` tells how many axes tensors have, as far as that is known, of the model as it is then.
    """
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    if _has_other_floats(model):
        return
    while _pending(model):
        nodes: list[onnx.NodeProto] = []
        known, pending = ranks(), _pending(model)
        for node in model.graph.node:
            made = _written(node, opset, known) if _is_one(node) else None
            nodes.extend([node] if made is None else made)
        copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del model.graph.node[:]
        model.graph.node.extend(copied)
        if _pending(model) == pending:
            return


def _is_one(node: onnx.NodeProto) -> bool:
    return node.domain == DOMAIN and node.op_type in OPERATORS


def _pending(model: onnx.ModelProto) -> int:
    return sum(map(_is_one, model.graph.node))


def _written(
    node: onnx.NodeProto, opset: int, ranks: Mapping[str, int]
) -> Sequence[onnx.NodeProto] | None:
    to = Writer(node, opset, ranks)
    result = OPERATORS[node.op_type](to)
    return None if result is None else to.finished(result)


def _has_other_floats(model: onnx.ModelProto) -> bool:
    """Whether weights or inputs are of other floats, of which constants would have to be too."""
    others = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)
    kinds = {value.type.tensor_type.elem_type for value in model.graph.input}
    kinds |= {tensor.data_type for tensor in model.graph.initializer}
    return not kinds.isdisjoint(others)
