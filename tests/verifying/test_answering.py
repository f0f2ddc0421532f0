"""A run answers whole or raises: whatever becomes of the child, nothing is an empty success."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from sigfix.planning.edits import InputPlan
from sigfix.verifying.inputs.cases import Given, made_up
from sigfix.verifying.runnable import CannotRunError
from sigfix.verifying.running import run, started
from tests.verifying.tiny_runner import tiny
from tests.verifying.wrong_answers import ANSWERS, TRUNCATED

CASES = [Given({"x": np.float32([1, 2])}), Given({"x": np.float32([3, 4])})]


pytestmark = pytest.mark.usefixtures("tiny_kind")


def test_a_whole_answer(tmp_path: Path) -> None:
    found = run(tiny(tmp_path, calls=2, factor=3), CASES, repeat=2)
    assert len(found.cases) == 2
    for case, given in zip(found.cases, CASES, strict=True):
        np.testing.assert_array_equal(case.inputs["x"], given.arrays["x"])
        assert [len(repeats) for repeats in case.outputs] == [2, 2]
        for repeats in case.outputs:
            for outputs in repeats:
                np.testing.assert_array_equal(outputs["y"], given.arrays["x"] * 3)


def test_cases_can_come_after_the_start(tmp_path: Path) -> None:
    with started(tiny(tmp_path, factor=3), None) as finish:
        time.sleep(0.05)
        found = finish(CASES)
    assert [case.outputs[0][0]["y"].tolist() for case in found.cases] == [[3, 6], [9, 12]]


def test_no_case_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match="answered 0 of 0 calls: nothing can be said"):
        run(tiny(tmp_path), [])
    with started(tiny(tmp_path), None) as finish, pytest.raises(CannotRunError, match="0 of 0"):
        finish([])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raises while loading", r"cannot be run: OSError: no such weights$"),
        ("killed", "did not run: .*killed by SIGKILL, as when memory runs out"),
        ("exits without an answer", "did not run: .*ended with 0: no message"),
        ("prints and exits", "did not run: .*ended with 3: out of paper"),
        (TRUNCATED, "did not run: .*its answer cannot be read"),
        ("killed at the second call", "did not run: .*killed by SIGKILL"),
        ("raises at the second call", "refuses the inputs: ValueError: x is not what it was"),
        ("lost call", "refuses the inputs: ValueError"),
    ],
)
def test_a_child_that_fails_is_no_answer(fault: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match=said) as raised:
        run(tiny(tmp_path, fault=fault), CASES)
    assert raised.value.message.startswith(f"Tiny ({tmp_path / 'model'})")
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("fault", sorted(ANSWERS))
def test_an_answer_that_is_not_what_was_asked_is_none(fault: str, tmp_path: Path) -> None:
    with pytest.raises(CannotRunError):
        run(tiny(tmp_path, fault=fault), CASES)


@pytest.mark.parametrize("fault", ["never answers", "never returns"])
def test_a_child_that_does_not_finish_is_stopped(fault: str, tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(CannotRunError, match=r"did not run: .*stopped after 1\.5 s") as raised:
        run(tiny(tmp_path, fault=fault), CASES, seconds=1.5)
    assert str(raised.value.hint).startswith("--timeout 6 ")
    assert time.monotonic() - start < 30


def test_a_child_that_waits_for_cases_ends_with_its_block(tmp_path: Path) -> None:
    with started(tiny(tmp_path), None):
        pass
    assert not list(tmp_path.iterdir())


def test_made_up_cases_are_tried_until_one_is_accepted(tmp_path: Path) -> None:
    plan = InputPlan("x", "float32", (None, None), "x")
    (case,) = made_up([plan], batches=(2,))
    found = run(tiny(tmp_path, fault="raises at the second call"), [case])
    assert found.cases[0].inputs["x"].shape == (2, 64)
    with pytest.raises(CannotRunError, match="refuses the inputs: KeyError: 'x'"):
        run(tiny(tmp_path), made_up([InputPlan("other", "float32", (None,), "other")]))


def test_nothing_that_can_be_tried_is_no_answer(tmp_path: Path) -> None:
    plan = InputPlan("x", "float32", (None, 2**25), "x")
    with pytest.raises(CannotRunError, match="no input could be made up"):
        run(tiny(tmp_path), made_up([plan]))


def test_the_call_that_refuses_is_named(tmp_path: Path) -> None:
    model = tiny(tmp_path, title="the v1 loader", fault="raises at the second call")
    with pytest.raises(CannotRunError, match="inputs: through the v1 loader: ValueError: x is not"):
        run(model, CASES)


def test_what_is_missing_in_a_run_is_counted(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match="answered 1 of 2 calls"):
        run(tiny(tmp_path, fault="one case too few"), CASES)
    assert not list(tmp_path.iterdir())
