"""Rules for the bits of whole numbers, which TensorFlow.js (4.22) computes nothing with.

They are taken apart by what divisions leave, and put together again: of int32 alone, whose last bit
is the sign. The wasm backend divides whole numbers as float32, which is exact for few bits only.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.expressing.gathering import rows_of
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import Array
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32

BITS = 32
HALF = 16
_POWERS = np.array([1 << n for n in range(BITS - 1)], np.int32)
_SIGN = np.iinfo(np.int32).min
_WEIGHTS = np.array([*_POWERS, _SIGN], np.int32)
"""What each bit adds."""


def _low_bits(to: Writer) -> Reference | None:
    """The last bits, as what is left of a division."""
    for place in (0, 1):
        mask = to.value(place)
        if mask is not None and mask.ndim == 0:
            count = int(mask) + 1
            if count > 1 and count & (count - 1) == 0 and count < 1 << 31:
                return to.add("FloorMod", to.operand(1 - place), to.number(count))
    return None


def _sign(to: Writer, x: Reference) -> Reference:
    """1 below 0, else 0."""
    return to.cast(to.compare("Less", x, to.number(0)), DT_BOOL, DT_INT32)


def _bits_of(to: Writer, x: Reference) -> Reference:
    """0 or 1 for each bit, in a last axis of 32."""
    x = to.expand(x, -1)
    sign = _sign(to, x)
    others = to.add("Sub", x, to.add("Mul", sign, to.number(_SIGN)))
    left = to.join([to.add("FloorMod", others, to.constant(_POWERS[1:])), others], -1)
    there = to.compare("GreaterEqual", left, to.constant(_POWERS))
    return to.join([to.cast(there, DT_BOOL, DT_INT32), sign], -1)


def _both(to: Writer) -> Reference:
    bits = to.add("Mul", *(_bits_of(to, to.operand(place)) for place in (0, 1)))
    return to.total(to.add("Mul", bits, to.constant(_WEIGHTS)), [-1])


def _and(to: Writer) -> Reference | None:
    return _low_bits(to) or _both(to)


def _or(to: Writer) -> Reference:
    """All of the one, and of the other what the one has not."""
    return to.add("AddV2", to.operand(0), to.add("Sub", to.operand(1), _both(to)))


def _xor(to: Writer) -> Reference:
    both = _both(to)
    one, other = (to.add("Sub", to.operand(place), both) for place in (0, 1))
    return to.add("AddV2", one, other)


def _powers(to: Writer, pick: Callable[[Array], Array]) -> Reference:
    """2 to the power that `pick` makes of each count: a count is 0 to 31, as TensorFlow clips it.

    Of counts that are computed by looking it up.
    """
    known = to.value(1)
    if known is not None:
        return to.constant(_POWERS[pick(np.clip(known, 0, BITS - 1))])
    places = to.add("Maximum", to.add("Minimum", to.operand(1), to.whole(BITS - 1)), to.whole(0))
    return rows_of(to, to.constant(_POWERS[pick(np.arange(BITS))]), places, DT_INT32)


def _left(to: Writer) -> Reference:
    """In two steps: TF.js's cpu backend multiplies in float64, exact below 2^53."""
    half = to.add("Mul", to.operand(0), _powers(to, lambda count: np.minimum(count, HALF - 1)))
    return to.add("Mul", half, _powers(to, lambda count: count - np.minimum(count, HALF - 1)))


def _right(to: Writer) -> Reference:
    """The upper and the lower half each, which have few bits."""
    low = to.add("FloorMod", to.operand(0), to.number(1 << HALF))
    high = to.add("FloorDiv", to.add("Sub", to.operand(0), low), to.number(1 << HALF))
    beyond = to.add("FloorDiv", high, _powers(to, lambda count: np.maximum(count - HALF, 0)))
    back = to.add("Mul", beyond, _powers(to, lambda count: np.maximum(HALF - count, 0)))
    within = to.add("FloorDiv", low, _powers(to, lambda count: np.minimum(count, HALF)))
    return to.add("AddV2", back, within)


def _invert(to: Writer) -> Reference:
    return to.add("Sub", to.add("Neg", to.operand(0)), to.number(1))


def _of_int32(rule: Rule) -> Rule:
    return lambda to: rule(to) if to.data_type == DT_INT32 else None


BITWISE: dict[str, Rule] = {
    name: _of_int32(rule)
    for name, rule in {
        "BitwiseAnd": _and,
        "BitwiseOr": _or,
        "BitwiseXor": _xor,
        "Invert": _invert,
        "LeftShift": _left,
        "RightShift": _right,
    }.items()
}
"""Operator -> its rule."""
