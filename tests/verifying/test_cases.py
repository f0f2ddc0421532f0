"""Made-up inputs: what is drawn, in which order it is tried, and how little of it beforehand."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.planning.edits import Component, InputPlan
from sigfix.planning.steps import Normalize
from sigfix.verifying.inputs.cases import (
    BATCHES,
    DYNAMIC_SIZES,
    INTEGER_LIMITS,
    MOST_ELEMENTS,
    Given,
    batch_of,
    has_dynamic_batch,
    made_up,
)
from sigfix.verifying.inputs.contents import (
    CONTENTS,
    IMAGE_CONTENTS,
    OTHER_CONTENTS,
    picks_the_best,
)

MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.1)


def plan(name: str, dtype: str, shape: Any, **more: Any) -> InputPlan:
    return InputPlan(name, dtype, shape, name, **more)


IMAGE = plan("image", "float32", (None, 8, 10, 3))
ROWS = plan("x", "float32", (None, 50))


def first(*inputs: InputPlan, batch: int = 4, **options: Any) -> Mapping[str, Any]:
    (case,) = made_up(inputs, batches=(batch,), **options)
    return next(case.attempts())


def test_a_dynamic_batch_is_compared_as_one_and_as_four() -> None:
    cases = made_up([IMAGE])
    assert BATCHES == (1, 4)
    assert [case.batch for case in cases] == [1, 4]
    shapes = [next(case.attempts())["image"].shape for case in cases]
    assert shapes == [(1, 8, 10, 3), (4, 8, 10, 3)]


def test_a_fixed_batch_is_compared_with_two_contents() -> None:
    one, other = made_up([plan("x", "float32", (1, 50))])
    first_value, second_value = next(one.attempts())["x"], next(other.attempts())["x"]
    assert first_value.shape == second_value.shape == (1, 50)
    assert one.described != other.described
    assert not np.array_equal(first_value, second_value)


def test_integers_of_a_fixed_shape_are_compared_once() -> None:
    assert len(made_up([plan("ids", "int64", (1, 50))])) == 1
    assert len(made_up([])) == 1
    assert next(dict(inputs) for inputs in made_up([])[0].attempts()) == {}


def test_the_same_seed_draws_the_same_numbers_in_any_order_of_inputs() -> None:
    one, other = first(IMAGE, ROWS), first(ROWS, IMAGE)
    for name in ("image", "x"):
        np.testing.assert_array_equal(one[name], other[name])
    again = first(IMAGE, ROWS, seed=1)
    assert not np.array_equal(one["x"], again["x"])


def test_a_case_draws_the_same_in_another_process() -> None:
    (case,) = made_up([IMAGE, plan("ids", "int32", (None,))], batches=(4,))
    here, there = next(case.attempts()), next(pickle.loads(pickle.dumps(case)).attempts())
    for name, value in here.items():
        np.testing.assert_array_equal(value, there[name])


def test_two_inputs_of_one_shape_are_different() -> None:
    drawn = first(plan("left", "float32", (None, 50)), plan("right", "float32", (None, 50)))
    assert not np.array_equal(drawn["left"], drawn["right"])


DTYPES = (
    *("float16", "float32", "float64", "bfloat16", "complex64", "complex128", "bool"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_scalars(dtype: str) -> None:
    drawn = first(plan("a", dtype, (None, 50)), plan("b", dtype, ()), batch=3)
    assert (drawn["a"].dtype.name, drawn["b"].dtype.name) == (dtype, dtype)
    assert (drawn["a"].shape, drawn["b"].shape) == ((3, 50), ())
    assert len(np.unique(drawn["a"])) > 1
    if "int" in dtype:
        assert int(drawn["a"].min()) >= 0 and int(drawn["a"].max()) < INTEGER_LIMITS[0]


def test_pictures_of_bytes_use_the_whole_range() -> None:
    drawn = first(plan("image", "uint8", (None, 64, 64, 3)))["image"]
    assert drawn.dtype == np.uint8
    assert drawn.min() == 0 and drawn.max() > 200


def test_strings_are_bytes_that_are_not_all_the_same() -> None:
    words = first(plan("s", "string", (None, 20)))["s"]
    assert (words.dtype, words.shape) == (object, (4, 20))
    assert all(isinstance(word, bytes) and word for word in words.ravel())
    assert len(set(words.ravel())) > 1


@pytest.mark.parametrize("dtype", ["resource", "variant", "no_such_type"])
def test_what_no_array_can_hold_is_said_at_once(dtype: str) -> None:
    with pytest.raises(NotVerifiedError, match=f"'x': it is of dtype {dtype}"):
        made_up([plan("x", dtype, ())])


def test_sizes_of_open_dimensions_are_tried_in_turn() -> None:
    (case,) = made_up([plan("x", "float32", (None, 4, None))], batches=(2,))
    shapes = [attempt["x"].shape for attempt in case.attempts()]
    assert shapes[: len(DYNAMIC_SIZES)] == [(2, 4, size) for size in DYNAMIC_SIZES]
    assert DYNAMIC_SIZES[0] == 64
    (closed,) = made_up([plan("x", "float32", (None, 4, 5))], batches=(2,))
    assert {attempt["x"].shape for attempt in closed.attempts()} == {(2, 4, 5)}


def test_all_open_dimensions_of_an_attempt_have_one_size() -> None:
    """Two sequences that a model adds must be equally long."""
    pair = [plan("x", "float32", (None, None)), plan("mask", "int32", (None, None))]
    for attempt in made_up(pair, batches=(2,))[0].attempts():
        assert attempt["x"].shape == attempt["mask"].shape


def test_integers_are_drawn_below_falling_limits_and_are_zero_in_the_end() -> None:
    (case,) = made_up([plan("ids", "int64", (None, 400))], batches=(4,))
    attempts = [attempt["ids"] for attempt in case.attempts()]
    assert [int(ids.max()) for ids in attempts] == [*(limit - 1 for limit in INTEGER_LIMITS), 9, 0]
    assert [int(ids.min()) for ids in attempts] == [*(0 for _ in INTEGER_LIMITS), 1, 0], "sizes"


def test_the_last_attempts_are_zeros_and_empty_strings() -> None:
    inputs = [ROWS, plan("s", "string", (None,)), plan("flag", "bool", ())]
    *_, last = made_up(inputs, batches=(2,))[0].attempts()
    assert not last["x"].any() and not last["flag"]
    assert last["s"].tolist() == [b"", b""]


def test_an_unknown_rank_is_tried_as_several() -> None:
    (case,) = made_up([plan("x", "float32", None)], batches=(2,))
    shapes = list(dict.fromkeys(attempt["x"].shape for attempt in case.attempts()))
    assert shapes == [(2,), (2, 8), (2, 32, 32, 3)]


@pytest.mark.parametrize("dtype", ["float32", "string", "int64"])
@pytest.mark.parametrize("rank", [3, 5, 7])
def test_nothing_is_drawn_before_it_is_asked_for(rank: int, dtype: str) -> None:
    """Of five open dimensions the first attempt alone would have 16 million numbers."""
    tracemalloc.start()
    try:
        (case,) = made_up([plan("x", dtype, (None,) * rank)], batches=(1,))
        attempts = case.attempts()
        assert tracemalloc.get_traced_memory()[1] < 1e6
        assert len(pickle.dumps(case)) < 10_000
        assert len(pickle.dumps(made_up([plan("x", dtype, (None,) * rank)]))) < 20_000
        if rank == 7:
            assert next(attempts)["x"].shape == (1, *[8] * 6), "64 and more are too many"
            assert tracemalloc.get_traced_memory()[1] < 64e6
    finally:
        tracemalloc.stop()


def test_attempts_that_are_too_large_are_left_out() -> None:
    (case,) = made_up([plan("x", "float32", (None, *[None] * 5))], batches=(1,))
    shapes = [attempt["x"].shape for attempt in islice(case.attempts(), 3)]
    assert shapes == [(1, *[8] * 5)] * 2  # noise, then zeros: 64, 32 and 224 are too many
    fixed = [plan("x", "float32", (None, MOST_ELEMENTS + 1))]
    assert list(made_up(fixed, batches=(1,))[0].attempts()) == []


def test_every_row_of_a_batch_has_a_kind_of_content_of_its_own() -> None:
    rows = first(ROWS, batch=len(OTHER_CONTENTS))["x"]
    found = dict(zip(OTHER_CONTENTS, rows, strict=True))
    assert not found["zeros"].any()
    assert sorted(set(found["one-hot"])) == [0, 1] and found["one-hot"].sum() == 1
    assert found["uniform"].min() >= 0 and found["uniform"].max() <= 1
    assert np.abs(found["wide"]).max() > np.abs(found["normal"]).max() > 1


def test_the_cases_together_try_more_kinds_than_one_of_them() -> None:
    one, four = made_up([IMAGE])
    assert len(one.described) == 1 and len(four.described) == 4
    titles = [CONTENTS[name][0] for name in IMAGE_CONTENTS]
    assert sorted({*one.described, *four.described}) == sorted(titles)
    assert made_up([plan("ids", "int32", (None,))])[0].described == ()


def test_no_two_places_are_equal_for_a_model_that_picks_the_best() -> None:
    wide = plan("image", "float32", (None, 160, 160, 3))
    for picks in (False, True):
        pictures = first(wide, picks=picks)["image"]
        rows = first(ROWS, picks=picks)["x"]
        # The first is a page, white as it is: many of its places are equal.
        assert (len(set(pictures[0].reshape(-1))) > 70_000) is picks
        assert all(len(set(row)) == 50 for row in rows) is picks
    assert picks_the_best(["Conv2D", "CombinedNonMaxSuppression"])
    assert not picks_the_best(["Conv2D", "ArgMax"])


def test_a_picture_is_the_same_channels_first_and_last() -> None:
    last = first(plan("i", "float32", (None, 32, 48, 3)), batch=1)["i"]
    before = first(plan("i", "float32", (None, 3, 32, 48)), batch=1)["i"]
    assert np.ptp(last) > 0.3, "a page of text is not blank"
    np.testing.assert_array_equal(before, last.transpose(0, 3, 1, 2))


def test_images_are_normalised_by_channel_wherever_the_channels_are() -> None:
    shapes = ((None, 16, 20, 3), (None, 3, 16, 20))
    for shape, back in zip(shapes, ((0, 1, 2, 3), (0, 2, 3, 1)), strict=True):
        plain = first(plan("i", "float32", shape))["i"].transpose(back)
        scaled = first(plan("i", "float32", shape), normalise=(MEAN, STD))["i"].transpose(back)
        np.testing.assert_allclose(scaled * STD + MEAN, plain, atol=1e-6)
        assert scaled.dtype == np.float32


def test_only_images_are_normalised() -> None:
    scale = plan("scale", "float32", ())
    plain, scaled = first(IMAGE, scale), first(IMAGE, scale, normalise=(MEAN, STD))
    np.testing.assert_array_equal(plain["scale"], scaled["scale"])
    assert not np.array_equal(plain["image"], scaled["image"])


def test_what_a_signature_normalises_is_drawn_so_that_noise_comes_out() -> None:
    step = Normalize((100.0, 100.0, 100.0), (50.0, 50.0, 50.0), 1.0)
    drawn = first(plan("x", "float32", (None, 1000), steps=(step,)))["x"]
    plain = first(plan("x", "float32", (None, 1000)))["x"]
    np.testing.assert_allclose((drawn - 100) / 50, plain, atol=1e-4)


def _sparse(part: str, dtype: str, shape: Any) -> InputPlan:
    return plan(f"s_{part}", dtype, shape, component=Component("s", "sparse", part, (None, 7)))


def test_the_parts_of_a_sparse_input_fit_each_other() -> None:
    parts = [
        _sparse("values", "float32", (None,)),
        _sparse("indices", "int64", (None, 2)),
        _sparse("dense_shape", "int64", (2,)),
    ]
    drawn = first(*parts, batch=3)
    assert drawn["s_dense_shape"].tolist() == [3, 7]
    assert drawn["s_indices"].shape == (3, 2) and drawn["s_values"].shape == (3,)
    assert (drawn["s_indices"] < drawn["s_dense_shape"]).all()
    assert batch_of(parts[2:], drawn) == 3


def test_rows_of_a_ragged_input_have_several_lengths() -> None:
    component = {"of": "r", "kind": "ragged"}
    parts = [
        plan("r_values", "int64", (None,), component=Component(part="values", **component)),
        plan("r_splits", "int64", (None,), component=Component(part="row_splits_0", **component)),
    ]
    drawn = first(*parts, batch=3)
    assert drawn["r_splits"].tolist() == [0, 1, 3, 6]
    assert drawn["r_values"].shape == (6,)
    assert batch_of(parts[1:], drawn) == 3


def test_what_is_given_is_the_only_attempt() -> None:
    arrays = {"x": np.zeros(3)}
    assert list(Given(arrays).attempts()) == [arrays]


def test_the_batch_is_dynamic_where_the_first_dimension_is_open() -> None:
    for shape, dynamic in (((None, 3), True), ((1, None), False), ((), False), (None, True)):
        assert bool(has_dynamic_batch([plan("x", "float32", shape)])) is dynamic


def test_strings_are_pictures_and_numbers_where_words_are_refused() -> None:
    """What a model decodes: a picture in a file, the same in letters, a number."""
    tf = pytest.importorskip("tensorflow")
    inputs = [plan("files", "string", (None,)), plan("more", "float32", (None, 2))]
    for case in made_up(inputs):
        words, *others = islice(case.attempts(), 4)
        assert set(words["files"]) <= {b"a", b"the quick brown fox", b"42"}
        pictures, numbers, letters = (item["files"] for item in others)
        for file, number, text in zip(pictures, numbers, letters, strict=True):
            assert tf.io.decode_jpeg(file, channels=3).shape == (32, 32, 3)
            assert tf.io.decode_png(tf.io.decode_base64(text)).dtype == tf.uint8
            assert float(tf.strings.to_number(number)) >= 1
        assert all(np.array_equal(item["more"], words["more"]) for item in others)
    assert len(list(made_up([plan("x", "float32", (None, 3))])[0].attempts())) == 2, "no strings"
