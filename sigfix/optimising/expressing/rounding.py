"""Rules for what training for eight bits leaves in a graph: numbers rounded to a few steps.

TF.js (4.22) passes the input of the one form through, and has not the others.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import Array


def _nudged(to: Writer, low: Array, high: Array) -> tuple[Array, Array, Array]:
    """Least and largest number and the step between two, moved so that 0 is one of the steps."""
    bits, narrow = int(to.node.attr["num_bits"].i) or 8, to.node.attr["narrow_range"].b
    first, last = np.float32(1 if narrow else 0), np.float32(2**bits - 1)
    low, high = low.astype(np.float32), high.astype(np.float32)
    step = (high - low) / (last - first)
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.clip(np.floor(first - low / step + np.float32(0.5)), first, last)
    return (first - zero) * step, (last - zero) * step, step


def _rounded(to: Writer, low: Array | None, high: Array | None) -> Reference | None:
    if low is None or high is None:
        return None
    least, largest, step = _nudged(to, low, high)
    if not (step > 0).all():
        return None

    def number(value: Array) -> Reference:
        return to.constant(np.asarray(value, np.float32))

    # In TensorFlow's own order: on the edge between two steps, a last bit decides.
    x = to.add("Minimum", to.operand(0), number(largest))
    x = to.add("Maximum", x, number(least))
    steps = to.add("RealDiv", to.add("Sub", x, number(least)), number(step))
    whole = to.add("Floor", to.add("AddV2", steps, number(np.array(0.5))))
    return to.add("AddV2", to.add("Mul", whole, number(step)), number(least))


def _by_attributes(to: Writer) -> Reference | None:
    low, high = (np.array(to.node.attr[name].f, np.float32) for name in ("min", "max"))
    return _rounded(to, low, high)


def _by_operands(to: Writer) -> Reference | None:
    return _rounded(to, to.value(1), to.value(2))


ROUNDING: dict[str, Rule] = {
    "FakeQuantWithMinMaxArgs": _by_attributes,
    "FakeQuantWithMinMaxVars": _by_operands,
    "FakeQuantWithMinMaxVarsPerChannel": _by_operands,
}
"""Operator -> its rule."""
