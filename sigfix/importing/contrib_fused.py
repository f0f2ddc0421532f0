"""ONNX Runtime's own fused operators, written out in ONNX's.

Its optimiser, and tools for transformers that use it, save files with them (`com.microsoft.Gelu`).
Source of what each computes: ONNX Runtime's contrib operators. Written out is what is of float32:
the constants have to be of the type of the tensors beside them. Normalisations in ONNX's own domain
are of any floats: their scale says of which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import pi, sqrt

import onnx

from sigfix.importing.contrib_attention import (
    attention,
    multi_head_attention,
    quantised_attention,
)
from sigfix.importing.contrib_embedding import embedded, turned
from sigfix.importing.contrib_normalisations import (
    layer_normalisation,
    simplified,
    skip_layer_normalisation,
    skip_simplified,
)
from sigfix.importing.contrib_products import of_few_bits, of_integers, of_quantised_input
from sigfix.importing.contrib_quantised import DOMAIN
from sigfix.importing.contrib_writing import Shape, Writer
from sigfix.importing.early_operators import is_early
from sigfix.importing.influence import reads
from sigfix.importing.ml_operators import DOMAIN as ML
from sigfix.importing.ml_operators import FIRST
from sigfix.importing.ml_operators import OPERATORS as CLASSICAL

_OWN_OF_CONV = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
_OWN_OF_GEMM = ("alpha", "beta", "transA", "transB")

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


def _convolution(to: Writer) -> str | None:
    """A convolution, a tensor that is added to it, and what is done with each number of that."""
    kept = {name: value for name, value in to.attributes.items() if name in _OWN_OF_CONV}
    inputs = to.given[:3] if to.given[2] else to.given[:2]
    result = to.add("Conv", *inputs, **kept)
    result = to.add("Add", result, to.given[3]) if to.given[3] else result
    return _activated(to, result, to.attributes.get("activation_params", ()))


def _dense(to: Writer) -> str | None:
    """Gemm, and what is done with each number of it."""
    kept = {name: value for name, value in to.attributes.items() if name in _OWN_OF_GEMM}
    inputs = to.given[:3] if to.given[2] else to.given[:2]
    told = (to.attributes.get(f"activation_{name}") for name in ("alpha", "beta"))
    return _activated(to, to.add("Gemm", *inputs, **kept), [n for n in told if n is not None])


def _activated(to: Writer, result: str, told: Sequence[float]) -> str | None:
    activation = to.attributes.get("activation", b"").decode()
    numbers = [float(value) for value in told]
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
    sides = []
    for name, given in zip("AB", to.given[:2], strict=True):
        rank, side = to.ranks.get(given, 0), given
        order = list(range(rank))
        if to.attributes.get(f"transBatch{name}"):
            order = [*order[1:-1], 0, *order[-1:]]
        if to.attributes.get(f"trans{name}"):
            order[-2:] = reversed(order[-2:])
        if any(to.attributes.get(f"{what}{name}") for what in ("trans", "transBatch")):
            if rank < 2:
                return None
            side = to.add("Transpose", given, perm=order)
        sides.append(side)
    alpha = float(to.attributes.get("alpha", 1.0))
    product = to.add("MatMul", *sides)
    return product if alpha == 1.0 else to.add("Mul", product, to.number(alpha))


OPERATORS: dict[str, Written] = {
    "Gelu": _gelu,
    "BiasGelu": _bias_gelu,
    "FastGelu": _fast_gelu,
    "QuickGelu": _quick_gelu,
    "SkipLayerNormalization": skip_layer_normalisation,
    "SkipSimplifiedLayerNormalization": skip_simplified,
    "FusedConv": _convolution,
    "FusedGemm": _dense,
    "FusedMatMul": _product,
    "TransposeMatMul": _product,
    "Attention": attention,
    "QAttention": quantised_attention,
    "MultiHeadAttention": multi_head_attention,
    "EmbedLayerNormalization": embedded,
    "RotaryEmbedding": turned,
    "MatMulNBits": of_few_bits,
    "DynamicQuantizeMatMul": of_quantised_input,
    "MatMulIntegerToFloat": of_integers,
}
"""Operator -> what writes it out and returns the result, None for a form that it does not."""
EARLY: dict[str, Written] = {
    "LayerNormalization": layer_normalisation,
    "SimplifiedLayerNormalization": simplified,
}
"""The same of operators in ONNX's own domain (`early_operators`)."""


def write_out_fused(model: onnx.ModelProto, shapes: Callable[[], Mapping[str, Shape]]) -> None:
    """Put ONNX's operators in place of ONNX Runtime's fused ones and of ai.onnx.ml's, in place.

    `shapes` tells the sizes of tensors, as far as they are known, of the model as it is then.
    """
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    plain = not _has_other_floats(model)
    used = {name for node in model.graph.node for name in reads(node)}
    used.update(value.name for value in model.graph.output)
    while _pending(model, opset, plain):
        nodes: list[onnx.NodeProto] = []
        known, pending = shapes(), _pending(model, opset, plain)
        for node in model.graph.node:
            own = _one_of(node, opset, plain)
            made = (
                None
                if own is None
                else _written(own, Writer(node, opset, known, weights, plain, used))
            )
            nodes.extend([node] if made is None else made)
        copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del model.graph.node[:]
        model.graph.node.extend(copied)
        if _pending(model, opset, plain) == pending:
            return


def _one_of(node: onnx.NodeProto, opset: int, plain: bool) -> Written | None:
    """What writes a node out, None for one that stays as it is."""
    if node.domain == DOMAIN:
        return OPERATORS.get(node.op_type) if plain else None
    if node.domain == ML:
        return CLASSICAL.get(node.op_type) if opset >= FIRST else None
    return EARLY[node.op_type] if is_early(node, opset) else None


def _pending(model: onnx.ModelProto, opset: int, plain: bool) -> int:
    return sum(_one_of(node, opset, plain) is not None for node in model.graph.node)


def _written(write: Written, to: Writer) -> Sequence[onnx.NodeProto] | None:
    result = write(to)
    return None if result is None else to.finished(result)


def _has_other_floats(model: onnx.ModelProto) -> bool:
    """Whether weights or inputs are of other floats, of which constants would have to be too."""
    others = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE)
    kinds = {value.type.tensor_type.elem_type for value in model.graph.input}
    kinds |= {tensor.data_type for tensor in model.graph.initializer}
    return not kinds.isdisjoint(others)
