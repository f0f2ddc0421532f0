"""Made-up inputs for tests, as a comparison would draw them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sigfix.model import TensorSpec
from sigfix.planning.edits import InputPlan
from sigfix.presets import Preset
from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.inputs.cases import made_up


def seeded_inputs(specs: Mapping[str, TensorSpec], batch: int, seed: int = 0) -> Arrays:
    """The first attempt of the case that has `batch` rows."""
    plans = [InputPlan(name, spec.dtype, spec.shape, name) for name, spec in specs.items()]
    return next(made_up(plans, seed, batches=(batch,))[0].attempts())


def preset_images(preset: Preset, batch: int) -> Array:
    """Normalised images as a preset's SavedModel takes them: [batch, height, width, 3]."""
    plan = InputPlan("input", "float32", (None, preset.height, preset.width, 3), "input")
    scale = (preset.mean, preset.std)
    (case,) = made_up([plan], batches=(batch,), normalise=scale)
    return next(case.attempts())["input"]


def channels_first(images: Array) -> Array:
    """NHWC -> NCHW, as PyTorch and the ONNX files take images."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2))
