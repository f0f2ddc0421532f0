"""What `sigfix repair --preset NAME` does, and how it is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sigfix.card import Card
from sigfix.cli.steps import steps
from sigfix.presets import Preset

if TYPE_CHECKING:
    from sigfix.pipeline.preset import PresetOptions


def run_preset(
    name: str,
    output: Path | None,
    options: PresetOptions,
    force: bool,
    keep_onnx: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Build a preset's SavedModel, showing the plan first and the comparisons after."""
    from sigfix.pipeline.preset import build_preset
    from sigfix.rendering.conversion_text import preset_plan_text, preset_result_text

    def show(preset: Preset, card: Card, destination: Path) -> None:
        typer.echo(preset_plan_text(preset, card, str(destination)), nl=False)
        sys.stdout.flush()

    if dry_run:
        show(*_planned(name, output, options))
        return
    with steps(quiet) as say:
        result = build_preset(
            name, output, options, force=force, keep_onnx=keep_onnx, say=say, show=show
        )
    typer.echo(preset_result_text(result), nl=False)


def _planned(name: str, output: Path | None, options: PresetOptions) -> tuple[Preset, Card, Path]:
    from sigfix.card import make_card
    from sigfix.importing.doctr import preset_characters

    preset = options.preset(name)
    characters = preset_characters(preset, options.vocabulary)
    return (
        preset,
        make_card(preset, characters, options.weights, options.normalize),
        output or Path(name),
    )
