"""Small ONNX models that TensorFlow can express, with what files of other people have in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MODELS = {
    "layers": """<ir_version: 8, opset_import: ["" : 17]>
        m (float[N, 3, 8, 8] image) => (float[N, 5] logits)
        <float[4, 3, 3, 3] k, float[4] scale, float[4] shift, float[4] mean, float[4] deviation,
         float[5, 64] w, float[5] b>
        {
          c = Conv <pads = [1, 1, 1, 1], strides = [1, 1]> (image, k)
          n = BatchNormalization <epsilon = 0.001> (c, scale, shift, mean, deviation)
          r = Relu (n)
          p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r)
          f = Flatten <axis = 1> (p)
          logits = Gemm <transB = 1> (f, w, b)
        }""",
    "shapes": """<ir_version: 8, opset_import: ["" : 17], producer_name: "pytorch">
        m (float[N, 4, 6] x) => (float[A, B, C] y, int64[3] shape)
        <int64[1] zero = {0}, int64[2] rest = {-1, 3}, int64[2] starts = {0, 0},
         int64[2] ends = {2, 4}, int64[2] axes = {1, 2}>
        {
          shape = Shape (x)
          first = Gather <axis = 0> (shape, zero)
          wanted = Concat <axis = 0> (first, rest)
          cut = Slice (x, starts, ends, axes)
          turned = Transpose <perm = [0, 2, 1]> (cut)
          y = Reshape (turned, wanted)
        }""",
    "branches": """<ir_version: 8, opset_import: ["" : 16]>
        m (float[2, 3] x, bool c) => (float[2, 3] y)
        {
          y = If (c) <
            then_branch = t () => (float[2, 3] a) { a = Relu (x) },
            else_branch = e () => (float[2, 3] b) { b = Neg (x) }
          >
        }""",
    "functions": """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
        m (float[N, 3] x) => (float[N, 3] y)
        { z = own.twice (x)  y = Softmax <axis = -1> (z) }
        <domain: "own", opset_import: ["" : 17]>
        twice (v) => (w) { w = Add (v, v) }""",
    "constants": """<ir_version: 8, opset_import: ["" : 13]>
        m (float[1, 2, 4, 4] x) => (float[1, 2, h, w] y)
        {
          none = Constant <value = float[0] {}> ()
          scales = Constant <value = float[4] {1, 1, 2, 2}> ()
          r = Resize <mode = "nearest"> (x, none, scales)
          pads = Constant <value_ints = [0, 0, 1, 1, 0, 0, 1, 1]> ()
          p = Pad <mode = "reflect"> (r, pads)
          low = Constant <value_float = -1.0> ()
          y = Clip (p, low)
        }""",
    "recurrent": """<ir_version: 8, opset_import: ["" : 14]>
        m (float[5, 1, 3] x) => (float[5, 1, 1, 2] y)
        <float[1, 8, 3] w, float[1, 8, 2] r, float[1, 16] b>
        { y, h, c = LSTM <hidden_size = 2> (x, w, r, b) }""",
    "old": """<ir_version: 4, opset_import: ["" : 9]>
        m (float[1, 4] x) => (float[1, 4] y, int64[1, 1] top)
        {
          n = LeakyRelu <alpha = 0.2> (x)
          y = Unsqueeze <axes = [0]> (n)
          top = ArgMax <axis = 1> (x)
        }""",
    "quantised": """<ir_version: 8, opset_import: ["" : 17]>
        m (float[1, 4] x) => (float[1, 4] y)
        <float scale = {0.1}, uint8 zero = {128}>
        { q = QuantizeLinear (x, scale, zero)  y = DequantizeLinear (q, scale, zero) }""",
    "einsum": """<ir_version: 8, opset_import: ["" : 17]>
        m (float[B, 2, 3] x, float[B, 3, 4] z) => (float[B, 2, 4] y)
        { y = Einsum <equation = "bij,bjk->bik"> (x, z) }""",
}
"""In the text form of onnx.parser; weights without values get some."""


def onnx_models() -> Iterator[dict[str, bytes]]:
    """The models as files by name; none where the onnx package is not installed.

    The first comes once more with its weights in a file beside it.
    """
    try:
        import onnx.parser
    except ImportError:
        return
    yield _with_weights_outside(onnx.parser.parse_model(_MODELS["layers"]))
    for text in _MODELS.values():
        model = onnx.parser.parse_model(text)
        _give_weights(model)
        yield {"model.onnx": model.SerializeToString(deterministic=True)}


def _give_weights(model: Any) -> None:
    for value in model.graph.value_info:
        model.graph.initializer.append(_weight(value))
    del model.graph.value_info[:]


def _with_weights_outside(model: Any) -> dict[str, bytes]:
    _give_weights(model)
    outside = b""
    for tensor in model.graph.initializer:
        places = {"location": "weights.bin", "offset": len(outside), "length": len(tensor.raw_data)}
        for key, value in places.items():
            tensor.external_data.add(key=key, value=str(value))
        tensor.data_location = 1  # EXTERNAL
        outside += tensor.raw_data
        tensor.ClearField("raw_data")
    return {"model.onnx": model.SerializeToString(deterministic=True), "weights.bin": outside}


def _weight(value: Any) -> Any:
    """A tensor of what was declared without values."""
    import numpy as np
    import onnx

    kind = value.type.tensor_type
    shape = [dim.dim_value for dim in kind.shape.dim]
    numbers = np.linspace(0.1, 1, int(np.prod(shape, dtype=int))).reshape(shape)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
    return onnx.numpy_helper.from_array(numbers.astype(dtype), value.name)
