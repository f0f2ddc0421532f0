"""What `sigfix repair` does once its options are read: files, plan, run, output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from sigfix.errors import UsageError
from sigfix.model import OtherModel, SavedModel
from sigfix.planning import Choices, Plan


def parse_tags(text: str | None) -> tuple[str, ...] | None:
    """`serve,gpu` as a tuple; '' is no tag, None says nothing."""
    if text is None:
        return None
    return tuple(part.strip() for part in text.split(",") if part.strip())


def parse_layout(text: str | None) -> str | None:
    """`nhwc` or `nchw`. Raises `UsageError` for another."""
    if text is not None and text not in ("nhwc", "nchw"):
        raise UsageError(f"--layout {text}: there are nhwc and nchw.")
    return text


def say_unless(quiet: bool) -> Callable[[str], None]:
    """Progress on standard error, or nowhere."""

    def say(message: str) -> None:
        if not quiet:
            typer.echo(message, err=True)

    return say


def load_plan(path: Path) -> Plan:
    """The plan in a file. Raises `UsageError` where it is none."""
    from sigfix.planning.codec import read_plan

    try:
        return read_plan(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error


def load_inputs(path: Path) -> dict[str, Any]:
    """The arrays of an .npz file. Pickled objects are refused: they would run code."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as data:
            return {
                name: data[name].astype(object) if data[name].dtype.kind in "SU" else data[name]
                for name in data.files
            }
    except (OSError, ValueError) as error:
        raise UsageError(f"--inputs {path} cannot be read: {error}.") from error


def show_plan(model: Path, choices: Choices, saved: Plan | None, is_json: bool) -> None:
    """Show what would be done, the signatures before and after, and stop."""
    from sigfix.pipeline import repair as pipeline
    from sigfix.rendering.repair_result import plan_data
    from sigfix.rendering.repair_text import plan_text, signature_diff

    described = pipeline.describe(model)
    decided = saved or pipeline.plan(model, choices)
    if is_json:
        typer.echo(json.dumps(plan_data(decided), indent=2))
    else:
        typer.echo(plan_text(decided), nl=False)
        if isinstance(described, SavedModel):
            typer.echo(signature_diff(described, decided), nl=False)
        if decided.verdict == "repairable":
            typer.echo(f"Would write {pipeline.default_output(model)}")
    _hint(decided)
    if decided.verdict in ("ambiguous", "blocked"):
        raise typer.Exit(1)


def _hint(plan: Plan) -> None:
    if plan.hint:
        typer.echo(f"  try: {plan.hint}", err=True)


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
    from sigfix.rendering.repair_result import plan_data, result_data, result_text
    from sigfix.rendering.repair_text import plan_text

    def show(plan: Plan, described: SavedModel | OtherModel) -> None:
        undecided = plan.verdict in ("ambiguous", "blocked")
        if is_json and undecided:
            typer.echo(json.dumps(plan_data(plan), indent=2))
        elif not is_json:
            typer.echo(plan_text(plan), nl=False)
        if undecided:
            _hint(plan)
            raise typer.Exit(1)
        sys.stdout.flush()

    result = repair(model, output, choices, options, saved, say_unless(quiet), show)
    if is_json:
        typer.echo(json.dumps(result_data(result), indent=2, default=str))
    else:
        typer.echo(result_text(result), nl=False)
