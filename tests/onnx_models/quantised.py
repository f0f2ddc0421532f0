"""Quantised and half-precision models, as ONNX Runtime's own tools write them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.onnx_models.building import drawn, parsed


def _float_model(opset: int = 17) -> Any:
    weights = {
        "w1": drawn(1, 8, 3, 3, 3), "b1": drawn(2, 8), "w2": drawn(3, 8, 8, 3, 3),
        "w3": drawn(4, 8, 5), "b3": drawn(5, 5),
    }  # fmt: skip
    text = """g (float[n, 3, 16, 16] x) => (float[n, 5] y) {
        c1 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(x, w1, b1)
        r1 = Relu(c1)
        c2 = Conv<kernel_shape = [3, 3], strides = [2, 2]>(r1, w2)
        a = Add(c2, c2)
        p = GlobalAveragePool(a)
        f = Flatten(p)
        m = MatMul(f, w3)
        y = Add(m, b3)
    }"""
    return parsed(text, opset, weights)


class _Calibration:
    """Batches for `quantize_static`."""

    def __init__(self) -> None:
        self.left = [{"x": drawn(i, 2, 3, 16, 16, scale=1.0)} for i in range(4)]

    def get_next(self) -> Any:
        return self.left.pop() if self.left else None


def _quantised(model: Any, how: str, per_channel: bool = False) -> Any:
    import onnx
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "f.onnx", Path(folder) / "q.onnx"
        onnx.save(model, source)
        if how == "dynamic":
            quantize_dynamic(source, target, weight_type=QuantType.QInt8)
        else:
            form = QuantFormat.QDQ if how == "qdq" else QuantFormat.QOperator
            quantize_static(
                source,
                target,
                _Calibration(),
                quant_format=form,
                per_channel=per_channel,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QUInt8,
            )
        return onnx.load(target)


def qdq(per_channel: bool = False) -> Any:
    """QuantizeLinear and DequantizeLinear around every operator."""
    return _quantised(_float_model(), "qdq", per_channel)


def qoperators() -> Any:
    """QLinearConv and its kin."""
    return _quantised(_float_model(), "qoperator")


def of_runtime() -> Any:
    """What ONNX Runtime's optimiser writes for itself."""
    text = """g (float[n, 8] x) => (float[n, 8] y) {
        r = Relu(x)
        y = com.microsoft.BiasGelu(r, b)
    }"""
    return parsed(text, 17, {"b": drawn(1, 8)}, domains=("com.microsoft",))


def dynamically() -> Any:
    """DynamicQuantizeLinear, MatMulInteger, ConvInteger."""
    return _quantised(_float_model(), "dynamic")


def weights_only() -> Any:
    """int8 weights with a scale a channel, computed in float."""
    random = np.random.default_rng(0)
    weights = {
        "q": random.integers(-127, 128, (8, 3, 3, 3)).astype(np.int8),
        "s": random.uniform(0.001, 0.01, 8).astype(np.float32),
        "z": np.zeros(8, np.int8),
    }
    text = """g (float[n, 3, 16, 16] x) => (float[n, 8, 14, 14] y) {
        w = DequantizeLinear<axis = 0>(q, s, z)
        c = Conv<kernel_shape = [3, 3]>(x, w)
        y = Relu(c)
    }"""
    return parsed(text, 17, weights)


def half(edges: bool = True) -> Any:
    """The float model in float16; with `edges` its input and output too."""
    import onnx

    model = _float_model()
    for tensor in model.graph.initializer:
        value = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(onnx.numpy_helper.from_array(value, tensor.name))
    if edges:
        for value in (*model.graph.input, *model.graph.output):
            value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
        return model
    first, last = model.graph.node[0], model.graph.node[-1]
    first.input[0], last.output[0] = "x16", "y16"
    cast = onnx.helper.make_node
    half, full = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    nodes = [cast("Cast", ["x"], ["x16"], to=half), *model.graph.node]
    nodes.append(cast("Cast", ["y16"], ["y"], to=full))
    copied = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copied)
    return model
