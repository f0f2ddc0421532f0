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


def _there_and_back(to: Writer) -> Reference | None:
    """QuantizeAndDequantize with a range that is given."""
    node, low, high = to.node, to.value(1), to.value(2)
    bits = to.value(3) if len(node.input) > 3 else np.array(node.attr["num_bits"].i)
    if low is None or high is None or bits is None or not node.attr["range_given"].b:
        return None
    if low.size != 1 or high.size != 1:
        return None
    signed, narrow = node.attr["signed_input"].b, node.attr["narrow_range"].b
    most = float(2 ** (int(bits) - (1 if signed else 0)) - 1)
    least = (-most if narrow else -most - 1) if signed else 0.0
    low, high = low.astype(np.float32), high.astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(least * low > 0, np.float32(least) / low, np.finfo(np.float32).max)
        above = np.where(most * high > 0, np.float32(most) / high, np.finfo(np.float32).max)
        by_low = below < above
        step = np.where(by_low, low / np.float32(least), high / np.float32(most))
    scale = np.where(by_low, below, above)
    given = [np.where(by_low, low, step * least), np.where(by_low, step * most, high), scale, step]
    least_x, most_x, scale_x, step_x = (to.constant(np.asarray(each, np.float32)) for each in given)
    x = to.add("Maximum", to.add("Minimum", to.operand(0), most_x), least_x)
    x = to.add("Mul", x, scale_x)
    if node.attr["round_mode"].s == b"HALF_UP":
        x = to.add("Floor", to.add("AddV2", x, to.number(0.5)))
    else:
        x = to.add("Round", x)
    return to.add("Mul", x, step_x)


ROUNDING: dict[str, Rule] = {
    "FakeQuantWithMinMaxArgs": _by_attributes,
    "FakeQuantWithMinMaxVars": _by_operands,
    "FakeQuantWithMinMaxVarsPerChannel": _by_operands,
    "QuantizeAndDequantizeV2": _there_and_back,
    "QuantizeAndDequantizeV3": _there_and_back,
    "QuantizeAndDequantizeV4": _there_and_back,
}
"""Operator -> its rule."""
