"""Loop and Scan, whose steps are counted before or while the model runs."""

from __future__ import annotations

from typing import Any

from tests.onnx_models.building import drawn, parsed

BODY = """<
    body = step (int64 i, bool go, float[n, 4] h) =>
        (bool on, float[n, 4] next, float[n, 4] shown) {
        on = Identity(go)
        mixed = MatMul(h, m)
        moved = Add(mixed, x)
        next = Tanh(moved)
        share = Cast<to = 1>(i)
        shown = Mul(next, share)
    }>"""


def counted(opset: int = 17) -> Any:
    """A recurrence of five steps, whose states are stacked."""
    text = f"""g (float[n, 4] x) => (float[n, 4] last, float[t, n, 4] states) {{
        five = Constant<value = int64 {{5}}>()
        go = Constant<value = bool {{1}}>()
        last, states = Loop(five, go, x){BODY}
    }}"""
    return parsed(text, opset, {"m": drawn(1, 4, 4)})


def counted_by_input(opset: int = 17) -> Any:
    """As many steps as an input says."""
    text = f"""g (float[n, 4] x, int64 times) => (float[n, 4] last, float[t, n, 4] states) {{
        go = Constant<value = bool {{1}}>()
        last, states = Loop(times, go, x){BODY}
    }}"""
    return parsed(text, opset, {"m": drawn(1, 4, 4)})


def until(opset: int = 17) -> Any:
    """Steps until a number is large enough, which nobody knows before."""
    text = """g (float[1, 4] x) => (float[1, 4] last) {
        most = Constant<value = int64 {50}>()
        go = Constant<value = bool {1}>()
        last = Loop(most, go, x)<
            body = step (int64 i, bool go_on, float[1, 4] h) => (bool on, float[1, 4] next) {
                next = Mul(h, factor)
                sum = ReduceSum<keepdims = 0>(next)
                on = Less(sum, limit)
            }>
    }"""
    import numpy as np

    limit = {"limit": np.float32(40), "factor": np.full(4, 1.3, np.float32)}
    return parsed(text, opset, limit)


def scanned(steps: int | str = 6, options: str = "") -> Any:
    """A Scan: a running sum with decay, forwards; over an open length where `steps` is a name."""
    text = f"""g (float[{steps}, 4] x) => (float[4] last, float[{steps}, 4] sums) {{
        zero = Constant<value = float[4] {{0.0, 0.0, 0.0, 0.0}}>()
        last, sums = Scan<num_scan_inputs = 1, {options}
            body = step (float[4] s, float[4] item) => (float[4] next, float[4] shown) {{
                less = Mul(s, decay)
                next = Add(less, item)
                shown = Identity(next)
            }}>(zero, x)
    }}"""
    return parsed(text, 17, {"decay": drawn(1, 4)})


def scanned_open() -> Any:
    """Backwards over any number of steps."""
    return scanned("t", "scan_input_directions = [1],")


def gathering() -> Any:
    """Rows added one after another, begun with none, as the masks of a Mask R-CNN are."""
    import numpy as np

    text = """g (float[n, m, 4] x) => (float[k, p, 4] y) {
        shape = Shape(x)
        count = Gather(shape, at)
        rest = Slice(shape, one, three)
        sizes = Concat<axis = 0>(zero, rest)
        none = ConstantOfShape(sizes)
        yes = Constant<value = bool {1}>()
        y = Loop(count, yes, none)<
            body = b (int64 i, bool c, float[0, q, 4] kept) => (bool d, float[r, s, 4] grown) {
                d = Identity(c)
                row = Gather(x, i)
                up = Unsqueeze(row, zero)
                twice = Add(up, up)
                grown = Concat<axis = 0>(kept, twice)
            }>
    }"""
    places = {
        "at": np.array(0),
        "zero": np.array([0]),
        "one": np.array([1]),
        "three": np.array([3]),
    }
    return parsed(text, 17, places)
