"""A source and a result, each in its process: what is said of them, whatever becomes of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.planning.edits import InputPlan
from sigfix.verifying.checking import Check, Side, verify
from sigfix.verifying.inputs.cases import Given, made_up
from sigfix.verifying.tolerances import Tolerance
from sigfix.verifying.verdict import DIFFERENT, GIVEN, NOT_COMPARABLE, SAME, SEEDED, Verification
from tests.verifying.tiny_runner import tiny
from tests.verifying.wrong_answers import ANSWERS, TRUNCATED

pytestmark = pytest.mark.usefixtures("tiny_kind")
CASES = made_up([InputPlan("x", "float32", (None, 8), "x")])


def verified(
    place: Path, source: dict[str, Any], result: dict[str, Any], seconds: float = 60
) -> Verification:
    sides = (Side(tiny(place, **source)), Side(tiny(place, **result)))
    return verify("key", *sides, CASES, Check(Tolerance(1e-5), seconds))


def test_the_same_model_is_the_same(tmp_path: Path) -> None:
    found = verified(tmp_path, {"factor": 3}, {"factor": 3})
    assert (found.key, found.verdict, found.reason) == ("key", SAME, "")
    assert found.batches == (1, 4) and found.inputs == SEEDED
    assert found.tried == ("normal noise", "noise between 0 and 1", "wide noise", "zeros",
                           "one-hot rows")  # fmt: skip


def test_every_way_of_calling_the_result_is_compared(tmp_path: Path) -> None:
    found = verified(tmp_path, {}, {"calls": 2})
    assert found.ok and len(found.comparisons) == 4


def test_another_model_is_different(tmp_path: Path) -> None:
    found = verified(tmp_path, {"factor": 3}, {"factor": 3.5})
    assert found.verdict == DIFFERENT and found.reason.startswith("y: off by")


def test_given_inputs_are_said_to_be_given(tmp_path: Path) -> None:
    sides = (Side(tiny(tmp_path)), Side(tiny(tmp_path)))
    cases = [Given({"x": np.float32([1, 2, 3])})]
    found = verify("key", *sides, cases, Check(Tolerance(1e-5)))
    assert (found.verdict, found.inputs, found.tried, found.batches) == (SAME, GIVEN, (), (3,))


FAULTS = ("raises while loading", "killed", "killed at the second call", "never answers",
          "exits without an answer", "lost call", TRUNCATED, *ANSWERS)  # fmt: skip


@pytest.mark.parametrize(
    ("side", "fault"),
    [
        (side, fault)
        for side in ("source", "result")
        for fault in FAULTS
        if (side, fault) != ("source", "two repeats of one")  # what a source is asked for
    ],
)
def test_a_side_that_does_not_answer_is_not_comparable(
    side: str, fault: str, tmp_path: Path
) -> None:
    bad = {"fault": fault}
    found = verified(tmp_path, bad if side == "source" else {}, bad if side == "result" else {}, 4)
    assert found.verdict == NOT_COMPARABLE and found.reason
    assert found.comparisons == () and not found.ok


def test_a_result_that_answers_nothing_is_different(tmp_path: Path) -> None:
    found = verified(tmp_path, {}, {"fault": "answers nothing"})
    assert (found.verdict, found.reason) == (DIFFERENT, "y: missing from the result")
    both = verified(tmp_path, {"fault": "answers nothing"}, {"fault": "answers nothing"})
    assert both.verdict == NOT_COMPARABLE


def test_a_random_source_is_not_comparable(tmp_path: Path) -> None:
    found = verified(tmp_path, {"fault": "random"}, {})
    assert found.verdict == NOT_COMPARABLE
    assert "answers differently each time" in found.reason
    assert found.hint == "--no-verify   # writes the result uncompared"


def test_what_is_not_finite_in_the_source_is_noted(tmp_path: Path) -> None:
    cases = [Given({"x": np.float32([1, np.nan, np.inf, 4])})]
    sides = (Side(tiny(tmp_path)), Side(tiny(tmp_path)))
    found = verify("key", *sides, cases, Check(Tolerance(1e-5)))
    assert found.verdict == SAME
    assert found.notes == ("y: the source itself gives NaN or infinity in 2 of 4 numbers",)
