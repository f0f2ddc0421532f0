"""What `sigfix repair` does once its options are read: files, plan, run, output."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import typer

from sigfix.cli.steps import steps, tell
from sigfix.errors import BlockedError, MissingExtraError, UsageError
from sigfix.model import OtherModel, SavedModel
from sigfix.pipeline.applying import RepairOptions
from sigfix.planning import Choices, Plan
from sigfix.quoting import printable

UNDECIDED = ("ambiguous", "blocked")
"""The verdicts that leave something for the user to say."""


def load_plan(path: Path) -> Plan:
    """The plan in a file. Raises `UsageError` where it is none."""
    from sigfix.planning.codec import read_plan

    try:
        return read_plan(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error


def load_inputs(path: Path) -> dict[str, Any]:
    """The arrays of an .npz file. Pickled objects are refused: they would run code."""
    try:
        from sigfix.verifying.inputs.given import read_npz
    except ImportError as error:
        raise MissingExtraError("Reading --inputs", "tf", "numpy") from error
    return read_npz(path)


def show_plan(
    model: Path,
    output: Path | None,
    choices: Choices,
    options: RepairOptions,
    saved: Plan | None,
    is_json: bool,
) -> None:
    """Show what would be done, the signatures before and after, and stop.

    Raises `OutputError` where the real run could not write to `output`, once the plan is shown.
    """
    from sigfix.pipeline import repair as pipeline
    from sigfix.pipeline import staging
    from sigfix.pipeline.repair import describe
    from sigfix.rendering.repair_text import signature_diff

    described = describe(model)
    decided = pipeline.plan_for(saved, described) if saved else pipeline.plan(model, choices)
    _show(decided, is_json)
    if decided.verdict == "repairable" or (decided.verdict == "healthy" and output is not None):
        destination = output or pipeline.default_output(model)
        staging.refuse_places(destination, options.force, options.keep_failed, described.path)
    if not is_json:
        if isinstance(described, SavedModel):
            typer.echo(signature_diff(described, decided, _width()), nl=False)
        if decided.verdict == "repairable":
            written = output or pipeline.default_output(model)
            typer.echo(printable(f"Would write {written}"))
    _hint(decided)
    if decided.verdict in UNDECIDED:
        raise typer.Exit(1)


def _show(plan: Plan, is_json: bool) -> None:
    from sigfix.rendering.json_text import json_text
    from sigfix.rendering.repair_result import plan_data
    from sigfix.rendering.repair_text import plan_text

    if is_json:
        typer.echo(json_text(plan_data(plan)), nl=False)
    else:
        typer.echo(plan_text(plan, _width()), nl=False)


def _width() -> int:
    return max(shutil.get_terminal_size().columns, 60)


def _hint(plan: Plan) -> None:
    if plan.hint:
        typer.echo(f"  try: {printable(plan.hint)}", err=True)


def run_repair(
    model: Path,
    output: Path | None,
    choices: Choices,
    options: Any,
    saved: Plan | None,
    is_json: bool,
    quiet: bool,
) -> None:
    """Repair, and print the plan and what came of it."""
    from sigfix.pipeline.repair import repair
    from sigfix.rendering.json_text import json_text
    from sigfix.rendering.repair_result import result_data, result_text
    from sigfix.rendering.repair_text import plan_text

    undecided: list[Plan] = []
    try:
        with steps(quiet) as say:

            def show(plan: Plan, described: SavedModel | OtherModel) -> None:
                say("")
                if plan.verdict in UNDECIDED:
                    undecided.append(plan)
                elif not is_json:
                    typer.echo(plan_text(plan, _width()), nl=False)
                    sys.stdout.flush()

            result = repair(model, output, choices, options, saved, say, show)
    except BlockedError:
        if not undecided:
            raise
        _show(undecided[0], is_json)
        _hint(undecided[0])
        raise typer.Exit(1) from None
    tell(result.notes)
    if is_json:
        typer.echo(json_text(result_data(result)), nl=False)
    else:
        typer.echo(result_text(result), nl=False)
