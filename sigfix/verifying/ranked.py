"""Compare what a model sorts, such as the best boxes of an image, where its order is noise.

Rows of about the same score change places with the last digit of it, and at the end another one
may be kept. A result may differ so where the source, by other kernels, does so itself, in the same
image: its rows are looked for a few times as far from their places as the source's own have moved,
and as few may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.comparison import LIVE, compare, range_of, spans_of
from sigfix.verifying.tolerances import FEW_TIMES, Limit
from sigfix.wording import plural

MOST = 1000
"""Rows of an image that are looked for: each is compared with each."""
COMPARED = 0.5
"""The part of all rows that has to be found for a comparison."""


@dataclass(frozen=True)
class Order:
    """Outputs that share their rows; by image, how far a row moved and how many were not found.

    `reach` counts from the first of those to the end.
    """

    names: tuple[str, ...]
    moved: Array
    lost: Array
    reach: Array
    rows: int

    @property
    def is_judgeable(self) -> bool:
        """Whether enough of the rows were found."""
        return bool(self.lost.sum() <= (1 - COMPARED) * self.rows * len(self.lost))

    def is_like(self, own: Sequence[Order]) -> bool:
        """Whether it is in no image more than a few times what those of `own` have there.

        A single row that changed places, or the last one, is a tie that none of them had. What is
        not found elsewhere than at the end never was a tie.
        """
        none = np.zeros_like(self.moved)
        moved = np.max([none, *(order.moved for order in own)], axis=0)
        lost = np.max([none, *(order.lost for order in own)], axis=0)
        return bool(
            (self.moved <= FEW_TIMES * np.maximum(moved, 1)).all()
            and (self.reach <= np.maximum(FEW_TIMES * lost, 1)).all()
        )


Ways = Sequence[tuple[str, Sequence[Arrays]]]
"""Through what a result was called, and its outputs by case."""


@dataclass(frozen=True)
class Reordered:
    """A result with its rows where the source has them; `orders` are by way and by case."""

    ways: Ways
    orders: Sequence[Sequence[Order | None]]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done, a sentence for the outputs that share their rows."""
        found: dict[str, tuple[int, int]] = {}
        for order in (order for of_way in self.orders for order in of_way if order is not None):
            names = ", ".join(order.names)
            lost, rows = found.get(names, (0, 0))
            found[names] = (lost + int(order.lost.sum()), rows + order.rows * len(order.lost))
        return tuple(
            f"{names}: rows of about the same score stand in another order, as they do in the "
            f"source itself; {lost} of {plural(rows, 'row')} had no like and were not compared"
            for names, (lost, rows) in found.items()
        )

    def is_like(self, own: Sequence[Sequence[Order | None]]) -> bool:
        """Whether the source, which has the orders `own` by setting and case, sorts no better.

        It has to have moved a row somewhere.
        """
        for of_way in self.orders:
            for case, order in enumerate(of_way):
                if order is None:
                    continue
                known = [each for of_setting in own for each in of_setting if each is not None]
                if not any(each.names == order.names and each.moved.any() for each in known):
                    return False
                here = [of_setting[case] for of_setting in own]
                if not order.is_like([o for o in here if o is not None and o.names == order.names]):
                    return False
        return True


def reordered(
    expected: Sequence[Arrays], ways: Ways, limits: Mapping[str, Limit]
) -> Reordered | None:
    """The result in the source's order of rows. None where that explains not all that differs."""
    spans, made, orders = spans_of(expected), [], []
    for through, cases in ways:
        own: list[Order | None] = []
        shown = []
        for reference, result in zip(expected, cases, strict=True):
            found = in_order_of(reference, result, limits, spans)
            if found is None and not _is_same(reference, result, limits, spans):
                return None
            shown.append(result if found is None else found[0])
            own.append(None if found is None else found[1])
        made.append((through, shown))
        orders.append(own)
    return Reordered(made, orders)


def orders_of(
    plain: Sequence[Arrays], others: Sequence[Arrays], limits: Mapping[str, Limit]
) -> list[Order | None]:
    """What order the source puts its rows in, run otherwise, case by case."""
    spans = spans_of(plain)
    pairs = zip(plain, others, strict=True)
    found = [in_order_of(one, other, limits, spans) for one, other in pairs]
    return [None if each is None else each[1] for each in found]


