"""Dynamic sizes against ONNX Runtime: each form is traced once and run at several sizes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tests.importing.open_forms import OPEN_FORMS, OpenForm, inputs_of, model_of
from tests.importing.single_node import onnx_runtime_outputs, require_packages, traced

require_packages()

from sigfix.importing.onnx_simplification import simplify  # noqa: E402
from tests.onnx_models.building import parsed  # noqa: E402


@pytest.mark.parametrize("form", OPEN_FORMS, ids=lambda form: form.name)
def test_equals_onnx_runtime_at_every_size(form: OpenForm) -> None:
    model = model_of(form)
    expected = [onnx_runtime_outputs(model, inputs) for inputs in inputs_of(form)]
    function = traced(simplify(model))
    for inputs, outputs in zip(inputs_of(form), expected, strict=True):
        found = function(**inputs)
        for name, value in outputs.items():
            assert found[name].shape == value.shape
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)


COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
ROUNDING = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
TARGETS = {
    "twice": "s = Constant<value = float[4] {1.0, 1.0, 2.0, 2.0}>()",
    "thrice": "s = Constant<value = float[4] {1.0, 1.0, 3.0, 3.0}>()",
    "more": "s = Constant<value = float[4] {1.0, 1.0, 1.5, 1.5}>()",
    "half": "s = Constant<value = float[4] {1.0, 1.0, 0.5, 0.5}>()",
    "computed": """a = Shape(z)
        b = Shape(x)
        c = Cast<to = 1>(a)
        d = Cast<to = 1>(b)
        s = Div(c, d)""",
    "sizes": "n = Shape(z)",
    "sizes, beside empty scales": "n = Shape(z)\n e = Constant<value = float[0] {}>()",
}
GIVEN = {"sizes": "x, , , n", "sizes, beside empty scales": "x, e, e, n"}


@pytest.mark.parametrize("target", TARGETS)
def test_an_open_resize_equals_onnx_runtime(target: str) -> None:
    """Every way of placing samples, all in one graph, at four pairs of sizes."""
    lines, results = [TARGETS[target]], []
    given = GIVEN.get(target, "x, , s")
    ways = [("nearest", c, r) for c, r in product(COORDINATES, ROUNDING)]
    for number, (mode, place, rounding) in enumerate(
        [*ways, *((mode, c, "floor") for mode in ("linear", "cubic") for c in COORDINATES)]
    ):
        attributes = f'mode = "{mode}", coordinate_transformation_mode = "{place}"'
        results.append(f"float[b, 3, p, q] y{number}")
        lines.append(f'y{number} = Resize<{attributes}, nearest_mode = "{rounding}">({given})')
    text = f"""g (float[b, 3, h, w] x, float[b, 3, k, l] z) => ({", ".join(results)}) {{
        {chr(10).join(lines)} }}"""
    model = parsed(text, 17)
    function = traced(simplify(parsed(text, 17)))
    random = np.random.default_rng(0)
    for sizes in ((6, 8, 12, 16), (5, 7, 11, 13), (4, 4, 3, 2), (5, 9, 1, 4)):
        x = random.normal(size=(2, 3, *sizes[:2])).astype(np.float32)
        inputs = {"x": x, "z": np.zeros((2, 3, *sizes[2:]), np.float32)}
        found = function(**inputs)
        for name, value in onnx_runtime_outputs(model, inputs).items():
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-4, err_msg=name)
