"""What `convert`, and building a preset, made and compared: JSON documents, and their schemas."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sigfix.rendering.repair_result import verification_data
from sigfix.rendering.repair_schema import (
    COMPARISON,
    DIALECT,
    TEXTS,
    VERIFICATION,
    object_of,
)

if TYPE_CHECKING:  # at run time they need numpy
    from collections.abc import Mapping

    from sigfix.card import Card
    from sigfix.model import TensorSpec
    from sigfix.pipeline.conversion_options import ConvertResult
    from sigfix.pipeline.preset import PresetResult
    from sigfix.presets import Preset
    from sigfix.verifying.verdict import Verification

FORMAT = 1
_TEXT, _NUMBER, _COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_SIZES = {"type": ["array", "null"], "items": {"type": ["integer", "null"]}}
_COUNTS = {"type": "object", "additionalProperties": _COUNT}
_TENSORS = {"type": "array", "items": object_of(name=_TEXT, dtype=_TEXT, shape=_SIZES)}


def conversion_data(result: ConvertResult) -> dict[str, Any]:
    """The JSON document of a conversion, after `schemas/convert.json`."""
    return {
        "format": FORMAT,
        "source": {"path": str(result.source.path), "kind": result.source.kind},
        "output": str(result.output),
        "inputs": _tensors(result.inputs),
        "outputs": _tensors(result.outputs),
        "unused_inputs": list(result.unused_inputs),
        "operators": dict(result.operators),
        "bytes": result.size,
        "quantize": result.quantize,
        "quantised": dict(result.quantised),
        "trials": [dataclasses.asdict(trial) for trial in result.trials],
        "verdict": "not verified" if result.not_verified else "same",
        "not_verified": result.not_verified,
        "comparisons": [dataclasses.asdict(item) for item in result.comparisons],
        "losses": [dataclasses.asdict(item) for item in result.losses],
        "tried": list(result.tried),
        "measured": list(result.measured),
        "mode": result.mode,
        "backend": result.backend,
        "notes": list(result.notes),
    }


def preset_data(
    preset: Preset,
    card: Card,
    output: str,
    notes: tuple[str, ...],
    stages: tuple[Verification, ...] = (),
    onnx_file: str | None = None,
) -> dict[str, Any]:
    """The JSON document of a preset that was built, or with no `stages` would be."""
    return {
        "format": FORMAT,
        "preset": preset.name,
        "built": bool(stages),
        "output": output,
        "onnx_file": onnx_file,
        "input": {"name": card.input, "dtype": "float32", "shape": list(preset.input_shape)},
        "result": {
            "name": card.output,
            "dtype": "float32",
            "shape": list(preset.output_shape(len(card.vocabulary))),
        },
        "card": card.as_json(),
        "stages": [verification_data(stage) for stage in stages],
        "notes": list(notes),
    }


def preset_result_data(result: PresetResult) -> dict[str, Any]:
    """The JSON document of a preset that was built, after `schemas/preset.json`."""
    kept = None if result.onnx_file is None else str(result.onnx_file)
    output = str(result.output)
    return preset_data(result.preset, result.card, output, result.notes, result.stages, kept)


def conversion_schema() -> dict[str, Any]:
    """What `convert --format json` prints."""
    return {
        "$schema": DIALECT,
        "title": "A result of sigfix convert",
        **object_of(
            format={"const": FORMAT},
            source=object_of(path=_TEXT, kind=_TEXT),
            output=_TEXT,
            inputs=_TENSORS,
            outputs=_TENSORS,
            unused_inputs=TEXTS,
            operators=_COUNTS,
            bytes=_COUNT,
            quantize={"type": ["string", "null"]},
            quantised=_COUNTS,
            trials={
                "type": "array",
                "items": object_of(
                    dtype=_TEXT,
                    loss=_NUMBER,
                    unit=_TEXT,
                    count=_COUNT,
                    accepted={"type": "boolean"},
                ),
            },
            verdict={"enum": ["same", "not verified"]},
            not_verified=_TEXT,
            comparisons={"type": "array", "items": COMPARISON},
            losses={"type": "array", "items": COMPARISON},
            tried=TEXTS,
            measured=TEXTS,
            mode=_TEXT,
            backend=_TEXT,
            notes=TEXTS,
        ),
    }


def preset_schema() -> dict[str, Any]:
    """What `repair --preset NAME --format json` prints, with --dry-run too."""
    tensor = object_of(name=_TEXT, dtype=_TEXT, shape=_SIZES)
    return {
        "$schema": DIALECT,
        "title": "A docTR preset that sigfix repair builds",
        **object_of(
            format={"const": FORMAT},
            preset=_TEXT,
            built={"type": "boolean"},
            output=_TEXT,
            onnx_file={"type": ["string", "null"]},
            input=tensor,
            result=tensor,
            card={"type": "object"},
            stages={"type": "array", "items": VERIFICATION},
            notes=TEXTS,
        ),
    }


def _tensors(specs: Mapping[str, TensorSpec]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "dtype": spec.dtype,
            "shape": None if spec.shape is None else list(spec.shape),
        }
        for name, spec in specs.items()
    ]
