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
    array = np.zeros([2 if size is None else size for size in one])
    (pair,) = pairs
    turned = Renamed({"y": "x"}, {"y": pair.order})({"x": array})["y"]
    assert turned.shape == tuple(2 if size is None else size for size in other)
    assert turned_back({"y": turned, "another": array}, pairs)["x"].shape == array.shape
    numbered = np.arange(array.size).reshape(array.shape)
    there = Renamed({"y": "x"}, {"y": pair.order})({"x": numbered})
    assert (turned_back(there, pairs)["x"] == numbered).all()


def test_square_images_with_as_many_channels_are_left_alone() -> None:
    (pair,) = pair_tensors((spec("x", (1, 3, 3, 3)),), (spec("x", (1, 3, 3, 3)),), "input")
    assert pair.order is None


def test_sizes_that_the_other_model_fixes() -> None:
    open_first = spec("x", (None, 3, None, None))
    (pair,) = pair_tensors((open_first,), (spec("x", LAST),), "input")
    assert narrowed(open_first, spec("x", LAST), pair.order) == FIRST
    assert narrowed(spec("x", None), spec("x", (None, 4)), None) == (None, 4)
