"""The source's own noise: measured by running it otherwise, and what it allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.checking import Check, Source, judge, only_call
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.noise import Noise, Witness, described, measured, too_noisy, with_noise
from sigfix.verifying.running import run
from sigfix.verifying.tolerances import FEW_TIMES, JUDGEABLE, Limit, Tolerance
from sigfix.verifying.verdict import DIFFERENT, NOT_COMPARABLE, SAME
from tests.verifying.tiny_runner import tiny

pytestmark = pytest.mark.usefixtures("tiny_kind")
X = np.linspace(0, 1, 11, dtype=np.float32)
FED: tuple[Arrays, ...] = ({"x": X},)


def measure(witnesses: list[Witness], fed: list[Arrays], seconds: float) -> dict[str, Noise]:
    """What is known once every setting has run."""
    return ([{}, *measured(witnesses, fed, seconds)])[-1]


def witness(place: Path, fed: tuple[Arrays, ...] = FED, **model: object) -> Witness:
    """A tiny model as a witness, with the answers it gives by itself."""
    runnable = tiny(place, **model)
    plain = [only_call(case) for case in run(runnable, [Given(one) for one in fed]).cases]
    return Witness(runnable, plain, only_call)


def test_the_setting_that_the_answers_have_is_not_run_again(tmp_path: Path) -> None:
    noise = {"other": 1e-3, "none": 2e-3}
    both = ["other kernels", "no optimisations"]
    for ran, told in (({"TINY_SETTING": "1"}, both[:1]), ({"TINY_SETTING": "0"}, both)):
        made = tiny(tmp_path, noise=noise, ran=ran)
        unknown = Witness(made, (), only_call)  # how it ran is known when it has
        plain = run(made, [Given(one) for one in FED])
        known = Witness(made, [only_call(case) for case in plain.cases], only_call, plain.details)
        for each in (unknown, known):
            assert [found["y"].between for found in measured([each], FED, 60)] == told


def test_the_largest_difference_from_itself_is_the_noise(tmp_path: Path) -> None:
    noisy = witness(tmp_path, noise={"other": 1e-3, "none": 2e-3})
    found = measure([noisy], FED, 60)
    assert found["y"].relative == pytest.approx(2e-3, rel=1e-3)
    assert found["y"].between == "no optimisations"
    (said,) = described(found)
    assert said == (
        "y: the source itself differs by 2.0e-03 of its range (no optimisations); 4 times that "
        "is allowed"
    )


def test_a_model_without_noise_has_none(tmp_path: Path) -> None:
    found = measure([witness(tmp_path)], FED, 60)
    assert found == {} and described(found) == ()
    assert with_noise({"y": Limit(1e-5)}, found) == {"y": Limit(1e-5)}


def test_a_setting_that_cannot_be_run_says_nothing(tmp_path: Path) -> None:
    noise = {"other": 1e-3, "none": 2e-3}
    found = measure([witness(tmp_path, noise=noise, lacks=["none"])], FED, 60)
    assert found["y"].between == "other kernels"
    assert found["y"].relative == pytest.approx(1e-3, rel=1e-3)
    assert measure([witness(tmp_path, noise=noise, lacks=["none", "other"])], FED, 60) == {}


def test_a_witness_that_cannot_run_at_all_is_left_out(tmp_path: Path) -> None:
    lost = Witness(tiny(tmp_path, fault="killed"), (), only_call)
    good = Witness(tiny(tmp_path, noise={"other": 1e-3}), (), only_call)
    assert measure([lost], FED, 60) == {}
    assert measure([lost, good], FED, 60)["y"].relative == pytest.approx(1e-3, rel=1e-3)


def test_noise_is_measured_by_what_an_output_spans_over_all_inputs(tmp_path: Path) -> None:
    dead = X * np.float32(1e-6)
    fed = ({"x": X}, {"x": dead})
    found = measure([witness(tmp_path, fed, noise={"other": 1e-7})], fed, 60)
    assert 0 < found["y"].relative < 1e-4


def test_integers_have_a_part_of_their_elements_as_noise(tmp_path: Path) -> None:
    fed = ({"x": np.arange(1000)},)
    found = measure([witness(tmp_path, fed, noise={"other": 1})], fed, 60)
    assert (found["y"].relative, found["y"].different) == (0.0, 0.001)
    assert with_noise({"y": Limit(1e-5)}, found)["y"].different == FEW_TIMES * 0.001
    assert "in 1.0e-03 of its elements" in described(found)[0]


def test_noise_widens_a_limit_to_a_few_times_of_it_and_never_narrows_one() -> None:
    limits = {"a": Limit(1e-5), "b": Limit(1e-5), "c": Limit(1e-5), "d": Limit(1e-5)}
    noise = {"a": Noise(1e-4), "b": Noise(1e-9), "c": Noise(0.9 * JUDGEABLE)}
    found = with_noise(limits, noise)
    assert found["a"] == Limit(FEW_TIMES * 1e-4)
    assert found["b"] == Limit(1e-5)
    assert found["c"].relative == 1e-5, "what is all noise is no reason to allow anything"
    assert found["d"] == Limit(1e-5)


@pytest.mark.parametrize(
    ("own", "is_all"),
    [
        (Noise(JUDGEABLE / FEW_TIMES), False),
        (Noise(JUDGEABLE / FEW_TIMES * 1.01), True),
        (Noise(0.0, JUDGEABLE / FEW_TIMES), False),
        (Noise(0.0, 0.25), True),
        (Noise(), False),
    ],
)
def test_too_much_noise_cannot_be_judged(own: Noise, is_all: bool) -> None:
    assert own.is_all is is_all
    assert bool(too_noisy({"y": own}, ["y"])) is is_all


def test_only_where_all_that_fails_is_noise_nothing_can_be_told() -> None:
    noise = {"wild": Noise(0.5, between="b"), "calm": Noise(1e-6, between="b")}
    assert too_noisy(noise, ["wild"]).startswith("wild: the source differs from itself by 5.0e-01")
    for failing in ([], ["calm"], ["wild", "calm"], ["wild", "unknown"]):
        assert too_noisy(noise, failing) == ""


def _judged(place: Path, result: Array, tolerance: Tolerance, **model: object):
    made = witness(place, **model)
    source = Source("source", FED, tuple(made.plain), witness=made)
    return judge(source, "result", [("", [{"y": result}])], Check(tolerance, 60))


def _off_by(amount: float) -> Array:
    found = X.copy()
    found[3] += np.float32(amount)
    return found


def test_a_difference_below_the_noise_is_none_and_is_said(tmp_path: Path) -> None:
    noise = {"other": 1e-3}
    judged = _judged(tmp_path, _off_by(3e-3), Tolerance(1e-5), noise=noise)
    assert judged.verdict == SAME
    assert "4 times that is allowed" in judged.notes[0]
    assert judged.comparisons[0].parity.outputs[0].limit == pytest.approx(4e-3, rel=1e-2)
    beyond = _judged(tmp_path, _off_by(5e-3), Tolerance(1e-5), noise=noise)
    assert beyond.verdict == DIFFERENT and "y: off by 0.005" in beyond.reason


def test_a_tolerance_that_the_user_chose_is_not_widened(tmp_path: Path) -> None:
    chosen = Tolerance(1e-5, chosen=True)
    assert _judged(tmp_path, _off_by(3e-3), chosen, noise={"other": 1e-3}).verdict == DIFFERENT


def test_a_source_that_is_all_noise_is_not_comparable(tmp_path: Path) -> None:
    judged = _judged(tmp_path, _off_by(0.1), Tolerance(1e-5), noise={"other": 0.1})
    assert judged.verdict == NOT_COMPARABLE
    assert "nothing can be told by these inputs" in judged.reason


@pytest.mark.parametrize(
    "result", [X[::-1].copy(), X * 0, np.full_like(X, np.nan), X.astype(np.float64), X[:5]]
)
def test_what_no_noise_explains_is_different_however_noisy_the_source(
    result: Array, tmp_path: Path
) -> None:
    judged = _judged(tmp_path, result, Tolerance(1e-5), noise={"other": 0.1})
    assert judged.verdict == DIFFERENT


def test_nan_of_a_witness_is_no_noise(tmp_path: Path) -> None:
    judged = _judged(tmp_path, _off_by(3e-3), Tolerance(1e-5), noise={"other": float("nan")})
    assert judged.verdict == DIFFERENT and judged.notes == ()


@pytest.mark.parametrize("amount", [1e-2, 1e-4])
def test_answers_that_only_one_process_gave_are_no_noise(amount: float, tmp_path: Path) -> None:
    """Every setting differs from them, and the result is right."""
    made = witness(tmp_path)
    wrong = Witness(made.runnable, [{"y": _off_by(amount)}], only_call)
    source = Source("source", FED, tuple(wrong.plain), witness=wrong)
    judged = judge(source, "result", [("", [{"y": X}])], Check(Tolerance(1e-5), 60))
    assert judged.verdict == NOT_COMPARABLE
    assert judged.reason.startswith("y: Tiny, started again, answers something else: off by")


def test_a_source_that_does_not_run_again_has_no_noise(tmp_path: Path) -> None:
    made = witness(tmp_path)
    gone = Witness(tiny(tmp_path, fault="killed"), made.plain, only_call)
    source = Source("source", FED, tuple(made.plain), witness=gone)
    judged = judge(source, "result", [("", [{"y": _off_by(1e-3)}])], Check(Tolerance(1e-5), 60))
    assert judged.verdict == NOT_COMPARABLE
    assert judged.reason.startswith("Tiny could not be run again: ")
