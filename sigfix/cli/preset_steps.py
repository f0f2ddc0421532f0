"""What `sigfix repair --preset NAME` does, and how it is told."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sigfix.card import Card
from sigfix.cli.steps import Say, steps, tell
from sigfix.extras import install_command
from sigfix.presets import PRETRAINED, RANDOM, Preset

if TYPE_CHECKING:
    from sigfix.pipeline.preset_options import PresetOptions


def run_preset(
    name: str,
    output: Path | None,
    options: PresetOptions,
    force: bool,
    keep_onnx: bool,
    dry_run: bool,
    is_json: bool,
    quiet: bool,
) -> None:
    """Build a preset's SavedModel, showing the plan first and the comparisons after."""
    from sigfix.pipeline.preset import build_preset
    from sigfix.pipeline.staging import refuse_places
    from sigfix.rendering.conversion_json import preset_data, preset_result_data
    from sigfix.rendering.conversion_text import preset_plan_text, preset_result_text
    from sigfix.rendering.json_text import json_text

    def show(preset: Preset, card: Card, destination: Path) -> None:
        if is_json:
            return
        typer.echo(preset_plan_text(preset, card, str(destination)), nl=False)
        sys.stdout.flush()

    if dry_run:
        with steps(quiet) as say:
            preset, card, notes = _planned(name, options, say)
        tell(notes)
        show(preset, card, output or Path(name))
        refuse_places(output or Path(name), force)
        if is_json:
            typer.echo(json_text(preset_data(preset, card, str(output or name), notes)), nl=False)
        return
    with steps(quiet) as say:
        result = build_preset(
            name, output, options, force=force, keep_onnx=keep_onnx, say=say, show=show
        )
    tell(result.notes)
    if is_json:
        typer.echo(json_text(preset_result_data(result)), nl=False)
    else:
        typer.echo(preset_result_text(result), nl=False)


def _planned(name: str, options: PresetOptions, say: Say) -> tuple[Preset, Card, tuple[str, ...]]:
    """What would be built, the weights of a file looked into."""
    from sigfix.card import make_card
    from sigfix.importing.fitting import fit_headers
    from sigfix.pipeline.hub_folder import settled
    from sigfix.pipeline.notes import weight_notes
    from sigfix.vocabularies import preset_characters

    options, settling = settled(name, options)
    preset = options.preset(name)
    characters = preset_characters(preset, options.vocabulary)
    notes: tuple[str, ...] = ()
    if options.weights not in (PRETRAINED, RANDOM):
        say(f"comparing {options.weights} with docTR's {name}")
        fitted = fit_headers(Path(options.weights), preset, characters)
        if fitted is None and find_spec("torch") is not None and find_spec("doctr") is not None:
            from sigfix.importing.doctr import fit_weights

            fitted = fit_weights(preset, options.weights, options.vocabulary)
        say("")
        told: tuple[str, ...] = (f"not looked into: that needs {install_command('doctr')}.",)
        if fitted is not None:
            preset, told = fitted.preset, fitted.notes
        notes = weight_notes(Path(options.weights).name, told)
    card = make_card(preset, characters, options.weights, options.normalize)
    return preset, card, (*settling, *notes)
