"""A docTR model computed in float64 by PyTorch: what rounding errors are told from.

No float64 kernel of PyTorch's has anything in common with what is compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sigfix.presets import Preset
from sigfix.verifying.arrays import Array
from tests.bench.unchecked import build_unchecked
from tests.made_up import channels_first, preset_images
from tests.matrix import stages
from tests.matrix.results import CACHE, folder_of
from tests.matrix.stages import options_of, turned
from tests.plain_runs import run_onnx


@dataclass(frozen=True)
class Reference:
    """Images [batch, height, width, 3], and what a preset's model makes of them.

    `exact` is float64, channels last as a TensorFlow.js model has them; `noise` how far ONNX
    Runtime's float32 is from it, in parts of the range.
    """

    images: Array
    exact: Array
    noise: float


def exact_of(name: str, cache: Path = CACHE, batch: int = 1) -> Reference:
    """The reference of a preset, kept beside its ONNX file, which is built where it is absent."""
    folder = folder_of(name, cache)
    preset = options_of(name).preset(name)
    onnx_file, _ = build_unchecked(name, folder)
    file = folder / f"exact{batch}.npz"
    if not file.is_file() or file.stat().st_mtime < onnx_file.stat().st_mtime:
        images = preset_images(preset, batch)
        pixels = channels_first(images)
        exact = in_float64(name, preset, pixels)
        rounded = run_onnx(onnx_file, [{"input": pixels}])[0][preset.output]
        np.savez(file, images=images, exact=exact, rounded=rounded)
    with np.load(file) as kept:
        return Reference(kept["images"], kept["exact"], apart(kept["rounded"], kept["exact"]))


def in_float64(name: str, preset: Preset, pixels: Array) -> Array:
    """What docTR's model with the weights of `options_of` makes of float[n, 3, height, width].

    Every sum is in float64; a detector gives probabilities, channels last.
    """
    from sigfix.importing import doctr

    options = options_of(name)
    model = doctr.build_model(preset, options.weights, options.seed, options.vocabulary)
    (found,) = stages.in_float64(model, [pixels])
    assert found.dtype == np.float64, f"{name} was computed in {found.dtype}"
    return turned(1 / (1 + np.exp(-found))) if preset.is_detector else found


def apart(values: Array, exact: Array) -> float:
    """The largest difference of any element, in parts of the exact values' range."""
    return float(np.abs(values.astype(np.float64) - exact).max() / (np.ptp(exact) or 1.0))
