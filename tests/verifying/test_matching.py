"""Which tensors of two models belong together, and how images lie in them."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.model import TensorSpec
from sigfix.verifying.feeding import Renamed
from sigfix.verifying.matching import Pair, narrowed, pair_tensors, turned_back

FIRST, LAST = (None, 3, 32, 128), (None, 32, 128, 3)


def spec(name: str, shape: tuple[int | None, ...] | None) -> TensorSpec:
    return TensorSpec("float32", shape, name)


def test_by_name_as_tensorflow_spells_it() -> None:
    left = (spec("a.b", (1,)), spec("c", (2,)))
    right = (spec("c", (2,)), spec("a_b", (1,)))
    assert pair_tensors(left, right, "input") == [Pair("a.b", "a_b"), Pair("c", "c")]


def test_lone_tensors_belong_together() -> None:
    assert pair_tensors((spec("x", None),), (spec("images", LAST),), "input") == [
        Pair("x", "images")
    ]


def test_other_names_are_refused() -> None:
    with pytest.raises(BlockedError, match="a, b in one model, a, c in the other") as caught:
        pair_tensors((spec("a", ()), spec("b", ())), (spec("a", ()), spec("c", ())), "output")
    assert "--rename" in (caught.value.hint or "")


@pytest.mark.parametrize(("one", "other"), [(FIRST, LAST), (LAST, FIRST)])
def test_images_are_turned(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> None:
    pairs = pair_tensors((spec("x", one),), (spec("y", other),), "input")
    array = np.random.default_rng(0).random([2 if size is None else size for size in one])
    orders = {pair.right: pair.order for pair in pairs if pair.order is not None}
    there = Renamed({pair.right: pair.left for pair in pairs}, orders)({"x": array})
    assert there["y"].shape == tuple(2 if size is None else size for size in other)
    np.testing.assert_array_equal(turned_back(there, pairs)["x"], array)


def test_what_is_missing_or_no_image_is_left_for_the_comparison() -> None:
    pairs = pair_tensors((spec("x", FIRST),), (spec("y", LAST),), "output")
    assert turned_back({"z": np.zeros(2)}, pairs) == {}
    assert turned_back({"y": np.zeros((4, 5))}, pairs)["x"].shape == (4, 5)


def test_square_images_with_as_many_channels_are_left_alone() -> None:
    (pair,) = pair_tensors((spec("x", (1, 3, 3, 3)),), (spec("x", (1, 3, 3, 3)),), "input")
    assert pair.order is None


def test_sizes_that_the_other_model_fixes() -> None:
    open_first = spec("x", (None, 3, None, None))
    (pair,) = pair_tensors((open_first,), (spec("x", LAST),), "input")
    assert narrowed(open_first, spec("x", LAST), pair.order) == FIRST
    assert narrowed(spec("x", None), spec("x", (None, 4)), None) == (None, 4)
