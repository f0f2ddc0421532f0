"""docTR/PyTorch -> ONNX -> SavedModel -> TF.js: every stage against PyTorch and the one before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sigfix.card import make_card, write_card
from sigfix.pipeline.preset import export_preset, finish_onnx, import_preset
from sigfix.pipeline.preset_checks import made_up_images
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import silent
from sigfix.presets import PRESETS, Preset
from sigfix.verifying.ties import ties_of
from sigfix.verifying.tolerances import FEW_TIMES, Limit
from sigfix.verifying.verdict import Comparison, compare_cases
from tests.made_up import channels_first

SIZE = 512
"""Side of a detector's images; 1024 takes four times as long and shows nothing else."""
SEED = 0
PYTORCH, ONNX, SAVED_MODEL, TFJS = "PyTorch", "ONNX", "SavedModel", "TF.js"
ONEDNN = "SavedModel with oneDNN"
"""The SavedModel is run with TensorFlow's own kernels, and once more with oneDNN's."""
LIMITS = {ONNX: 1e-4, SAVED_MODEL: 1e-4, ONEDNN: 1e-4, TFJS: 1e-3}
"""Largest difference allowed, relative to the output's range; see `noise_of`."""
NOISE = "noise"

Arrays = dict[str, Any]


def options_of(name: str) -> PresetOptions:
    """Seeded weights with realistic statistics (`importing.doctr.randomise`, `calibrate`)."""
    return PresetOptions("random", SEED, size=SIZE if PRESETS[name].is_detector else None)


def build(name: str, folder: Path) -> list[Comparison]:
    """Build the SavedModel in `folder`, keeping the ONNX file and what every stage computes.

    Returns the comparisons of the ONNX file and of the SavedModel, in both settings.
    """
    from sigfix.importing import doctr
    from tests.plain_runs import run_onnx

    options = options_of(name)
    preset = options.preset(name)
    folder.mkdir(parents=True, exist_ok=True)
    exported = folder / f"{name}.onnx"
    model, _ = export_preset(preset, options, exported, silent)
    images = [next(case.attempts())["input"] for case in made_up_images(preset)]
    first = [channels_first(image) for image in images]
    pytorch = [{preset.output: finished(preset, doctr.run(model, image))} for image in first]
    noise = noise_of(model, preset, first, pytorch)
    onnx_file = finish_onnx(preset, exported, folder)
    import_preset(preset, onnx_file, folder / "saved_model")
    write_card(make_card(preset, model.vocabulary, model.weights), folder / "saved_model")
    stages = {
        PYTORCH: pytorch,
        ONNX: run_onnx(onnx_file, [{"input": image} for image in first]),
        SAVED_MODEL: run_saved_model(folder / "saved_model", images, "0"),
        ONEDNN: run_saved_model(folder / "saved_model", images, "1"),
    }
    for number, (image, *arrays) in enumerate(zip(images, *stages.values(), strict=True)):
        kept = {stage: found[preset.output] for stage, found in zip(stages, arrays, strict=True)}
        kept[NOISE] = np.float64(noise[number])
        np.savez(folder / f"case{number}.npz", input=image, **kept)
    return compare(preset, stages, (ONNX, SAVED_MODEL, ONEDNN), noise)


def noise_of(model: Any, preset: Preset, images: list[Any], single: list[Arrays]) -> list[float]:
    """How far PyTorch's float32 is from its float64, of the output's range, for each case.

    With random weights a blank page is all but noise to a detector: four times this is no fault
    of any stage. A model that cannot be computed in float64 has none.
    """
    try:
        exact = [finished(preset, logits) for logits in in_float64(model, images)]
    except RuntimeError:
        return [0.0] * len(images)
    values = [outputs[preset.output] for outputs in single]
    return [
        float(np.abs(value - wanted).max() / (np.ptp(value) or 1.0))
        for value, wanted in zip(values, exact, strict=True)
    ]


def in_float64(model: Any, images: list[Any]) -> list[Any]:
    """What docTR's model makes of each, every sum in float64. It stays a float64 model.

    Raises `RuntimeError` where one cannot be computed so.
    """
    import torch

    from sigfix.importing import doctr

    try:
        torch.set_default_dtype(torch.float64)
        model.module.double()
        return [doctr.run(model, image.astype(np.float64)) for image in images]
    finally:
        torch.set_default_dtype(torch.float32)


