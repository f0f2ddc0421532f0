"""Branches that are constants, several branches and `break`: each one taken in TensorFlow.js."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import SigfixError
from tests.exporting.models import floats, save

if not find_spec("tensorflowjs"):
    pytest.skip("needs tensorflowjs", allow_module_level=True)

FIRST = tf.constant([1.0, 2.0, 3.0, 4.0])


def constant_or_not(x):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: FIRST, lambda: tf.reduce_sum(x, 0))


def both_constant(x):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.constant(7), lambda: tf.constant(3))


def texts(x):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: tf.constant("a"), lambda: tf.constant("b"))


def within(x):
    def inner():
        return tf.cond(tf.reduce_sum(x) > 3, lambda: tf.ones(4), lambda: tf.reduce_max(x, 0))

    return tf.cond(tf.reduce_sum(x) > 0, inner, lambda: FIRST * tf.cast(tf.shape(x)[1], tf.float32))


def several(x):
    # Below 0 and above 2 the last one is taken.
    index = tf.cast(tf.round(tf.reduce_sum(x)), tf.int32)
    return tf.switch_case(index, [lambda: tf.zeros((1, 4)), lambda: x * 2, lambda: FIRST[None]])


def with_break(x):
    steps = tf.constant(0)
    while steps < 5:
        x = tf.tanh(x + 1.0)
        steps += 1
        if tf.reduce_sum(x) > 3.5:
            break
    return tf.concat([tf.reduce_sum(x, 0), [tf.cast(steps, tf.float32)]], 0)


def generated(x):
    """A token a step until one ends the sentence: what is not reached stays 0."""
    token, tokens = tf.argmax(tf.reduce_sum(x, 0)), tf.zeros((6,), tf.int64)
    for step in tf.range(6):
        tokens = tf.tensor_scatter_nd_update(tokens, [[step]], [token])
        if token == 3:
            break
        token += 1
    return tokens


MODELS = {
    f.__name__: f
    for f in (constant_or_not, both_constant, texts, within, several, with_break, generated)
}
FED = [np.full((1, 4), total / 4, np.float32) for total in (-5, -1, 0, 1, 2, 3, 4, 20)] + [
    np.eye(4, dtype=np.float32)[[row]] for row in range(4)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them as outputs of one signature."""

    def build(x):
        return {name: f(x) for name, f in MODELS.items()}

    return save(tmp_path_factory.mktemp("branches") / "m", build, floats("x", None, 4))


def test_each_branch_is_taken_where_tensorflow_takes_it(
    model: Path, tmp_path: Path, node_packages: object
) -> None:
    from sigfix.pipeline.convert import convert
    from sigfix.verifying.runners import tfjs

    convert(model, tmp_path / "web")
    wanted = tf.saved_model.load(str(model)).signatures["serving_default"]
    for backend in ("cpu", "wasm"):
        found = tfjs.run(tmp_path / "web", [{"x": x} for x in FED], list(MODELS), backend=backend)
        taken: dict[str, set[bytes]] = {name: set() for name in MODELS}
        for x, outputs in zip(FED, found.outputs, strict=True):
            for name, value in wanted(x=tf.constant(x)).items():
                expected = value.numpy()
                taken[name].add(np.asarray(expected).astype(str).tobytes())
                if value.dtype == tf.string:
                    assert np.ravel(outputs[name]).tolist() == [expected], (backend, name)
                else:
                    np.testing.assert_allclose(
                        outputs[name], expected, atol=1e-5, err_msg=f"{backend} {name} {x}"
                    )
        assert all(len(values) > 1 for values in taken.values())


@pytest.mark.parametrize("left_out", ["cases", "branches"])
def test_without_them_it_is_wrong(
    model: Path, tmp_path: Path, node_packages: object, left_out: str
) -> None:
    from sigfix.pipeline.convert import ConvertOptions, convert

    with pytest.raises(SigfixError):
        convert(model, tmp_path / "web", ConvertOptions(without=(left_out,)))
