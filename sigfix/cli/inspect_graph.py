"""`sigfix inspect --graph`: one model as a picture in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.cli.steps import tell
from sigfix.errors import UsageError
from sigfix.packages import require_packages
from sigfix.quoting import quote_path

if TYPE_CHECKING:
    from sigfix.report import Inspection


def drawable(paths: list[Path]) -> Path:
    """The one path. Raises `UsageError` where there are several, `MissingExtraError`."""
    if len(paths) > 1:
        raise UsageError(
            f"--graph draws one model, and there are {len(paths)}.",
            f"sigfix inspect {quote_path(paths[0])} --graph model.svg",
        )
    require_packages("--graph", "pictures", "networkx")
    return paths[0]


def draw(inspection: Inspection, file: Path) -> None:
    """Write the picture. Raises `UsageError` where there is nothing to draw, `OutputError`."""
    from sigfix.pipeline.write_failures import write_text
    from sigfix.rendering.flow_picture import FORMS, rendered_flow

    if file.suffix.lower() not in FORMS:
        raise UsageError(
            f"--graph {file}: expected a name that ends in {' or '.join(FORMS)}.",
            f"--graph {quote_path(file.with_suffix('.svg'))}",
        )
    if inspection.model is None:
        raise UsageError(
            f"--graph draws SavedModels and frozen graphs, and {inspection.path} is neither.",
            f"sigfix repair {quote_path(inspection.path)}   # makes a SavedModel of it",
        )
    text = rendered_flow(inspection.model, str(inspection.path), file.suffix.lower())
    if text is None:
        raise UsageError(
            f"--graph finds nothing in {inspection.path} that computes an output.",
            f"sigfix inspect {quote_path(inspection.path)}",
        )
    write_text(file, text)
    tell([f"Wrote {file}"])
