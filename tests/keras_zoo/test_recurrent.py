"""Recurrent models of Keras 2 and 3 in TensorFlow.js: a sample of `recurrent.ROWS`.

All rows, by every way of saving, are measured by the command that writes docs/keras.md.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ConversionError
from tests.keras_zoo.recurrent import FEATURES, ROWS, STATEFUL, STEPS

KERAS = ("tf_keras", "keras")
LAYERS = ("lstm_stacked", "gru_two_ways", "gru_masking_sequences")
MORE_LAYERS = ("simplernn", "two_ways_stacked", "lstm_backwards", "cells_stacked", "autoencoder")
OPEN = ("two_ways_open",)
CONTROL = {"Enter", "Exit", "Switch", "Merge", "NextIteration", "LoopCond"}


class Together(tf.Module):
    """Models with one input as one function: a SavedModel of them all, an output a model."""

    def __init__(self, keras, names, length):
        super().__init__()
        self.models = [ROWS[name](import_module(keras)) for name in names]
        spec = tf.TensorSpec([None, length, FEATURES], tf.float32, "x")

        @tf.function(input_signature=[spec])
        def serve(x):
            return {key: model(x) for key, model in zip(names, self.models, strict=True)}

        self.serve = serve


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
@pytest.mark.parametrize("keras", [pytest.param("tf_keras", marks=pytest.mark.matrix), "keras"])
@pytest.mark.parametrize(
    ("names", "length", "mode"),
    [
        (LAYERS, STEPS, "execute"),
        (OPEN, None, "executeAsync"),
        pytest.param(MORE_LAYERS, STEPS, "execute", marks=pytest.mark.matrix),
    ],
)
def test_tfjs_computes_the_same(keras, names, length, mode, tmp_path, node_packages):
    from sigfix.pipeline.convert import ConvertOptions, convert
    from sigfix.verifying.runners import tfjs

    module = Together(keras, names, length)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=module.serve)
    x = np.random.default_rng(1).standard_normal((2, STEPS, FEATURES)).astype(np.float32)
    x[1, -3:] = 0  # what is masked
    np.savez(tmp_path / "in.npz", x=x)
    result = convert(tmp_path / "m", tmp_path / "web", ConvertOptions(inputs=tmp_path / "in.npz"))
    assert (result.mode, result.backend) == (mode, "wasm")
    assert bool(CONTROL & set(result.operators)) == (mode == "executeAsync")
    assert any("loops left in the graph" in note for note in result.notes) == (length is None)
    (compared,) = result.comparisons
    assert len(compared.parity.outputs) == len(names)
    assert all(item.ok for item in compared.parity.outputs)
    cpu = tfjs.run(tmp_path / "web", [{"x": x}], list(result.outputs), "cpu")
    for key, expected in module.serve(tf.constant(x)).items():
        np.testing.assert_allclose(cpu.outputs[0][key], expected, atol=1e-5, err_msg=key)


@pytest.mark.parametrize("keras", KERAS)
@pytest.mark.parametrize("name", STATEFUL)
def test_a_state_is_refused_by_its_layers_name(name, keras, tmp_path):
    from sigfix.exporting.freezing import freeze

    model = STATEFUL[name](import_module(keras))
    tf.saved_model.save(model, str(tmp_path / "m"))
    with pytest.raises(ConversionError, match=r"keeps a state: '.*memory.*' is read") as error:
        freeze(tmp_path / "m", "serving_default")
    assert error.value.hint.startswith(f"sigfix convert {tmp_path / 'm'} --tfjs --state io")
