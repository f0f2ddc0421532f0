"""Rows that a model sorts: in another order where the source has one itself, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.checking import Check, Source, judge, only_call
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.noise import Witness
from sigfix.verifying.ranked import in_order_of, orders_of, reordered
from sigfix.verifying.running import run
from sigfix.verifying.tolerances import Limit, Tolerance
from sigfix.verifying.verdict import DIFFERENT, SAME
from tests.verifying.tiny_runner import tiny

RANDOM = np.random.default_rng(0)
BOXES = RANDOM.normal(size=(2, 12, 4)).astype(np.float32)
SCORES = -np.sort(-RANDOM.random((2, 12)).astype(np.float32), axis=1)
KINDS = RANDOM.integers(0, 9, (2, 12))
DETECTED: Arrays = {"boxes": BOXES, "scores": SCORES, "kinds": KINDS}
LIMITS = {name: Limit(1e-4) for name in DETECTED}


def moved(order: list[int], image: int = 0, outputs: Arrays = DETECTED) -> Arrays:
    made = {name: value.copy() for name, value in outputs.items()}
    for name, value in outputs.items():
        made[name][image] = value[image][order]
    return made


def swapped(*places: int, image: int = 0) -> Arrays:
    order = list(range(12))
    for place in places:
        order[place], order[place + 1] = order[place + 1], order[place]
    return moved(order, image)


def like(result: Arrays, own: Arrays) -> bool | None:
    """Whether a result is as the source; None where no order explains what differs."""
    found = reordered([DETECTED], [("", [result])], LIMITS)
    return found and found.is_like([orders_of([DETECTED], [own], LIMITS)])


def test_rows_are_put_back_with_all_that_belongs_to_them() -> None:
    found = in_order_of(DETECTED, swapped(2, 7), LIMITS, {})
    assert found is not None
    made, order = found
    assert all((made[name] == DETECTED[name]).all() for name in DETECTED)
    assert order.moved.tolist() == [1, 0] and order.lost.tolist() == [0, 0]


def test_a_row_that_fell_off_the_end_is_not_compared() -> None:
    other = moved([11, *range(11)])
    other["boxes"][0, 0] = 7.0
    found = in_order_of(DETECTED, other, LIMITS, {})
    assert found is not None
    made, order = found
    assert (made["boxes"] == BOXES).all() and order.lost.tolist() == [1, 0]


def test_as_the_source_does() -> None:
    assert like(swapped(2), swapped(5))
    assert like(swapped(2, 4, 9), swapped(5))
    assert like(swapped(2, image=1), swapped(5))  # another tie in another image


@pytest.mark.parametrize(
    "result",
    [
        moved(list(reversed(range(12)))),
        moved([*range(6, 12), *range(6)]),
        moved([5, 1, 2, 3, 4, 0, *range(6, 12)]),
    ],
)
def test_further_than_the_source_is_another_order(result: Arrays) -> None:
    assert like(result, swapped(5)) is False


def test_more_rows_lost_than_by_the_source_are_no_ties() -> None:
    result, last, within = swapped(2), swapped(2), swapped(2)
    result["boxes"][0, 10:] += 0.5
    last["boxes"][0, 11:] += 0.5
    within["boxes"][0, 7] += 0.5
    assert like(result, swapped(5)) is False
    assert like(last, swapped(5)) is True
    assert like(within, swapped(5)) is False
    assert like(last, last) and like(within, within) is False
    assert like(last, moved([*range(11), 10])) is False  # which moved nothing
    assert like(result, DETECTED) is False
    assert like(swapped(2), DETECTED) is False


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: made.update(kinds=made["kinds"][:, ::-1]),  # not with its rows
        lambda made: made.update(boxes=BOXES + np.float32(0.1)),
        lambda made: made.update(boxes=BOXES.astype(np.float64)[:, ::-1]),
        lambda made: made.update(boxes=np.full_like(BOXES, np.nan)),
        lambda made: made.pop("scores"),
        lambda made: made.update(more=SCORES),
    ],
)
def test_what_is_no_order_of_rows(spoil: Callable[[Arrays], object]) -> None:
    result = swapped(2, 6)
    spoil(result)
    assert not like(result, swapped(5))


X = np.linspace(0, 1, 12, dtype=np.float32)


def judged(tmp_path: Path, result: Array, **model: object) -> tuple[str, tuple[str, ...]]:
    fed: tuple[Arrays, ...] = ({"x": X},)
    runnable = tiny(tmp_path, **model)
    plain = [only_call(case) for case in run(runnable, [Given(one) for one in fed]).cases]
    source = Source("source", fed, tuple(plain), witness=Witness(runnable, plain, only_call))
    found = judge(source, "result", [("", [{"y": result}])], Check(Tolerance(1e-5), 60))
    return found.verdict, found.notes


@pytest.mark.usefixtures("tiny_kind")
def test_the_verdict_says_what_was_not_compared(tmp_path: Path) -> None:
    turned = X.copy()
    turned[[4, 5]] = turned[[5, 4]]
    verdict, notes = judged(tmp_path, turned, swaps={"other": 1})
    assert verdict == SAME
    assert notes == (
        "y: rows of about the same score stand in another order, as they do in the source itself; "
        "0 of 12 rows had no like and were not compared",
    )
    assert judged(tmp_path, turned)[0] == DIFFERENT
    assert judged(tmp_path, X[::-1].copy(), swaps={"other": 1})[0] == DIFFERENT
