"""Every tolerance, pinned: a change of one is a decision, not a slip."""

from __future__ import annotations

import pytest

from sigfix.presets import PRESETS, find_preset
from sigfix.verifying import tolerances
from sigfix.verifying.comparison import LIVE, NEARLY_CONSTANT
from sigfix.verifying.tolerances import Limit, Tolerance, of_preset, of_tfjs


def test_the_numbers() -> None:
    assert (tolerances.REPAIRED, tolerances.TFJS) == (1e-5, 1e-4)
    assert (tolerances.DEEP_PRESET, tolerances.FED_BACK_TFJS) == (1e-4, 1e-3)
    assert (tolerances.RUINED, tolerances.FEW_TIMES, tolerances.JUDGEABLE) == (0.9, 4.0, 0.05)
    assert (LIVE, NEARLY_CONSTANT) == (0.01, 0.01)
    assert tolerances.BY_DTYPE == {"float16": 4 / 2048, "bfloat16": 4 / 256}


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int64", "bool", "string"])
def test_a_dtype_with_all_digits_keeps_the_tolerance(dtype: str) -> None:
    assert Tolerance(1e-5).limit(dtype) == Limit(1e-5, 0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_dtype_with_fewer_digits_allows_a_few_of_its_steps(dtype: str) -> None:
    assert Tolerance(1e-5).limit(dtype).relative == tolerances.BY_DTYPE[dtype]
    assert Tolerance(0.5).limit(dtype).relative == 0.5


def test_what_the_user_chose_is_what_counts() -> None:
    for dtype in ("float32", "float16", "bfloat16"):
        assert Tolerance(1e-7, chosen=True).limit(dtype) == Limit(1e-7)


@pytest.mark.parametrize(
    ("name", "saved_model", "tfjs"),
    [
        ("crnn_mobilenet_v3_small", 1e-5, 1e-4),
        ("vitstr_small", 1e-5, 1e-4),
        ("sar_resnet31", 1e-4, 1e-3),
        ("parseq", 1e-4, 1e-3),
        ("db_resnet50", 1e-4, 1e-4),
        ("fast_tiny", 1e-4, 1e-4),
    ],
)
def test_presets(name: str, saved_model: float, tfjs: float) -> None:
    preset = find_preset(name)
    assert of_preset(preset) == Tolerance(saved_model)
    assert of_tfjs(preset) == Tolerance(tfjs)
    assert of_tfjs(preset, 0.25) == Tolerance(0.25, chosen=True)


def test_other_models_and_every_preset_have_one() -> None:
    assert of_tfjs(None) == Tolerance(1e-4)
    assert of_tfjs(None, 0.0) == Tolerance(0.0, chosen=True)
    for preset in PRESETS.values():
        assert 1e-5 <= of_preset(preset).relative <= of_tfjs(preset).relative <= 1e-3
