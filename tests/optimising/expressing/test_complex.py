"""Complex numbers: the same in TensorFlow.js, which has few operators for them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from sigfix.describing.targets import COMPLEX_EXPRESSED, TAKES_COMPLEX
from sigfix.exporting.tfjs_model import write_model
from sigfix.optimising import passes
from sigfix.optimising.expressing.complex_numbers import COMPLEX
from sigfix.optimising.graph.graph import from_graph_def
from sigfix.verifying.runners import tfjs

RANDOM = np.random.default_rng(5)


def drawn(*shape: int) -> np.ndarray:
    """Complex numbers of that shape."""
    real, imaginary = RANDOM.standard_normal((2, *shape))
    return (real + 1j * imaginary).astype(np.complex64)


GIVEN = drawn(3, 4)
PLACES = [2, 0]
CASES: dict[str, Callable] = {
    "Mul, fewer axes": lambda x: x * drawn(4),
    "Mul, more axes": lambda x: x * drawn(2, 1, 4),
    "Mul, two axes more": lambda x: x * drawn(2, 2, 3, 4),
    "Mul, a number": lambda x: x * tf.constant(2 + 1j, tf.complex64),
    "AddV2, fewer axes": lambda x: drawn(4) + x,
    "Sub, fewer axes": lambda x: drawn(4) - x,
    "Mul, an axis of one": lambda x: x * drawn(3, 1),
    "Angle": tf.math.angle,
    "RealDiv": lambda x: x / drawn(4),
    "Conj": tf.math.conj,
    "Neg": lambda x: -x,
    "Square": tf.square,
    "Transpose": tf.transpose,
    "Slice": lambda x: tf.slice(x, [0, 1], [-1, 2]),
    "StridedSlice": lambda x: x[:, ::2],
    "Sum": lambda x: tf.reduce_sum(x, 1),
    "Mean": lambda x: tf.reduce_mean(x, 0, keepdims=True),
    "Pad": lambda x: tf.pad(x, [[0, 1], [2, 0]]),
    "GatherV2": lambda x: tf.gather(x, PLACES, axis=1),
    "ReverseV2": lambda x: tf.reverse(x, [1]),
    "Tile": lambda x: tf.tile(x, [1, 2]),
    "SelectV2": lambda x: tf.where(tf.math.real(x) > 0, x, tf.zeros_like(x)),
    "MatMul": lambda x: tf.matmul(x, drawn(3, 2), transpose_a=True),
    "BatchMatMulV2": lambda x: tf.matmul(x[None], drawn(1, 4, 2)),
    "ConcatV2": lambda x: tf.concat([x, drawn(3, 2)], 1),
    "Pack": lambda x: tf.stack([x, x + 1.0], 1),
    "Reshape": lambda x: tf.reshape(x, [2, 6]),
    "Squeeze": lambda x: tf.squeeze(x[:, None], 1),
    "ZerosLike": lambda x: tf.zeros_like(x) + x,
    "FFT": tf.signal.fft,
    "IFFT": tf.signal.ifft,
    "IRFFT": tf.signal.irfft,
    "ExpandDims": lambda x: tf.expand_dims(x, 0),
    "FFT, a row at a time": lambda x: tf.signal.fft(tf.stack([x, x])) + tf.stack([x, x]),
    "Cast": lambda x: tf.cast(tf.math.imag(x), tf.complex64) * x,
}


@pytest.fixture(scope="module")
def all_of_them(tmp_path_factory, node_packages):
    """A TensorFlow.js model with an output for each case, and what is expected of it."""
    folder = tmp_path_factory.mktemp("complex")
    outputs = [f"y{number}" for number in range(len(CASES))]
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.complex64, [None, 4], name="x")
        fixed = tf.ensure_shape(x, [3, 4])  # TF.js cannot read that: it becomes a copy
        for name, build in zip(outputs, CASES.values(), strict=True):
            tf.identity(build(fixed), name=name)
        with tf.compat.v1.Session() as session:
            found = session.run([f"{name}:0" for name in outputs], {"x:0": GIVEN})
        signature = tf.compat.v1.saved_model.predict_signature_def(
            {"x": x}, {name: graph.get_tensor_by_name(f"{name}:0") for name in outputs}
        )
    whole = from_graph_def(graph.as_graph_def(), ["x"], outputs)
    write_model(passes.optimise_kernels(passes.optimise_values(whole)), signature, folder)
    return folder, dict(zip(outputs, found, strict=True))


def test_the_same_numbers_in_tensorflow_js(all_of_them):
    folder, expected = all_of_them
    found = tfjs.run(folder, [{"x": GIVEN}], list(expected), backend="cpu").outputs[0]
    wrong = [
        case
        for (name, value), case in zip(expected.items(), CASES, strict=True)
        if not np.allclose(found[name], value, rtol=1e-4, atol=1e-4)
    ]
    assert wrong == []


def test_inspect_knows_what_is_expressed():
    assert set(COMPLEX) - TAKES_COMPLEX - {"Angle", "Conj"} == set(COMPLEX_EXPRESSED)
    tried = {name.partition(",")[0] for name in CASES}
    assert tried >= COMPLEX_EXPRESSED


def test_operands_of_other_ranks_are_wrong_as_they_are(node_packages, tmp_path):
    """What the rule is for: TensorFlow.js answers with NaN."""
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.complex64, [3, 4], name="x")
        y = tf.multiply(x, drawn(4), name="y")
        signature = tf.compat.v1.saved_model.predict_signature_def({"x": x}, {"y": y})
    write_model(from_graph_def(graph.as_graph_def(), ["x"], ["y"]), signature, tmp_path)
    found = tfjs.run(tmp_path, [{"x": GIVEN}], ["y"], backend="cpu").outputs[0]["y"]
    assert np.isnan(found).any()
