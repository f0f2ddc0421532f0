"""Resize against ONNX Runtime: every way of placing samples that is not refused."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import (
    Case,
    Fed,
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
    traced,
)

require_packages()

X = Fed((2, 3, 6, 8))
SCALES = [(1, 1, 2, 2), (1, 1, 3, 2), (1, 1, 1.5, 2.5), (1, 1, 0.5, 0.5), (1, 1, 0.6, 1)]
SIZES = [(2, 3, 12, 16), (2, 3, 5, 11), (2, 3, 3, 4), (2, 3, 1, 20)]
COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
ROUNDING = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]


def _case(attributes: dict[str, object], scales=None, sizes=None) -> Case:
    targets = (
        (np.array(scales, np.float32),) if sizes is None else (None, np.array(sizes, np.int64))
    )
    batch_is_static = Fed(X.shape, dynamic=sizes is None)
    return Case("Resize", (batch_is_static, None, *targets), attributes)


def _is_fraction(case: Case) -> bool:
    """Whether the scales give no whole size: with align_corners that is refused."""
    scales = case.inputs[2]
    return scales is not None and (np.array(X.shape) * scales % 1).any()


TARGETS = [{"scales": s} for s in SCALES] + [{"sizes": s} for s in SIZES]
CASES = [
    _case({"mode": "nearest", "coordinate_transformation_mode": c, "nearest_mode": r}, **t)
    for t, c, r in product(TARGETS, COORDINATES, ROUNDING)
] + [
    _case({"mode": mode, "coordinate_transformation_mode": c}, **t)
    for mode, t, c in product(["linear", "cubic"], TARGETS, COORDINATES)
]


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("coordinates", COORDINATES)
def test_equals_onnx_runtime(mode: str, coordinates: str) -> None:
    wanted = [
        c
        for c in CASES
        if c.attributes["mode"] == mode
        and c.attributes["coordinate_transformation_mode"] == coordinates
        and not (coordinates == "align_corners" and _is_fraction(c))
    ]
    assert wanted
    for case in wanted:
        model, inputs = model_of(case), inputs_of(case)
        expected = onnx_runtime_outputs(model, inputs)["y0"]
        found = sigfix_outputs(model, inputs)["y0"]
        assert found.shape == expected.shape, case
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=3e-6, err_msg=str(case))


def test_doubling_uses_the_kernels_of_tensorflow() -> None:
    for mode, kernel in (("nearest", "ResizeNearestNeighbor"), ("linear", "ResizeBilinear")):
        case = _case({"mode": mode}, scales=(1, 1, 2, 2))
        assert kernel in {o.type for o in traced(model_of(case)).graph.get_operations()}


@pytest.mark.parametrize(
    ("attributes", "roi", "scales", "words"),
    [
        (
            {"coordinate_transformation_mode": "tf_crop_and_resize"},
            (0, 0, 0.2, 0.2, 1, 1, 0.8, 0.8),
            (1, 1, 2, 2),
            "crop with scales",
        ),
        (
            {"mode": "linear", "coordinate_transformation_mode": "align_corners"},
            None,
            (1, 1, 0.6, 1),
            "align_corners with scales",
        ),
    ],
)
def test_forms_that_onnx_and_its_runtime_take_differently_are_refused(
    attributes, roi, scales, words: str
) -> None:
    given = None if roi is None else np.array(roi, np.float32)
    case = Case("Resize", (X, given, np.array(scales, np.float32)), attributes)
    with pytest.raises(ConversionError, match=f"Resize.*{words}"):
        traced(model_of(case))
