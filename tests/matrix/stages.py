"""docTR/PyTorch -> ONNX -> SavedModel -> TF.js: every stage against PyTorch and the one before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sigfix.pipeline.comparing import compare_stage

from sigfix.card import make_card, write_card
from sigfix.pipeline.preset import (
    PresetOptions,
    batches,
    channels_first_inputs,
    export_preset,
    finish_onnx,
    import_preset,
)
from sigfix.pipeline.progress import Comparison, silent
from sigfix.presets import PRESETS, Preset

SIZE = 512
"""Side of a detector's images; 1024 takes four times as long and shows nothing else."""
SEED = 0
PYTORCH, ONNX, SAVED_MODEL, TFJS = "PyTorch", "ONNX", "SavedModel", "TF.js"
LIMITS = {ONNX: 1e-4, SAVED_MODEL: 1e-4, TFJS: 1e-3}
"""Largest difference allowed, relative to the output's range."""

Arrays = dict[str, Any]


def options_of(name: str) -> PresetOptions:
    """Seeded weights with realistic statistics (`importing.doctr.randomise`, `calibrate`)."""
    return PresetOptions("random", SEED, size=SIZE if PRESETS[name].is_detector else None)


def build(name: str, folder: Path) -> list[Comparison]:
    """Build the SavedModel in `folder`, keeping the ONNX file and what every stage computes.

    Returns the comparisons of the ONNX file and of the SavedModel.
    """
    from sigfix.importing import doctr
    from sigfix.verifying import onnx_runtime, saved_model

    options = options_of(name)
    preset = options.preset(name)
    folder.mkdir(parents=True, exist_ok=True)
    exported = folder / f"{name}.onnx"
    model, _ = export_preset(preset, options, exported, silent)
    images = [channels_first_inputs(preset, batch)["input"] for batch in batches(preset)]
    pytorch = [{preset.output: finished(preset, doctr.run(model, image))} for image in images]
    onnx_file = finish_onnx(preset, exported, folder)
    import_preset(preset, onnx_file, folder / "saved_model")
    write_card(make_card(preset, model.vocabulary, model.weights), folder / "saved_model")
    stages = {
        PYTORCH: pytorch,
        ONNX: onnx_runtime.run(onnx_file, [{"input": image} for image in images]),
        SAVED_MODEL: saved_model.run(
            folder / "saved_model", [{"input": turned(image)} for image in images]
        ),
    }
    for batch, image, *arrays in zip(batches(preset), images, *stages.values(), strict=True):
        kept = {stage: found[preset.output] for stage, found in zip(stages, arrays, strict=True)}
        np.savez(folder / f"batch{batch}.npz", input=turned(image), **kept)
    return compare(preset, stages, (ONNX, SAVED_MODEL))


def finished(preset: Preset, logits: Any) -> Any:
    """PyTorch's logits as the preset's output: a detector's become probabilities, NHWC."""
    if not preset.is_detector:
        return logits
    probabilities = 1 / (1 + np.exp(-logits.astype(np.float64)))
    return turned(probabilities.astype(np.float32))


def turned(array: Any) -> Any:
    """NCHW -> NHWC."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))


def kept(name: str, folder: Path) -> dict[int, Arrays]:
    """Batch size -> `input` and what each stage computed, by its name, as `build` kept them."""
    preset = options_of(name).preset(name)
    found = {}
    for batch in batches(preset):
        with np.load(folder / f"batch{batch}.npz") as archive:
            found[batch] = dict(archive)
    return found


def compare_tfjs(name: str, folder: Path, outputs: list[Arrays]) -> list[Comparison]:
    """Compare what TF.js computed, a dictionary a batch, with the SavedModel and PyTorch."""
    preset = options_of(name).preset(name)
    stages: dict[str, list[Arrays]] = {
        stage: [{preset.output: arrays[stage]} for arrays in kept(name, folder).values()]
        for stage in (PYTORCH, ONNX, SAVED_MODEL)
    }
    return compare(preset, {**stages, TFJS: outputs}, (TFJS,))


def compare(
    preset: Preset, stages: dict[str, list[Arrays]], wanted: tuple[str, ...]
) -> list[Comparison]:
    """Compare each wanted stage with the one before it and with PyTorch, at every batch size."""
    order = list(stages)
    rows = []
    for stage in wanted:
        before = order[order.index(stage) - 1]
        for reference in dict.fromkeys((before, PYTORCH)):
            for batch, expected, result in zip(
                batches(preset), stages[reference], stages[stage], strict=True
            ):
                pair = (reference, stage)
                rows.append(compare_stage(pair, batch, expected, result, LIMITS[stage], preset))
    return rows


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
