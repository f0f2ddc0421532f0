"""`sigfix inspect`: what is in a model, and what is wrong with it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.inspect_options import (
    Judged,
    Report,
    Where,
    judgement,
    refuse_clashes,
)
from sigfix.cli.options import grouped
from sigfix.cli.settings import FailOn, find_settings
from sigfix.cli.terminal import terminal_style
from sigfix.paths import RemotePath, path_or_url
from sigfix.quoting import printable, quote_path
from sigfix.rendering.inspections import FORMATS, TEXT, Shown
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.report import Inspection


@app.command()
@grouped
def inspect(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="SavedModels, and .pb, .onnx, .keras, .h5 and TensorFlow.js files, and their URLs "
            "(gs://, s3://, hf://); `-` reads them from standard input, one a line.",
            parser=path_or_url,
            readable=False,  # a file without permission is a row of the report, not the end
        ),
    ],
    where: Where,
    judged: Judged,
    report: Report,
) -> None:
    """Say what is in a model and what is wrong with it.

    Needs no TensorFlow and runs nothing of the model.

    Exits with 1 where there is a finding at or above --fail-on, with 2 where a path cannot be read.
    """
    from sigfix.cli.inspect_graph import draw, drawable
    from sigfix.cli.inspect_paths import Wanted, inspect_all, the_only_one, wanted_paths
    from sigfix.pipeline.write_failures import write_text

    refuse_clashes(judged, report)
    settings = find_settings(Path(), where.config)
    counted = judgement(judged, settings)
    wanted = Wanted(counted, settings, judged.checksums)
    found = wanted_paths(paths, where, settings)
    if report.graph is not None:
        inspections = [the_only_one(drawable(found), wanted)]
        draw(inspections[0], report.graph)
    elif len(found) == len(paths) == 1 and report.output_format == TEXT and not judged.baseline:
        inspections = [the_only_one(found[0], wanted)]
    else:
        inspections = inspect_all(found, wanted, where.jobs)
    if judged.baseline is not None:
        inspections = without_known(inspections, judged.baseline, judged.write_baseline)
    page = report.findings_page or settings.findings_page
    shown = Shown(terminal_style(), report.everything, counted.fail_on.severity, page)
    if report.output_file is not None:
        shown = replace(shown, style=replace(shown.style, colour=False))
    text = FORMATS[report.output_format](inspections, shown)
    if report.output_file is None:
        sys.stdout.write(text)
    else:
        write_text(report.output_file, text)
    sys.stderr.writelines(unchecked(inspections, counted.targets))
    sys.stderr.writelines(unread(inspections))
    if len(found) > 1 and all(item.failure is not None for item in inspections):
        sys.stderr.write("note: Nothing was inspected: none of the paths could be read.\n")
    raise typer.Exit(exit_code(inspections, counted.fail_on))


def without_known(inspections: list[Inspection], file: Path, write_it: bool) -> list[Inspection]:
    """The inspections without what the baseline has, which is written anew where that is asked."""
    from sigfix.pipeline.baseline import (
        apply_baseline,
        expired_notes,
        read_baseline,
        write_baseline,
    )

    if write_it:
        write_baseline(file, inspections)
    applied = apply_baseline(inspections, read_baseline(file), file.parent)
    for line in expired_notes(applied.expired, file):
        sys.stderr.write(printable(f"note: {line}") + "\n")
    return applied.inspections


def unchecked(inspections: list[Inspection], targets: tuple[str, ...]) -> list[str]:
    """A note for each file whose operators are not TensorFlow's, so that no table has them."""
    notes: list[str] = []
    named = " and ".join(targets)
    if not named:
        return notes
    for item in inspections:
        if item.other is not None and item.other.kind in ("onnx", "keras"):
            path = quote_path(item.path)
            way = f"sigfix convert {path} --tfjs   # says what cannot be converted"
            way = item.other.unusable or way
            notes.append(
                printable(f"note: {item.path} was not checked against {named}: {way}") + "\n"
            )
    return notes


def unread(inspections: list[Inspection]) -> list[str]:
    """A note of the models that were not fetched whole: what that leaves out."""
    found = [i for i in inspections if isinstance(i.path, RemotePath) and i.failure is None]
    if not found:
        return []
    what, it, copy = f"{found[0].path} was", "it", "the copy"
    if len(found) > 1:
        what, it, copy = f"{plural(len(found), 'model')} at URLs were", "them", "the copies"
    text = (
        f"note: {what} read without {'its' if it == 'it' else 'their'} weights, and no command "
        f"names {it}: copy {it} here, and inspect {copy}, for what repairs {it}"
    )
    return [printable(text) + "\n"]


def exit_code(inspections: list[Inspection], fail_on: FailOn) -> int:
    """2 where a path could not be read, 1 where a finding is bad enough, else 0.

    A path without a model is a finding, too: `--ignore` and `--fail-on never` pass it, as long as
    another path was read.
    """
    from sigfix.diagnosis import Severity

    failures = [item.failure for item in inspections if item.failure is not None]
    counted = [failure for failure in failures if not failure.ignored]
    never = fail_on is FailOn.NEVER
    if len(failures) == len(inspections) or any(not (never and each.code) for each in counted):
        return 2
    if never:
        return 0
    least = Severity(fail_on.value).weight
    return int(
        any(found.severity.weight >= least for item in inspections for found in item.findings)
    )