def run_saved_model(model: Path, images: list[Any], onednn: str) -> list[Arrays]:
    """What `serving_default` computes with oneDNN's kernels ("1") or without ("0")."""
    from sigfix.model import DEFAULT_SERVING_KEY
    from sigfix.verifying.checking import only_call
    from sigfix.verifying.inputs.cases import Given
    from sigfix.verifying.runnable import Setting
    from sigfix.verifying.runners.saved_model import signature
    from sigfix.verifying.runners.tensorflow_settings import VARIABLE
    from sigfix.verifying.running import run

    fed = [Given({"input": image}) for image in images]
    setting = Setting(f"oneDNN {onednn}", {VARIABLE: onednn})
    found = run(signature(model, ("serve",), DEFAULT_SERVING_KEY), fed, 1, setting=setting)
    return [only_call(case) for case in found.cases]


def finished(preset: Preset, logits: Any) -> Any:
    """PyTorch's logits as the preset's output: a detector's become probabilities, NHWC."""
    if not preset.is_detector:
        return logits
    probabilities = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return turned(probabilities.astype(np.float32))


def turned(array: Any) -> Any:
    """NCHW -> NHWC."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def kept(name: str, folder: Path) -> list[Arrays]:
    """By case: `input` and what each stage computed, by its name, as `build` kept them."""
    found = []
    for number in range(len(made_up_images(options_of(name).preset(name)))):
        with np.load(folder / f"case{number}.npz") as archive:
            found.append(dict(archive))
    return found


def kept_noise(arrays: Arrays) -> float:
    """PyTorch's own noise, or what lies between TensorFlow's two sets of kernels."""
    value = arrays[SAVED_MODEL]
    kernels = np.abs(value - arrays[ONEDNN]).max() / (np.ptp(value) or 1.0)
    return max(float(arrays[NOISE]), float(kernels))


def compare_tfjs(name: str, folder: Path, outputs: list[Arrays]) -> list[Comparison]:
    """Compare what TF.js computed, a dictionary a case, with the SavedModel and PyTorch."""
    preset = options_of(name).preset(name)
    stages: dict[str, list[Arrays]] = {
        stage: [{preset.output: arrays[stage]} for arrays in kept(name, folder)]
        for stage in (PYTORCH, ONNX, SAVED_MODEL)
    }
    noise = [kept_noise(arrays) for arrays in kept(name, folder)]
    return compare(preset, {**stages, TFJS: outputs}, (TFJS,), noise)


def compare(
    preset: Preset, stages: dict[str, list[Arrays]], wanted: tuple[str, ...], noise: list[float]
) -> list[Comparison]:
    """Compare each wanted stage with the one before it and with PyTorch, for every case."""
    order = list(stages)
    rows: list[Comparison] = []
    for stage in wanted:
        before = order[order.index(stage) - 1]
        for reference in dict.fromkeys((before, PYTORCH)):
            for expected, result, own in zip(stages[reference], stages[stage], noise, strict=True):
                rows += compare_stage((reference, stage), [expected], [result], preset, own)
    return rows


def compare_stage(
    stages: tuple[str, str],
    expected: list[Arrays],
    results: list[Arrays],
    preset: Preset,
    noise: float,
) -> tuple[Comparison, ...]:
    """Compare one stage with another, a dictionary a case, within the limit of the stage.

    PyTorch's own `noise` may be passed four times (`FEW_TIMES`): twice it is in either side.
    """
    batches = [len(outputs[preset.output]) for outputs in expected]
    limits = {preset.output: Limit(max(LIMITS[stages[1]], FEW_TIMES * noise))}
    return compare_cases(stages, expected, results, batches, limits, ties_of(preset))


def row(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain values."""
    worst = comparison.parity.worst
    return {
        "stage": comparison.result,
        "against": comparison.reference,
        "batch": comparison.batch,
        "relative": None if worst is None else worst.relative,
        "ok": comparison.parity.ok,
        "reason": comparison.parity.reason if worst is None else worst.reason,
        "note": comparison.note,
    }
