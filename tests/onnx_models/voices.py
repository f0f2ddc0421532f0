"""Models of sound that carry a state, and choose by a sampling rate or by a shape."""

from __future__ import annotations

from typing import Any

from tests.onnx_models.building import drawn, parsed


def _weights() -> dict[str, Any]:
    return {
        "spectrum": drawn(1, 16, 1, 32), "w": drawn(2, 1, 32, 16), "r": drawn(3, 1, 32, 8),
        "b": drawn(4, 1, 64), "head": drawn(5, 1, 8, 1), "small": drawn(6, 16, 1, 32),
    }  # fmt: skip


BODY = """
        padded = Pad<mode = "reflect">(one_row, edges)
        wide = Conv<kernel_shape = [32], strides = [16]>(padded, WINDOW)
        size = Abs(wide)
        steps = Transpose<perm = [2, 0, 1]>(size)
        z = Constant<value = int64 {0}>()
        o = Constant<value = int64 {1}>()
        h0 = Gather<axis = 0>(state, z)
        c0 = Gather<axis = 0>(state, o)
        front = Constant<value = int64[1] {0}>()
        h1 = Unsqueeze(h0, front)
        c1 = Unsqueeze(c0, front)
        out, h2, c2 = LSTM<hidden_size = 8>(steps, w, r, b, none, h1, c1)
        new_state = Concat<axis = 0>(h2, c2)
        last = Constant<value = int64[1] {1}>()
        flat = Squeeze(out, last)
        turned = Transpose<perm = [1, 2, 0]>(flat)
        logits = Conv<kernel_shape = [1]>(turned, head)
        wave = Sigmoid(logits)
        speech = ReduceMean<axes = [2], keepdims = 0>(wave)
""".replace("none,", ",")


def by_shape(opset: int = 16) -> Any:
    """As silero-VAD's half precision file: If asks for the rank, and for the number of samples."""
    text = f"""g (float[batch, samples] input, float[2, batch, 8] state) =>
        (float[batch, 1] speech, float[2, batch, 8] new_state) {{
        edges = Constant<value = int64[6] {{0, 0, 8, 0, 0, 8}}>()
        middle = Constant<value = int64[1] {{1}}>()
        one_row = Unsqueeze(input, middle)
        shape = Shape(input)
        at = Constant<value = int64 {{1}}>()
        samples0 = Gather<axis = 0>(shape, at)
        limit = Constant<value = int64 {{100}}>()
        is_long = Greater(samples0, limit)
        window = If(is_long)<
            then_branch = long () => (float[16, 1, 32] t) {{ t = Identity(spectrum) }},
            else_branch = short () => (float[16, 1, 32] e) {{ e = Identity(small) }}
        >
        {BODY.replace("WINDOW", "window")}
    }}"""
    return parsed(text, opset, _weights())


def by_rate(opset: int = 16) -> Any:
    """As silero-VAD: If compares the sampling rate `sr`, an input, with 16000."""
    text = f"""g (float[batch, samples] input, float[2, batch, 8] state, int64 sr) =>
        (float[batch, 1] speech, float[2, batch, 8] new_state) {{
        edges = Constant<value = int64[6] {{0, 0, 8, 0, 0, 8}}>()
        middle = Constant<value = int64[1] {{1}}>()
        one_row = Unsqueeze(input, middle)
        rate = Constant<value = int64 {{16000}}>()
        is_fast = Equal(sr, rate)
        window = If(is_fast)<
            then_branch = fast () => (float[16, 1, 32] t) {{ t = Identity(spectrum) }},
            else_branch = slow () => (float[16, 1, 32] e) {{ e = Neg(small) }}
        >
        {BODY.replace("WINDOW", "window")}
    }}"""
    return parsed(text, opset, _weights())
