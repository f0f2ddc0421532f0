"""`sigfix inspect`: what is in a model, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
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
from sigfix.cli.settings import find_settings
from sigfix.cli.terminal import terminal_style
from sigfix.paths import path_or_url
from sigfix.quoting import printable
from sigfix.rendering.inspections import FORMATS, TEXT, Shown

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
    from sigfix.cli.inspect_outcome import Outcome
    from sigfix.cli.inspect_paths import Wanted, inspect_all, the_only_one, wanted_paths
    from sigfix.pipeline.baseline import Baseline
    from sigfix.pipeline.write_failures import write_pieces
    from sigfix.temporary import set_aside

    refuse_clashes(judged, report)
    settings = find_settings(Path(), where.config)
    counted = judgement(judged, settings)
    wanted = Wanted(counted, settings, judged.checksums)
    found = wanted_paths(paths, where, settings)
    baseline = None
    if judged.baseline is not None:
        baseline = Baseline(judged.baseline, judged.write_baseline)
    inspections: Iterable[Inspection]
    if report.graph is not None:
        inspections = [the_only_one(drawable(found), wanted)]
        draw(inspections[0], report.graph)
    elif len(found) == len(paths) == 1 and report.output_format == TEXT and not baseline:
        inspections = [the_only_one(found[0], wanted)]
    else:
        inspections = inspect_all(found, wanted, where.jobs)
    if baseline is not None:
        inspections = map(baseline.apply, inspections)
    page = report.findings_page or settings.findings_page
    shown = Shown(terminal_style(), report.everything, counted.fail_on.severity, page)
    if report.output_file is not None:
        shown = replace(shown, style=replace(shown.style, colour=False))
    outcome = Outcome(counted.targets, counted.fail_on)
    with set_aside(FORMATS[report.output_format](outcome.watch(inspections), shown)) as text:
        for line in baseline.finish() if baseline else ():
            sys.stderr.write(printable(f"note: {line}") + "\n")
        if report.output_file is None:
            sys.stdout.writelines(text)
        else:
            write_pieces(report.output_file, text)
    sys.stderr.writelines(outcome.notes())
    raise typer.Exit(outcome.exit_code)
