"""What a comparison comes to: "same" of something, and of nothing never."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.tolerances import Limit, Tolerance
from sigfix.verifying.verdict import (
    DIFFERENT,
    NOT_COMPARABLE,
    SAME,
    Comparison,
    Verification,
    compare_cases,
    limits_for,
    verdict_of,
)

STAGES = ("one", "other")
NAN, INF = np.nan, np.inf


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


def compared(
    references: list[Arrays],
    results: list[Arrays],
    relative: float = 1e-5,
    limits: dict[str, Limit] | None = None,
    through: str = "",
) -> tuple[Comparison, ...]:
    found = limits or limits_for(references, Tolerance(relative))
    return compare_cases(STAGES, references, results, [1] * len(references), found, through=through)


def verdict(references: list[Arrays], results: list[Arrays], **more: float) -> tuple[str, str]:
    return verdict_of(compared(references, results, **more), len(references))


Y = {"y": f32(0, 1, 2)}


def test_equal_outputs_are_the_same() -> None:
    assert verdict([Y, Y], [dict(Y), dict(Y)]) == (SAME, "")


@pytest.mark.parametrize("expected", [0, 1, 2, 6])
def test_no_comparison_is_never_the_same(expected: int) -> None:
    assert verdict_of((), expected)[0] == NOT_COMPARABLE


@pytest.mark.parametrize("expected", [1, 3, 4])
def test_fewer_or_more_comparisons_than_expected_are_not_comparable(expected: int) -> None:
    rows = compared([Y, Y], [Y, Y])
    found, reason = verdict_of(rows, expected)
    assert found == NOT_COMPARABLE
    noun = "comparison" if expected == 1 else "comparisons"
    assert reason == f"2 of {expected} {noun} could be made"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_result_is_an_error_and_not_a_shorter_list(lost: int) -> None:
    with pytest.raises(ValueError, match="argument"):
        compared([Y] * 2, [Y] * (2 - lost))
    with pytest.raises(ValueError, match="argument"):
        compared([Y] * (2 - lost), [Y] * 2, limits={"y": Limit(1e-5)})


def test_a_model_without_outputs_is_not_comparable() -> None:
    assert verdict([{}], [{}]) == (NOT_COMPARABLE, "the reference has no output to compare")
    assert verdict([{}], [Y])[0] == NOT_COMPARABLE
    assert verdict([Y, {}], [Y, {}])[0] == NOT_COMPARABLE


def test_a_missing_an_extra_and_a_swapped_output_are_different() -> None:
    two = {"a": f32(0, 1), "b": f32(5, 9)}
    assert verdict([two], [{"a": two["a"]}]) == (DIFFERENT, "b: missing from the result")
    assert verdict([two], [{**two, "c": f32(1)}]) == (DIFFERENT, "c: not in the reference")
    assert verdict([two], [{"a": two["b"], "b": two["a"]}])[0] == DIFFERENT
    assert verdict([two], [{}])[0] == DIFFERENT


def test_an_output_that_is_missing_in_one_of_several_cases_is_different() -> None:
    two = {"a": f32(0, 1), "b": f32(5, 9)}
    assert verdict([two] * 3, [two, {"a": two["a"]}, two])[0] == DIFFERENT


@pytest.mark.parametrize(
    "result",
    [
        np.array([0, 1, 2], np.float64),
        np.array([0, 1, 2], np.float16),
        np.array([0, 1, 2], np.int32),
        np.array([[0, 1, 2]], np.float32),
        np.array([0, 1], np.float32),
        np.array(0, np.float32),
    ],
)
def test_another_dtype_or_shape_is_different(result: Array) -> None:
    assert verdict([Y], [{"y": result}], relative=1e9)[0] == DIFFERENT


@pytest.mark.parametrize(
    "nothing",
    [np.zeros((0, 3), np.float32), f32(NAN, NAN, NAN), f32(INF, INF, -INF), np.zeros(0, np.int64),
     np.zeros((2, 0), object)],
)  # fmt: skip
def test_an_output_that_never_has_a_number_is_not_comparable(nothing: Array) -> None:
    found, reason = verdict([{"y": nothing}] * 2, [{"y": nothing}] * 2)
    assert found == NOT_COMPARABLE
    assert reason.startswith("y: it ")
    both = {"x": f32(1, 2), "y": nothing}
    assert verdict([both], [dict(both)])[0] == NOT_COMPARABLE


def test_an_output_that_is_empty_for_some_inputs_is_compared_by_the_others() -> None:
    boxes = [{"y": np.zeros((0, 4), np.float32)}, {"y": np.eye(4, dtype=np.float32)}]
    assert verdict(boxes, boxes) == (SAME, "")
    assert verdict(boxes[::-1], boxes[::-1]) == (SAME, "")
    wrong = [boxes[0], {"y": np.eye(4, dtype=np.float32)[::-1]}]
    assert verdict(boxes, wrong)[0] == DIFFERENT
    assert verdict(boxes, [boxes[1], boxes[1]])[0] == DIFFERENT, "found where there is nothing"


def test_each_way_of_calling_needs_something_to_compare() -> None:
    """What one loader computes says nothing of the other."""
    full, empty = [Y], [{"y": f32(NAN, NAN, NAN)}]
    rows = (
        *compared(full, full, through="a loader"),
        *compared(empty, empty, through="another"),
    )
    assert verdict_of(rows, 2)[0] == NOT_COMPARABLE


def test_nan_on_one_side_is_different_in_both_directions() -> None:
    for one, other in ((f32(0, 1, 2), f32(0, NAN, 2)), (f32(0, NAN, 2), f32(0, 1, 2))):
        found, reason = verdict([{"y": one}], [{"y": other}], relative=1e9)
        assert found == DIFFERENT and "on one side only" in reason
    all_nan = {"y": f32(NAN, NAN, NAN)}
    assert verdict([Y], [all_nan], relative=1e9)[0] == DIFFERENT
    assert verdict([all_nan], [Y], relative=1e9)[0] == DIFFERENT


def test_a_difference_is_found_behind_any_number_of_equal_outputs() -> None:
    many = {f"y{index}": f32(index, index + 1) for index in range(20)}
    for place in (0, 9, 19):
        wrong = {**many, f"y{place}": f32(place, place + 2)}
        found, reason = verdict([many] * 3, [many, wrong, many])
        assert found == DIFFERENT and reason.startswith(f"y{place}: off by")


def test_the_reason_says_through_what_it_was_called() -> None:
    rows = compared([Y], [{"y": f32(9, 9, 9)}], through="the v1 loader")
    assert verdict_of(rows, 1)[1].startswith("through the v1 loader, y: off by")


def test_what_spans_little_for_some_inputs_is_measured_by_what_it_spans_for_others() -> None:
    """A detector that finds nothing answers 1e-5 of a probability: its noise is no difference."""
    live, dead = {"p": f32(0, 0.5, 1)}, {"p": f32(1e-7, 2e-7, 3e-7)}
    noisy = {"p": f32(1e-7, 2.1e-7, 3e-7)}
    assert verdict([dead], [noisy])[0] == DIFFERENT
    assert verdict([live, dead], [live, noisy]) == (SAME, "")
    assert verdict([dead, live], [noisy, live]) == (SAME, "")
    wrong = {"p": f32(1e-7, 1e-3, 3e-7)}
    assert verdict([live, dead], [live, wrong])[0] == DIFFERENT


def test_a_span_of_one_output_says_nothing_of_another() -> None:
    reference = [{"large": f32(0, 1e6), "small": f32(0, 1e-6)}]
    result = [{"large": f32(0, 1e6), "small": f32(0, 2e-6)}]
    assert verdict(reference, result)[0] == DIFFERENT


def test_integers_booleans_and_strings_are_exact_unless_a_limit_says_otherwise() -> None:
    for array, other in (
        (np.arange(10), np.arange(10) + (np.arange(10) == 3)),
        (np.zeros(10, bool), np.arange(10) == 3),
        (np.array([b"a"] * 10, object), np.array([b"a"] * 9 + [b"b"], object)),
    ):
        reference, result = [{"y": array}], [{"y": other}]
        assert verdict(reference, result, relative=1e9)[0] == DIFFERENT
        for different, same in ((0.0, False), (0.05, False), (0.1, True)):
            rows = compared(reference, result, limits={"y": Limit(1e9, different)})
            assert (verdict_of(rows, 1)[0] == SAME) is same


def test_a_limit_of_elements_is_a_part_of_each_case_s_own() -> None:
    """One of a thousand words may be read differently; that does not excuse one of two."""
    many, few = {"y": np.zeros(1000, np.int64)}, {"y": np.zeros(2, np.int64)}
    other_many = {"y": (np.arange(1000) < 10).astype(np.int64)}
    other_few = {"y": np.array([0, 1])}
    limits = {"y": Limit(0.0, 0.01)}
    assert verdict_of(compared([many, few], [other_many, few], limits=limits), 2)[0] == SAME
    for references, results in (([many, few], [many, other_few]), ([few, many], [other_few, many])):
        assert verdict_of(compared(references, results, limits=limits), 2)[0] == DIFFERENT


def test_limits_are_those_of_each_output_s_dtype() -> None:
    half = np.zeros(3, np.float16)
    limits = limits_for([{"a": f32(0), "b": half}, {"c": np.zeros(2)}], Tolerance(1e-5))
    assert limits["a"].relative == limits["c"].relative == 1e-5
    assert limits["b"].relative == pytest.approx(4 / 2048)
    chosen = limits_for([{"a": f32(0), "b": half}], Tolerance(1e-5, chosen=True))
    assert chosen["b"].relative == 1e-5


def test_a_verification_is_ok_only_where_it_is_the_same() -> None:
    rows = compared([Y, Y], [Y, Y], through="a loader")
    assert Verification("k", SAME, rows).ok
    assert not Verification("k", DIFFERENT, rows).ok
    assert not Verification("k", NOT_COMPARABLE, rows).ok
    found = Verification("k", SAME, rows)
    assert (found.batches, found.through, found.largest) == ((1,), "a loader", 0.0)
