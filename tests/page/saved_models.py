"""The models of `tests/ocr/models.py` as SavedModels with a card, for `sigfix convert`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.card import make_card, write_card
from sigfix.presets import PRESETS, Preset
from tests.ocr import models


def write(folder: Path, name: str) -> Path:
    """The model of `tests/ocr/models.py` that has this preset's name."""
    import tensorflow as tf

    preset = PRESETS[name]
    if preset.is_detector:
        preset = dataclasses.replace(preset, height=models.SIDE, width=models.SIDE)
    compute = _dark if preset.is_detector else _means

    class Module(tf.Module):  # type: ignore[misc]
        @tf.function(
            input_signature=[tf.TensorSpec([None, preset.height, preset.width, 3], name="input")]
        )
        def serve(self, values: Any) -> dict[str, Any]:
            return {preset.output: compute(tf, preset, values)}

    module = Module()
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    write_card(make_card(preset, models.VOCABULARY, "none"), folder)
    return folder


def _dark(tf: Any, preset: Preset, values: Any) -> Any:
    plain = values * np.float32(preset.std) + np.float32(preset.mean)
    grey = tf.reduce_mean(plain, 3, keepdims=True)
    dark = tf.nn.max_pool2d(-grey, (1, models.SPREAD), 1, "SAME")
    return tf.sigmoid((dark + models.BRIGHT) * models.STEEP)


def _means(tf: Any, preset: Preset, values: Any) -> Any:
    parts = models.PARTS[preset.name]
    matrix = models.MATRICES[preset.name].astype(np.float32)
    means = tf.nn.avg_pool2d(values, parts, parts, "VALID")
    product = tf.reshape(means, [-1, len(matrix)]) @ matrix
    last = [preset.steps, matrix.shape[1]] if preset.is_recogniser else [matrix.shape[1]]
    return tf.reshape(product, [-1, *last])
