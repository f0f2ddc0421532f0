from __future__ import annotations

import numpy as np
import pytest

from sigfix.verifying.ruin import ruined

RANDOM = np.random.default_rng(0)
BEFORE = [{"y": RANDOM.normal(3.0, 2.0, (4, 50)).astype("float32")} for _ in range(3)]


def _after(change):
    return [{"y": change(case["y"])} for case in BEFORE]


@pytest.mark.parametrize(
    ("change", "is_ruined"),
    [
        (lambda y: y, False),
        (lambda y: y + RANDOM.normal(0, 0.2, y.shape), False),
        (lambda y: y + RANDOM.normal(0, 0.8, y.shape), False),
        (lambda y: y + RANDOM.normal(0, 2.0, y.shape), True),
        (np.zeros_like, True),
        (lambda y: np.full_like(y, 3.0), True),
        (lambda y: -y, True),
        (lambda y: RANDOM.permuted(y), True),
        (lambda y: np.full_like(y, np.nan), True),
    ],
)
def test_numbers(change, is_ruined) -> None:
    assert bool(ruined(BEFORE, _after(change))) == is_ruined


def test_one_input_of_many_does_not_ruin_a_model() -> None:
    before = [{"y": RANDOM.normal(0, 1, (1, 200))} for _ in range(9)]
    before.append({"y": RANDOM.normal(0, 1e-3, (1, 200))})
    after = [*before[:-1], {"y": before[-1]["y"] * 5}]
    assert ruined(before, after) == ""
    assert ruined(before[-1:], after[-1:])


def test_one_output_of_several_is_named() -> None:
    before = [{"a": np.arange(9.0), "b": np.arange(9.0)}]
    after = [{"a": np.arange(9.0), "b": np.arange(9.0)[::-1]}]
    assert ruined(before, after).startswith("b changes by 2.00 of what it varies by")


def test_classes_and_words_are_counted() -> None:
    classes = np.arange(10)
    assert ruined([{"c": classes}], [{"c": np.where(classes < 6, 0, classes)}]) == ""
    assert ruined([{"c": classes}], [{"c": classes + 1}])
    words = np.array([b"a", b"b"], object)
    assert ruined([{"w": words}], [{"w": words[::-1]}])


def test_what_never_varies_is_measured_by_its_size() -> None:
    constant = [{"y": np.full((2, 8), 7.0)}]
    assert ruined(constant, [{"y": np.full((2, 8), 7.001)}]) == ""
    assert ruined(constant, [{"y": np.full((2, 8), 7.1)}])
    assert ruined([{"y": np.zeros((0, 4))}], [{"y": np.zeros((0, 4))}]) == ""
    infinite = [{"y": np.array([np.inf, 1.0, 2.0])}]
    assert ruined(infinite, infinite) == ""
