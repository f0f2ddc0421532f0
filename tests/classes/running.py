"""Run what a row says, as a person does: in the model's folder, by a shell."""

from __future__ import annotations

from pathlib import Path

from tests.brought import SAVERS as BROUGHT
from tests.classes.models import MODELS
from tests.classes.rows import Row
from tests.printed.exploring import run
from tests.saved_models import SAVERS


def saved(name: str, folder: Path) -> Path:
    """The folder that the model lies in; it is saved where it is not there."""
    place = folder / name.strip("-") / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        {**SAVERS, **BROUGHT, **MODELS}[name](place)
    return place.parent


def now(row: Row, folder: Path) -> tuple[int, str]:
    """The exit code, and what the command says."""
    command = "sigfix " + row.command.format(m=row.model)
    return run(command, saved(row.model, folder))