def _is_same(
    reference: Arrays, result: Arrays, limits: Mapping[str, Limit], spans: Mapping[str, float]
) -> bool:
    return all(row.ok or row.nothing for row in compare(reference, result, limits, spans).outputs)


def in_order_of(
    reference: Arrays, result: Arrays, limits: Mapping[str, Limit], spans: Mapping[str, float]
) -> tuple[Arrays, Order] | None:
    """`result` with its rows where `reference` has them, and how far they were from there.

    Rows that are not found are the reference's. None where nothing differs, or not by an order.
    """
    rows = compare(reference, result, limits, spans).outputs
    failing = [row.name for row in rows if not row.ok and not row.nothing]
    if not set(failing) <= set(reference):
        return None
    for axis in (1, 0):  # rows of each image, or of all
        found = _along(axis, failing, reference, result, limits, spans) if failing else None
        if found is not None and found[1].is_judgeable:
            return found
    return None


def _along(
    axis: int,
    failing: Sequence[str],
    reference: Arrays,
    result: Arrays,
    limits: Mapping[str, Limit],
    spans: Mapping[str, float],
) -> tuple[Arrays, Order] | None:
    leading = {np.shape(reference[name])[: axis + 1] for name in failing}
    if len(leading) != 1 or len(shape := leading.pop()) != axis + 1 or shape[-1] < 2:
        return None
    names = tuple(name for name, value in reference.items() if value.shape[: axis + 1] == shape)
    images, rows = (shape[0] if axis else 1), shape[-1]
    pairs, steps = [], []
    for name in names:
        one, other = reference[name], result.get(name)
        if other is None or one.shape != other.shape or one.dtype != other.dtype:
            return None
        if one.dtype.kind not in "fiub" or not np.isfinite(one).all():
            return None
        pairs.append(
            [np.reshape(value, (images, rows, -1)).astype(float) for value in (one, other)]
        )
        least = LIVE * spans.get(name, 0.0)
        span = max(range_of(one.astype(float)), least) if one.dtype.kind == "f" else 0.0
        steps.append(limits[name].relative * span)
    moved, lost, reach = (np.zeros(images, int) for _ in range(3))
    made = {name: np.reshape(result[name], (images, rows, -1)).copy() for name in names}
    for image in range(images):
        of_image = [(one[image], other[image]) for one, other in pairs]
        places = _places(of_image, steps)
        if places is None:
            return None
        found = places >= 0
        lost[image] = int((~found).sum())
        reach[image] = 0 if found.all() else rows - int(found.argmin())
        if found.any():
            moved[image] = int(np.abs(places - np.arange(rows))[found].max())
        for name in names:
            own = np.reshape(reference[name], (images, rows, -1))[image]
            made[name][image] = np.where(found[:, None], made[name][image][places], own)
    shaped = {name: np.reshape(value, np.shape(reference[name])) for name, value in made.items()}
    return {**result, **shaped}, Order(names, moved, lost, reach, rows)


def _places(pairs: Sequence[tuple[Array, Array]], steps: Sequence[float]) -> Array | None:
    """Where each row of the first of all `pairs` is in the second: -1 where nowhere.

    None where too many are not at their own place.
    """
    rows = len(pairs[0][0])
    own = np.ones(rows, bool)
    for (one, other), step in zip(pairs, steps, strict=True):
        own &= (np.abs(one - other) <= step).all(axis=1)
    places = np.where(own, np.arange(rows), -1)
    astray = np.flatnonzero(~own)
    if len(astray) > MOST:
        return None
    near = np.ones((len(astray), len(astray)), bool)
    for (one, other), step in zip(pairs, steps, strict=True):
        for column in range(one.shape[1]):
            wanted, there = one[astray, column], other[astray, column]
            near &= np.abs(wanted[:, None] - there[None]) <= step
    for number, row in enumerate(astray):
        free = np.flatnonzero(near[number])
        if len(free):
            chosen = free[np.abs(astray[free] - row).argmin()]
            places[row] = astray[chosen]
            near[:, chosen] = False
    return places
