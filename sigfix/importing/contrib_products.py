"""ONNX Runtime's products with weights of few bits, and with integers, in ONNX's operators."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from sigfix.importing.contrib_writing import Writer

Array = np.ndarray[Any, Any]


def of_few_bits(to: Writer) -> str | None:
    """input, weights [columns, blocks, bytes], a scale a block, zeros, order, bias.

    The weights become the floats that they stand for.
    """
    x, weights, scales, zeros, order, bias = to.given[:6]
    bits = int(to.attributes.get("bits", 4))
    rows, columns, block = (int(to.attributes.get(name, 0)) for name in ("K", "N", "block_size"))
    tables = [to.weights.get(name) for name in (weights, scales, zeros)]
    if order or bits not in (2, 4, 8) or None in tables[:2] or (zeros and tables[2] is None):
        return None
    if min(rows, columns, block) < 1:
        return None
    blocks = -(-rows // block)
    whole, scale, zero = (None if t is None else numpy_helper.to_array(t) for t in tables)
    assert whole is not None and scale is not None
    if whole.size * 8 != columns * blocks * block * bits or scale.size != columns * blocks:
        return None
    numbers = _unpacked(whole.reshape(columns, -1), bits)[:, : blocks * block]
    offset: Array = np.full((columns, blocks), 2 ** (bits - 1), np.float32)
    if zero is not None:
        is_packed = zero.dtype == np.uint8
        zero = _unpacked(zero.reshape(columns, -1), bits) if is_packed else zero
        offset = zero.reshape(columns, -1)[:, :blocks]
    steps = numbers.reshape(columns, blocks, block).astype(np.float32)
    floats = (steps - offset.astype(np.float32)[..., None]) * scale.reshape(columns, blocks, 1)
    table = floats.reshape(columns, -1)[:, :rows].T
    product = to.add("MatMul", x, to.constant(np.ascontiguousarray(table, np.float32)))
    return to.add("Add", product, bias) if bias else product


def as_exact(model: onnx.ModelProto) -> bool:
    """Take ONNX Runtime's leave to round the inputs of such products, in place; whether it had it.

    With it, it computes with bytes: what is off by a hundredth is neither right nor wrong then.
    """
    found = [
        attribute
        for node in model.graph.node
        if node.op_type == "MatMulNBits"
        for attribute in node.attribute
        if attribute.name == "accuracy_level" and attribute.i
    ]
    for attribute in found:
        attribute.i = 0
    return bool(found)


def _unpacked(rows: Array, bits: int) -> Array:
    """Numbers of few bits, the lowest bits first, for rows of bytes."""
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    numbers: Array = (rows[..., None] >> shifts) & (2**bits - 1)
    return numbers.reshape(len(rows), -1)


def of_quantised_input(to: Writer) -> str:
    """input, weights, their scale and zero, bias: the input is quantised by its range."""
    x, weights, scale, zero, bias = to.given[:5]
    whole, step, offset = to.several("DynamicQuantizeLinear", 3, x)
    return _integers(to, (whole, weights), (step, scale), (offset, zero), bias)


def of_integers(to: Writer) -> str:
    """Both sides, their scales, their zeros, bias."""
    a, b, a_scale, b_scale, a_zero, b_zero, bias = to.given[:7]
    return _integers(to, (a, b), (a_scale, b_scale), (a_zero, b_zero), bias)


def _integers(
    to: Writer,
    sides: tuple[str, str],
    scales: tuple[str, str],
    zeros: tuple[str, str],
    bias: str,
) -> str:
    given = [*sides, *zeros]
    while not given[-1]:
        given.pop()
    product = to.add("Cast", to.add("MatMulInteger", *given), to=TensorProto.FLOAT)
    scaled = to.add("Mul", product, to.add("Mul", *scales))
    return to.add("Add", scaled, bias) if bias else scaled
