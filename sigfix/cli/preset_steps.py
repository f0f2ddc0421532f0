"""What `sigfix repair --preset NAME` does, and how it is told."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sigfix.card import Card
from sigfix.cli.steps import Say, steps, tell
from sigfix.errors import UsageError
from sigfix.extras import install_command
from sigfix.presets import PRETRAINED, RANDOM, Preset

if TYPE_CHECKING:
    from sigfix.pipeline.preset import PresetOptions

# By the names of the parameters of `sigfix repair`.
BUILT_ONLY = ("weights", "keep_onnx")
"""Options of a preset that is built, not of an existing model."""

PRESET_ONLY = ("vocab", "size", "raw_logits")
"""Options that need --preset."""

BUILDING = (
    "preset", "seed", "normalize", "output", "force", "dry_run", "quiet", *BUILT_ONLY, *PRESET_ONLY,
)  # fmt: skip
"""All that mean something where a preset is built."""


PLANNED = (
    "model", "plan_file", "output", "dry_run", "force", "inputs_file", "no_verify", "run", "trust",
    "timeout", "seed", "keep_failed", "output_format", "quiet",
)  # fmt: skip
"""All that mean something beside --plan: how it is checked and written, not what is planned."""


def refuse_these(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option of `names` that the user gave."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        given = source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")
        if given and parameter.name in names:
            option = max(parameter.opts, key=len)
            raise UsageError(f"{option} {why}.", "leave it out")


def refuse_others(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option not in `names` that the user gave."""
    every = {parameter.name or "" for parameter in context.command.params}
    refuse_these(context, every - set(names), why)


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
        with steps(quiet) as say:
            preset, card, notes = _planned(name, options, say)
        tell(notes)
        show(preset, card, output or Path(name))
        return
    with steps(quiet) as say:
        result = build_preset(
            name, output, options, force=force, keep_onnx=keep_onnx, say=say, show=show
        )
    tell(result.notes)
    typer.echo(preset_result_text(result), nl=False)


def _planned(name: str, options: PresetOptions, say: Say) -> tuple[Preset, Card, tuple[str, ...]]:
    """What would be built, the weights of a file looked into where PyTorch and docTR are there."""
    from sigfix.card import make_card
    from sigfix.pipeline.notes import weight_notes
    from sigfix.vocabularies import preset_characters

    preset = options.preset(name)
    characters = preset_characters(preset, options.vocabulary)
    notes: tuple[str, ...] = ()
    told: tuple[str, ...] = (f"not looked into: that needs {install_command('doctr')}.",)
    if options.weights not in (PRETRAINED, RANDOM):
        if find_spec("torch") is not None and find_spec("doctr") is not None:
            from sigfix.importing.doctr import fit_weights

            say(f"comparing {options.weights} with docTR's {name}")
            fitted = fit_weights(preset, options.weights, options.vocabulary)
            say("")
            preset, told = fitted.preset, fitted.notes
        notes = weight_notes(Path(options.weights).name, told)
    return preset, make_card(preset, characters, options.weights, options.normalize), notes
