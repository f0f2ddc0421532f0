"""The options of `sigfix inspect`, in groups, and what they come to with a settings file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.groups import RESULT, SOURCE
from sigfix.cli.options import option
from sigfix.cli.settings import FailOn, Settings, TargetName, check_page
from sigfix.diagnosis import check_selection, refuse_both
from sigfix.errors import UsageError
from sigfix.rendering.inspections import FORMATS, TEXT

JUDGED = "What counts"


def formats() -> list[str]:
    """What a shell offers."""
    return [*FORMATS]


def known_format(name: str) -> str:
    """A name of the table. (Click's own check would need Click, which not every Typer brings.)"""
    if name not in FORMATS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, FORMATS))}.")
    return name


@dataclass(frozen=True)
class Where:
    """Which models."""

    recursive: Annotated[
        bool,
        option(
            "Every model below the folders and URLs that are named.",
            "--recursive",
            "-r",
            panel=SOURCE,
        ),
    ] = False
    excluded: Annotated[
        list[str],
        option(
            "Not these paths, nor what is below them: `old/*`.",
            "--exclude",
            panel=SOURCE,
            metavar="PATTERN",
        ),
    ] = field(default_factory=list)
    jobs: Annotated[
        int,
        option(
            "How many processes read models.",
            "--jobs",
            "-j",
            panel=SOURCE,
            min=1,
            max=256,
            metavar="<int>",
        ),
    ] = 1
    config: Annotated[
        Path | None,
        option(
            "Settings instead of the nearest sigfix.toml or pyproject.toml.",
            "--config",
            panel=SOURCE,
        ),
    ] = None


@dataclass(frozen=True)
class Judged:
    """What is a finding here, and which one fails."""

    fail_on: Annotated[
        FailOn | None,
        option(
            "The mildest finding that makes the exit code 1: error, warning, note or never.  "
            "(default: error)",
            "--fail-on",
            panel=JUDGED,
            metavar="LEVEL",
        ),
    ] = None
    selected: Annotated[
        list[str],
        option("Only these codes or families.", "--select", panel=JUDGED, metavar="CODES"),
    ] = field(default_factory=list)
    ignored: Annotated[
        list[str],
        option("Not these codes or families.", "--ignore", panel=JUDGED, metavar="CODES"),
    ] = field(default_factory=list)
    targets: Annotated[
        list[TargetName],
        option(
            f"Also check what this cannot run: {', '.join(each.value for each in TargetName)}. "
            "Repeat for more.",
            "--target",
            "-t",
            panel=JUDGED,
            metavar="TARGET",
        ),
    ] = field(default_factory=list)
    checksums: Annotated[
        bool,
        option(
            "Verify the CRC32C of every stored tensor, and look for NaN.",
            "--checksums",
            panel=JUDGED,
        ),
    ] = False
    baseline: Annotated[
        Path | None,
        option("Leave out the findings that this file has.", "--baseline", panel=JUDGED),
    ] = None
    write_baseline: Annotated[
        bool,
        option("Write what is found to that file.", "--write-baseline", panel=JUDGED),
    ] = False


@dataclass(frozen=True)
class Report:
    """How it is said."""

    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help=f"How to write the report: {', '.join(FORMATS)}.",
            metavar="FORMAT",
            callback=known_format,
            autocompletion=formats,
            rich_help_panel=RESULT,
        ),
    ] = TEXT
    output_file: Annotated[
        Path | None,
        option("Where to write it instead of standard output.", "--output-file", panel=RESULT),
    ] = None
    findings_page: Annotated[
        str | None,
        option(
            "Address of your copy of docs/findings.md, for SARIF: its helpUri.",
            "--findings-page",
            panel=RESULT,
            metavar="URL",
        ),
    ] = None
    graph: Annotated[
        Path | None,
        option(
            "Draw what the model computes, in blocks: an .svg or .html file.",
            "--graph",
            panel=RESULT,
            metavar="FILE",
        ),
    ] = None
    everything: Annotated[
        bool,
        option("Show every function, tensor and operator.", "--all", "-a", panel=RESULT),
    ] = False


@dataclass(frozen=True)
class Judgement:
    """What counts in this run: the command line's words where it has some, else the file's."""

    selected: tuple[str, ...]
    ignored: tuple[str, ...]
    targets: tuple[str, ...]
    fail_on: FailOn


def judgement(judged: Judged, settings: Settings) -> Judgement:
    """What counts.

    Raises `UsageError` for a code that there is not, or that is both selected and ignored.
    """
    selected = check_selection(judged.selected) or settings.select
    ignored = check_selection(judged.ignored) or settings.ignore
    refuse_both(selected, ignored)
    return Judgement(
        selected=selected,
        ignored=ignored,
        targets=tuple(target.value for target in judged.targets) or settings.target,
        fail_on=judged.fail_on or FailOn(settings.fail_on or "error"),
    )


def refuse_clashes(judged: Judged, report: Report) -> None:
    """Raise `UsageError` for options that mean nothing together."""
    if report.everything and report.output_format != TEXT:
        raise UsageError(
            f"--all is for text: {report.output_format} has everything.", "leave it out"
        )
    if report.findings_page is not None:
        check_page(report.findings_page, "--findings-page")
        if report.output_format != "sarif":
            raise UsageError(
                f"--findings-page is for SARIF: {report.output_format} has no address in it.",
                "--format sarif",
            )
    if judged.write_baseline and judged.baseline is None:
        raise UsageError("--write-baseline needs a file.", "--baseline sigfix-baseline.json")
