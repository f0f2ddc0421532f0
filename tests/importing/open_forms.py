"""Nodes whose inputs' sizes are known while the model runs alone, in ONNX's text form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class OpenForm:
    """A graph with dynamic sizes, and the sizes of each input that it is run with.

    `weights` are initialisers by name: a shape (drawn), or an array.
    """

    name: str
    text: str
    sizes: tuple[Shapes, ...]
    weights: tuple[tuple[str, Any], ...] = ()
    opset: int = 17


def _image(
    body: str,
    opset: int = 17,
    sizes: tuple[tuple[int, int], ...] = ((6, 9), (13, 5)),
    result: str = "float",
    **weights: Any,
) -> OpenForm:
    text = f"g (float[b, 4, h, w] x) => ({result}[b, c, p, q] y) {{ {body} }}"
    shapes = tuple({"x": (2, 4, *size)} for size in sizes)
    return OpenForm(" ".join(body.split())[-80:], text, shapes, tuple(weights.items()), opset)


def _rows(body: str, result: str = "float[b, s, c]", opset: int = 17, **weights: Any) -> OpenForm:
    text = f"g (float[b, t, 6] x) => ({result} y) {{ {body} }}"
    shapes = tuple({"x": (2, t, 6)} for t in (5, 9))
    return OpenForm(" ".join(body.split())[-80:], text, shapes, tuple(weights.items()), opset)


KERNEL = "kernel_shape = [3, 3], strides = [2, 2]"
PADS = "pads = [1, 1, 1, 1]"
OPEN_FORMS: tuple[OpenForm, ...] = (
    _image(f"y = Conv<{KERNEL}, {PADS}>(x, k)", k=(5, 4, 3, 3)),
    _image("y = Conv<kernel_shape = [3, 3], auto_pad = \"SAME_UPPER\">(x, k)", k=(5, 4, 3, 3)),
    _image(f"y = Conv<{KERNEL}, {PADS}, group = 4>(x, k)", k=(8, 1, 3, 3)),
    _image("y = Conv<kernel_shape = [3, 3], strides = [2, 1], group = 4>(x, k)", k=(4, 1, 3, 3)),
    _image("y = ConvTranspose<kernel_shape = [2, 2], strides = [2, 2]>(x, k, d)", k=(4, 3, 2, 2),
           d=(3,)),
    _image(f"y = ConvTranspose<{KERNEL}, {PADS}>(x, k)", k=(4, 3, 3, 3)),
    _image(f"y = ConvTranspose<{KERNEL}, {PADS}, output_padding = [1, 1]>(x, k)", k=(4, 3, 3, 3)),
    _image(f"y = MaxPool<{KERNEL}, {PADS}>(x)"),
    _image(f"y = AveragePool<{KERNEL}, {PADS}>(x)"),
    _image(f"y = AveragePool<{KERNEL}, {PADS}, count_include_pad = 1>(x)"),
    _image(f"y = MaxPool<{KERNEL}, ceil_mode = 1>(x)", sizes=((6, 9), (13, 5), (8, 12))),
    _image(f"y = MaxPool<{KERNEL}, {PADS}, ceil_mode = 1>(x)", sizes=((6, 9), (13, 8))),
    _image("y = MaxPool<kernel_shape = [2, 2], strides = [3, 3], ceil_mode = 1>(x)",
           sizes=((6, 9), (13, 8), (7, 10))),
    _image("y = MaxPool<kernel_shape = [2, 2], strides = [3, 3], pads = [0, 0, 1, 1], "
           "ceil_mode = 1>(x)", sizes=((6, 9), (13, 8), (7, 10))),
    _image(f"y = MaxPool<{KERNEL}, dilations = [2, 1]>(x)"),
    _image(f"y = MaxPool<{KERNEL}, {PADS}, dilations = [2, 2], ceil_mode = 1>(x)"),
    _image(f"v, y = MaxPool<{KERNEL}, {PADS}>(x)", result="int64"),
    _image(f"v, y = MaxPool<{KERNEL}, ceil_mode = 1, storage_order = 1>(x)", result="int64"),
    *(
        _image(f"y = AveragePool<{KERNEL}, {PADS}, ceil_mode = 1, count_include_pad = {n}>(x)",
               sizes=((6, 9), (13, 8), (8, 5)))
        for n in (0, 1)
    ),
    *(
        _image(f"y = {name}<kernel_shape = [3, 2], strides = [2, 2], auto_pad = \"{how}\"{more}>"
               f"(x{weights})", sizes=((6, 9), (13, 8)), **({"k": (4, 4, 3, 2)} if weights else {}))
        for how in ("SAME_UPPER", "SAME_LOWER")
        for name, more, weights in (
            ("Conv", "", ", k"), ("MaxPool", "", ""), ("AveragePool", "", ""),
            ("AveragePool", ", count_include_pad = 1", ""),
        )
    ),
    *(
        _image(f"y = ConvTranspose<{KERNEL}, auto_pad = \"{how}\">(x, k)", k=(4, 3, 3, 3))
        for how in ("SAME_UPPER", "SAME_LOWER")
    ),
    *(
        _image(f"n = Constant<value = int64[8] {{0, 0, 1, {low}, 0, 0, 2, 1}}>()\n"
               f"y = Pad<mode = \"{mode}\">(x, n)", opset=19)
        for mode in ("edge", "wrap", "reflect")
        for low in (2, -1)
    ),
    _image("y = DepthToSpace<blocksize = 2>(x)"),
    _image("y = DepthToSpace<blocksize = 2, mode = \"CRD\">(x)"),
    _image("y = SpaceToDepth<blocksize = 2>(x)", sizes=((6, 8), (4, 10))),
    _image("n = Constant<value = int64[8] {0, 0, 1, 2, 0, 0, 2, 1}>()\n"
           "y = Pad<mode = \"reflect\">(x, n)"),
    _image("""s = Shape(x)
        f = Constant<value = int64[4] {0, 0, 0, 0}>()
        t = Constant<value = int64[4] {1, 1, 7, 7}>()
        q = Mod(s, t)
        n = Concat<axis = 0>(f, q)
        y = Pad(x, n)"""),
    _image("""s = Shape<start = 2>(x)
        two = Constant<value = int64[1] {2}>()
        half = Div(s, two)
        zero = Constant<value = int64[2] {0, 0}>()
        axes = Constant<value = int64[2] {2, 3}>()
        y = Slice(x, zero, half, axes)"""),
    _image("""s = Shape<start = 3>(x)
        one = Constant<value = int64[1] {1}>()
        first = Sub(s, one)
        low = Constant<value = int64[1] {-1000}>()
        axis = Constant<value = int64[1] {3}>()
        minus = Constant<value = int64[1] {-1}>()
        y = Slice(x, first, low, axis, minus)"""),
    _image("y = Upsample<mode = \"nearest\">(x, s)", opset=9,
           s=np.array([1, 1, 2, 3], np.float32)),
    _image("y = Upsample<mode = \"linear\">(x, s)", opset=9,
           s=np.array([1, 1, 2, 2], np.float32)),
    _image("m = GlobalAveragePool(x)\n y = Mul(x, m)"),
    _image("y = Softmax<axis = 2>(x)", opset=11),
    _image("y = InstanceNormalization(x, g1, g2)", g1=(4,), g2=(4,)),
    _rows("y = MatMul(x, k)", k=(6, 3)),
    _rows("k = Transpose<perm = [0, 2, 1]>(x)\n q = MatMul(x, k)\n y = Softmax<axis = -1>(q)"),
    _rows("y = Einsum<equation = \"bic,bjc->bij\">(x, x)"),
    _rows("y = Einsum<equation = \"btc,cd->btd\">(x, k)", k=(6, 4)),
    _rows("z = Einsum<equation = \"bic,bjc->bij\">(x, x)\n y = Trilu<upper = 0>(z)"),
    _rows("y, z = Split<axis = 1, num_outputs = 2>(x)", opset=18),
    _rows("y = LayerNormalization(x, g1, g2)", g1=(6,), g2=(6,)),
    _rows("n = Constant<value = int64[4] {0, 0, 2, 3}>()\n y = Reshape(x, n)", "float[b, t, 2, 3]"),
    _rows("""s = Shape(x)
        two = Constant<value = int64[1] {2}>()
        rest = Constant<value = int64[2] {3, 2}>()
        z = Constant<value = int64[1] {0}>()
        o = Constant<value = int64[1] {1}>()
        b = Gather(s, z)
        t = Gather(s, o)
        n = Concat<axis = 0>(b, t, rest)
        r = Reshape(x, n)
        y = Transpose<perm = [0, 2, 1, 3]>(r)""", "float[b, 3, t, 2]"),
    _rows("""s = Shape<start = 1, end = 2>(x)
        limit = Constant<value = int64[1] {4}>()
        k = Min(s, limit)
        y, i = TopK<axis = 1>(x, k)"""),
    *(
        _rows(f"""a = Cast<to = 7>(x)
            three = Constant<value = int64 {{3}}>()
            i = Mod(a, three)
            y = GatherElements<axis = {axis}>(x, i)""")
        for axis in (1, 2, -1)
    ),
    _rows("""k = Transpose<perm = [0, 2, 1]>(x)
        q = MatMul(x, k)
        many, i = TopK<axis = -1>(q, two)
        y = GatherElements<axis = 2>(q, i)""", "float[b, t, 2]", two=np.array([2])),
    _rows("""k = Transpose<perm = [0, 2, 1]>(x)
        q = MatMul(x, k)
        many, i = TopK<axis = 1>(q, two)
        y = ScatterElements<axis = 1>(q, i, many)""", "float[b, t, t]", two=np.array([2])),
    _rows("n = NonZero(x)\n y = Transpose(n)", "int64[k, 3]"),
    _rows("z = Transpose<perm = [1, 0, 2]>(x)\n"
          "h, y = RNN<hidden_size = 3, direction = \"reverse\">(z, w, r)",
          "float[1, b, 3]", w=(1, 3, 6), r=(1, 3, 3)),
    _rows("z = Transpose<perm = [1, 0, 2]>(x)\n"
          "y, h, c = LSTM<hidden_size = 3, direction = \"bidirectional\">(z, w, r, d)",
          "float[t, 2, b, 3]", w=(2, 12, 6), r=(2, 12, 3), d=(2, 24)),
    _rows("z = Transpose<perm = [1, 0, 2]>(x)\n"
          "y, h, c = LSTM<hidden_size = 3, direction = \"reverse\">(z, w, r, d)",
          "float[t, 1, b, 3]", w=(1, 12, 6), r=(1, 12, 3), d=(1, 24)),
    _rows("z = Transpose<perm = [1, 0, 2]>(x)\n"
          "y, h = GRU<hidden_size = 3, linear_before_reset = 1>(z, w, r, d)",
          "float[t, 1, b, 3]", w=(1, 9, 6), r=(1, 9, 3), d=(1, 18)),
    _rows("z = Transpose<perm = [1, 0, 2]>(x)\n y, h = GRU<hidden_size = 3>(z, w, r, d)",
          "float[t, 1, b, 3]", w=(1, 9, 6), r=(1, 9, 3), d=(1, 18)),
)  # fmt: skip


def model_of(form: OpenForm) -> Any:
    """The form as a checked model."""
    from tests.onnx_models.building import drawn, parsed

    weights = {
        name: value if isinstance(value, np.ndarray) else drawn(seed, *value)
        for seed, (name, value) in enumerate(form.weights)
    }
    return parsed(form.text, form.opset, weights)


def inputs_of(form: OpenForm) -> list[dict[str, Any]]:
    random = np.random.default_rng(0)
    return [
        {name: random.normal(size=size).astype(np.float32) for name, size in shapes.items()}
        for shapes in form.sizes
    ]
