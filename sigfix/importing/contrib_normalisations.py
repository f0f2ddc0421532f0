"""ONNX Runtime's normalisations over the last axes, written out in ONNX's operators."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from sigfix.importing.contrib_writing import Writer
from sigfix.importing.early_operators import FIRST

_NARROW = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
"""Computed in float32, as ONNX Runtime does."""


def skip_layer_normalisation(to: Writer) -> str | None:
    """input, skip, gamma, beta, bias; the fourth result is the sum, two more are moments."""
    if any(to.node.output[1:3]):
        return None
    x, skip, gamma, beta, bias = to.given[:5]
    total = _sum(to, x, skip, bias)
    epsilon = float(to.attributes.get("epsilon", 1e-12))
    return normalised(to, total, gamma, beta, epsilon)


def normalised(to: Writer, total: str, gamma: str, beta: str, epsilon: float) -> str:
    """A tensor of float32 normalised over its last axis, by ONNX's operator where there is one."""
    if to.opset >= (FIRST["LayerNormalization"] or 0):
        scales = [gamma, beta] if beta else [gamma]
        return to.add("LayerNormalization", total, *scales, axis=-1, epsilon=epsilon)
    centred = to.add("Sub", total, to.mean(total, [-1]))
    return _scaled(to, centred, [-1], to.number(epsilon), gamma, beta)


def skip_simplified(to: Writer) -> str | None:
    """input, skip, gamma, bias: normalised without a mean; the fourth result is the sum."""
    if any(to.node.output[1:3]):
        return None
    x, skip, gamma, bias = to.given[:4]
    total = _sum(to, x, skip, bias)
    epsilon = to.number(float(to.attributes.get("epsilon", 1e-12)))
    return _scaled(to, total, [-1], epsilon, gamma)


def _sum(to: Writer, x: str, skip: str, bias: str) -> str:
    total = to.add("Add", x, skip)
    return to.named(to.add("Add", total, bias) if bias else total, 3)


def layer_normalisation(to: Writer) -> str | None:
    """x, scale, bias; more results are the mean and the inverse deviation, of float32."""
    return _normalised(to, has_mean=True)


def simplified(to: Writer) -> str | None:
    """x, scale: without a mean, as root mean squares; one more result is the inverse deviation."""
    return _normalised(to, has_mean=False)


def _normalised(to: Writer, has_mean: bool) -> str | None:
    x, scale, bias = to.given[:3]
    told = to.weights.get(scale)
    kind = TensorProto.FLOAT if told is None and to.plain else told and int(told.data_type)
    axis, rank = int(to.attributes.get("axis", -1)), to.ranks.get(x)
    if kind is None or (axis >= 0 and rank is None):
        return None
    axes = list(range(axis, 0)) if rank is None else list(range(axis % rank, rank))
    wide = to.add("Cast", x, to=TensorProto.FLOAT) if kind in _NARROW else x
    dtype = np.float64 if kind == TensorProto.DOUBLE else np.float32
    epsilon = to.constant(np.array(to.attributes.get("epsilon", 1e-5), dtype))
    centred = wide
    if has_mean:
        mean = to.named(to.mean(wide, axes), 1)
        centred = to.add("Sub", wide, mean)
    inverse = 2 if has_mean else 1
    if len(to.node.output) > inverse and to.node.output[inverse]:
        deviation = _deviation(to, centred, axes, epsilon)
        to.named(to.add("Reciprocal", deviation), inverse)
    if kind not in _NARROW:
        return _scaled(to, centred, axes, epsilon, scale, bias)
    scale, bias = (
        to.add("Cast", own, to=TensorProto.FLOAT) if own else "" for own in (scale, bias)
    )
    return to.add("Cast", _scaled(to, centred, axes, epsilon, scale, bias), to=kind)


def _scaled(
    to: Writer, centred: str, axes: list[int], epsilon: str, scale: str, bias: str = ""
) -> str:
    normal = to.add("Div", centred, _deviation(to, centred, axes, epsilon))
    scaled = to.add("Mul", normal, scale)
    return to.add("Add", scaled, bias) if bias else scaled


def _deviation(to: Writer, centred: str, axes: list[int], epsilon: str) -> str:
    variance = to.mean(to.add("Mul", centred, centred), axes)
    return to.add("Sqrt", to.add("Add", variance, epsilon))
