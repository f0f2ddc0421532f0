"""`sigfix inspect`: what is in a model, and what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.terminal import terminal_style
from sigfix.errors import SigfixError, UsageError
from sigfix.quoting import printable, quote_path
from sigfix.rendering.inspections import FORMATS, TEXT

if TYPE_CHECKING:
    from sigfix.report import Inspection


class FailOn(str, Enum):
    """The mildest finding that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"


class TargetName(str, Enum):
    """Where the model shall run."""

    TFJS = "tfjs"
    TFJS_WASM = "tfjs-wasm"
    TFJS_WEBGL = "tfjs-webgl"
    TFJS_WEBGPU = "tfjs-webgpu"
    TFJS_NODE = "tfjs-node"
    SERVING = "serving"
    TFLITE = "tflite"


def known_format(name: str) -> str:
    """A name of the table. (Click's own check would need Click, which not every Typer brings.)"""
    if name not in FORMATS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(map(repr, FORMATS))}.")
    return name


@app.command()
def inspect(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="SavedModels, and .pb, .onnx, .keras, .h5 and TensorFlow.js files.",
            readable=False,  # a file without permission is a row of the report, not the end
        ),
    ],
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="How to write the report.",
            metavar=f"<{'|'.join(FORMATS)}>",
            callback=known_format,
            autocompletion=lambda: [*FORMATS],
        ),
    ] = TEXT,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="The mildest finding that makes the exit code 1.")
    ] = FailOn.ERROR,
    selected: Annotated[
        list[str] | None,
        typer.Option("--select", metavar="CODES", help="Only these codes or families."),
    ] = None,
    ignored: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODES", help="Not these codes or families."),
    ] = None,
    target: Annotated[
        TargetName | None, typer.Option("--target", "-t", help="Also check what this cannot run.")
    ] = None,
    checksums: Annotated[
        bool,
        typer.Option(
            "--checksums", help="Verify the CRC32C of every stored tensor, and look for NaN."
        ),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Show every function, tensor and operator.")
    ] = False,
) -> None:
    """Say what is in a model and what is wrong with it.

    Needs no TensorFlow and runs nothing of the model.

    Exits with 1 where there is a finding at or above --fail-on, with 2 where a path cannot be read.
    """
    from sigfix.diagnosis import check_selection
    from sigfix.pipeline.inspect import inspect as inspect_path

    if everything and output_format != TEXT:
        raise UsageError(f"--all is for text: {output_format} has everything.", "leave it out")
    left_out = check_selection(ignored or ())
    inspect_one = partial(
        inspect_path,
        target=target.value if target else "",
        checksums=checksums,
        selected=check_selection(selected or ()),
        ignored=left_out,
    )
    if len(paths) == 1 and output_format == TEXT:
        inspections = [the_only_one(paths[0], inspect_one, left_out)]
    else:
        inspections = inspect_all(paths, inspect_one, left_out)
    sys.stdout.write(FORMATS[output_format](inspections, terminal_style(), everything))
    if target is not None:
        sys.stderr.writelines(unchecked(inspections, target.value))
    if len(paths) > 1 and all(item.failure is not None for item in inspections):
        sys.stderr.write("note: Nothing was inspected: none of the paths could be read.\n")
    raise typer.Exit(exit_code(inspections, fail_on))


def unchecked(inspections: list[Inspection], target: str) -> list[str]:
    """A note for each file whose operators are not TensorFlow's, so that no table has them."""
    notes = []
    for item in inspections:
        if item.other is not None and item.other.kind in ("onnx", "keras"):
            path = quote_path(item.path)
            way = f"sigfix convert {path} --tfjs   # says what cannot be converted"
            way = item.other.unusable or way
            notes.append(
                printable(f"note: {item.path} was not checked against {target}: {way}") + "\n"
            )
    return notes


def the_only_one(
    path: Path, inspect_one: Callable[[Path], Inspection], ignored: tuple[str, ...]
) -> Inspection:
    """Inspect the one path that was named. A path without a model cannot be ignored then."""
    from sigfix.diagnosis import is_named

    try:
        return inspect_one(path)
    except SigfixError as error:
        code = getattr(error, "code", "")
        if is_named(code, ignored):
            error.message += f" --ignore {code} leaves out one of several paths, and this is all."
        raise


def inspect_all(
    paths: list[Path], inspect_one: Callable[[Path], Inspection], ignored: tuple[str, ...]
) -> list[Inspection]:
    """Inspect every path, with a progress line on a terminal where there are many.

    One that cannot be read is a row like the others; its code can be among the `ignored`.
    """
    from sigfix.pipeline.inspect import failed_inspection

    shown = len(paths) > 3 and sys.stderr.isatty()
    inspections = []
    for number, path in enumerate(paths, 1):
        if shown:
            done = 20 * number // len(paths)
            bar = "#" * done + "." * (20 - done)
            sys.stderr.write(f"\r[{bar}] {number}/{len(paths)}\x1b[K")
        try:
            inspections.append(inspect_one(path))
        except SigfixError as error:
            inspections.append(failed_inspection(path, error, ignored))
    if shown:
        sys.stderr.write("\r\x1b[K")
    return inspections


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
