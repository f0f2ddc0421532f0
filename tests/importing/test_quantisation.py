"""Operators of quantised models against ONNX Runtime: weights, activations, integer products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import onnx_runtime_outputs, require_packages, traced

require_packages()

from sigfix.importing.onnx_simplification import simplify  # noqa: E402
from tests.onnx_models.building import drawn, parsed  # noqa: E402

RANDOM = np.random.default_rng(0)
WEIGHTS: dict[str, Any] = {
    "s": np.float32(0.05),
    "z": np.uint8(117),
    "si": np.float32(0.02),
    "zi": np.int8(-3),
    "many": RANDOM.uniform(0.01, 0.03, 4).astype(np.float32),
    "zeros": np.array([0, 3, -2, 1], np.int8),
    "q": RANDOM.integers(-127, 128, (4, 5)).astype(np.int8),
    "k": RANDOM.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8),
    "many_k": RANDOM.uniform(0.01, 0.03, 4).astype(np.float32),
    "zero_k": np.zeros(4, np.int8),
    "d": RANDOM.integers(-500, 500, 4).astype(np.int32),
    "so": np.float32(0.11),
    "zo": np.uint8(101),
    "u": RANDOM.integers(0, 255, (5, 6)).astype(np.uint8),
    "zu": np.uint8(7),
}
FORMS: dict[str, tuple[str, tuple[int, ...]]] = {
    "uint8": ("q1 = QuantizeLinear(x, s, z)\n y = DequantizeLinear(q1, s, z)", (2, 4, 5)),
    "int8": ("q1 = QuantizeLinear(x, si, zi)\n y = DequantizeLinear(q1, si, zi)", (2, 4, 5)),
    "by channel": (
        "q1 = QuantizeLinear<axis = 1>(x, many, zeros)\n"
        " y = DequantizeLinear<axis = 1>(q1, many, zeros)",
        (2, 4, 5),
    ),
    "pooled": (
        "q1 = QuantizeLinear(x, s, z)\n"
        " q2 = MaxPool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>(q1)\n"
        " y = DequantizeLinear(q2, s, z)",
        (2, 3, 6, 7),
    ),
    "pooled, signed, with holes": (
        "q1 = QuantizeLinear(x, si, zi)\n"
        " q2 = MaxPool<kernel_shape = [2, 2], dilations = [2, 2]>(q1)\n"
        " y = DequantizeLinear(q2, si, zi)",
        (2, 3, 6, 7),
    ),
    "another scale": ("q1 = QuantizeLinear(x, s, z)\n y = DequantizeLinear(q1, so, zo)", (2, 4)),
    "weights": ("w = DequantizeLinear<axis = 0>(q, many, zeros)\n y = MatMul(x, w)", (2, 4)),
    "by range": (
        "q1, a, b = DynamicQuantizeLinear(x)\n y = DequantizeLinear(q1, a, b)",
        (2, 4, 5),
    ),
    "QLinearMatMul": (
        "q1 = QuantizeLinear(x, s, z)\n"
        " q2 = QLinearMatMul(q1, s, z, u, si, zu, so, zo)\n"
        " y = DequantizeLinear(q2, so, zo)",
        (3, 5),
    ),
    "QLinearConv": (
        "q1 = QuantizeLinear(x, s, z)\n"
        " q2 = QLinearConv<kernel_shape = [3, 3]>(q1, s, z, k, many_k, zero_k, so, zo, d)\n"
        " y = DequantizeLinear(q2, so, zo)",
        (2, 3, 6, 7),
    ),
    "MatMulInteger": (
        "q1, a, b = DynamicQuantizeLinear(x)\n i = MatMulInteger(q1, u, b, zu)\n"
        " f = Cast<to = 1>(i)\n y = Mul(f, a)",
        (3, 5),
    ),
    "ConvInteger": (
        "q1, a, b = DynamicQuantizeLinear(x)\n"
        " i = ConvInteger<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(q1, k, b)\n"
        " f = Cast<to = 1>(i)\n y = Mul(f, a)",
        (2, 3, 6, 7),
    ),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("scale", [1.0, 30.0, 0.0])
def test_equals_onnx_runtime(name: str, scale: float) -> None:
    body, size = FORMS[name]
    axes = ", ".join(["n", *(str(d) for d in size[1:])])
    text = f"g (float[{axes}] x) => (float[{', '.join('abcd'[: len(size)])}] y) {{ {body} }}"
    used = {key: value for key, value in WEIGHTS.items() if f" {key}" in body or f"({key}" in body}
    model = parsed(text, 17, used)
    x = drawn(3, *size, scale=scale)
    if scale == 0.0 and "Dynamic" in body and "Integer" in name:
        pytest.skip("ONNX Runtime divides zero by zero")
    wanted = onnx_runtime_outputs(model, {"x": x})["y"]
    found = traced(simplify(parsed(text, 17, used)))(x=x)["y"].numpy()
    assert found.shape == wanted.shape
    # A sum may round to the next step where it lies between two of them.
    step = 0.11 if name.startswith("QLinear") else 0.0
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5 + step)
    assert np.mean(np.abs(found - wanted) > 1e-4 * (1 + np.abs(wanted))) < 0.02


def test_scales_of_blocks_are_refused_by_name() -> None:
    from sigfix.errors import ConversionError

    weights = {"q": np.zeros((4, 6), np.int8), "s": np.ones((4, 2), np.float32)}
    text = """g (float[n, 4] x) => (float[n, 6] y) {
        w = DequantizeLinear<axis = 1, block_size = 3>(q, s)
        y = MatMul(x, w)
    }"""
    with pytest.raises(ConversionError, match=r"DequantizeLinear.*scales of blocks"):
        traced(parsed(text, 21, weights, ir=10))
