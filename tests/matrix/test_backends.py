"""What the page says of WebGPU and of two threads, and the float64 that they are compared with."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("doctr")
from tests.bench import rounding
from tests.float64 import apart, in_float64
from tests.made_up import channels_first, preset_images
from tests.matrix.backends import TITLE, WAYS, failures, section
from tests.matrix.stages import options_of
from tests.matrix.table import page

NAME = "crnn_vgg16_bn"
GOOD: dict[str, dict[str, Any]] = {
    way: {"mode": "execute", "renderer": "software", "seconds": 1.0, "error": "",
          "relative": 1e-6, "works": True, "inspect": [], "agrees": True}
    for way in WAYS
}  # fmt: skip


def test_a_good_result_has_no_failure() -> None:
    assert failures(NAME, GOOD) == []
    text = section({NAME: GOOD, "fast_tiny": {}})
    assert f"| {NAME} |" + " execute | 1.0e-06 | yes |" * 3 in text
    assert "Wrong: nothing." in text
    assert "Not measured: fast_tiny." in text


@pytest.mark.parametrize(
    ("way", "key", "value", "said"),
    [
        ("webgpu", "works", False, "webgpu: off by 1e-06"),
        ("webgpu", "agrees", False, "webgpu: sigfix inspect found nothing"),
        ("two threads", "mode", "executeAsync", "two threads: needs executeAsync"),
        ("with kernels", "works", False, "with kernels: off by"),
    ],
)
def test_each_fault_is_named(way: str, key: str, value: Any, said: str) -> None:
    rows = copy.deepcopy(GOOD)
    rows[way][key] = value
    assert any(said in line for line in failures(NAME, rows))
    assert f"- {NAME}, {said}" in section({NAME: rows})


def test_a_way_that_was_not_measured_is_said() -> None:
    rows = {way: row for way, row in GOOD.items() if way != "webgpu"}
    assert f"| {NAME} | not measured | - | - | execute |" in section({NAME: rows})


def test_the_section_stands_for_itself_on_the_page() -> None:
    assert f"\n{TITLE}\n" not in page({}, [])


def test_models_whose_two_ways_are_far_apart_are_named() -> None:
    rows = {
        NAME: {"plain": 2e-6, "fast": 1e-6, "ort": 1e-6, "between": 2e-6},
        "fast_tiny": {"plain": 5e-5, "fast": 5e-5, "ort": 5e-5, "between": 4e-5},
    }
    text = rounding.section(rows.get)
    assert f"| {NAME} | 1.0e-06 | 2.0e-06 | 1.0e-06 | 0.50 | 2.0e-06 |" in text
    assert "at most 1e-05 apart; further are: fast_tiny." in text
    assert "loses: 0.71 in the geometric mean" in text


def test_float64_is_computed_in_float64() -> None:
    from sigfix.importing import doctr

    options = options_of(NAME)
    preset = options.preset(NAME)
    pixels = channels_first(preset_images(preset, 1))
    exact = in_float64(NAME, preset, pixels)
    model = doctr.build_model(preset, options.weights, options.seed, options.vocabulary)
    rounded = doctr.run(model, pixels)
    assert 0 < apart(rounded, exact) < 1e-5
    assert apart(rounded + np.float32(1e-3), exact) > 1e-5
