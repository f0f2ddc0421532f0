"""`convert --tfjs`: freeze, optimise, export, and prove that TF.js computes the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import known_preset
from sigfix.errors import SigfixError
from sigfix.forking import apart
from sigfix.memory import release
from sigfix.pipeline import staging
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.conversion_options import (
    ConvertOptions,
    ConvertResult,
    check_files,
    check_options,
    default_output,
    require_source_packages,
)
from sigfix.pipeline.notes import nonfinite
from sigfix.pipeline.obstacles import fed_behind
from sigfix.pipeline.prepare import prepare
from sigfix.pipeline.prepared import Prepared
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.quantising import AUTO
from sigfix.pipeline.source import ONNX, PRESET, Source, find_source
from sigfix.pipeline.unguessed import refuse_unguessed
from sigfix.pipeline.unpublished import unpublished
from sigfix.pipeline.writing import Written, write
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.pipeline.conversion_check import Checked, Conversion
    from sigfix.verifying.runnable import Run


def convert(
    given: str | Path | None = None,
    output: Path | str | None = None,
    options: ConvertOptions | None = None,
    say: Say = silent,
) -> ConvertResult:
    """Convert a model of any kind, or a preset, to a TF.js graph model in `output`.

    The default is `MODEL_tfjs` beside MODEL. Nothing is published unless TF.js, run on the same
    inputs, equals the source (see `verifying.tolerances`), or was told not to be asked.

    Raises `UsageError`, `UnreadableModelError`, `ConversionError` (an operator that TF.js lacks),
    `OutputError`, `ParityError` where the numbers differ, and `NotVerifiedError` where that could
    not be told.
    """
    options = options or ConvertOptions()
    source = find_source(None if given is None else str(given), Path())
    destination = default_output(source) if output is None else Path(output)
    check_options(source, options)
    read = None if source.kind == PRESET else source.path
    staging.refuse_places(destination, options.force, options.keep_failed, read)
    with temporary_folder() as temporary:
        prepared = _prepared(source, options, temporary, say)
        with (
            _named(prepared.model, source.path),
            staging.publish_to(destination, options.force, options.keep_failed, read) as place,
        ):
            return _export(source, prepared, options, destination, place, temporary, say)


def convert_part(
    source: Source, place: Path, options: ConvertOptions, temporary: Path, say: Say
) -> ConvertResult:
    """`convert` into the empty folder `place`, for a caller that publishes it as a part of more."""
    check_options(source, options)
    prepared = _prepared(source, options, temporary, say)
    with _named(prepared.model, source.path):
        return _export(source, prepared, options, place, place, temporary, say)


def _prepared(source: Source, options: ConvertOptions, temporary: Path, say: Say) -> Prepared:
    require_source_packages(source)
    check_files(source, options)
    if source.kind == ONNX and options.verify and options.inputs is None:
        refuse_unguessed(source.path)
    prepared = prepare(source, options.choice, temporary, say, _running(options))
    release()
    return prepared


@contextmanager
def _named(made: Path, source: Path) -> Iterator[None]:
    """Say the source's name in errors, where a copy or an export of it is what is converted."""
    try:
        yield
    except SigfixError as error:
        error.message = error.message.replace(str(made), str(source))
        error.hint = error.hint and error.hint.replace(str(made), str(source))
        error.args = (error.message,)
        raise


def _running(options: ConvertOptions) -> RepairOptions:
    """How a source is run that becomes a SavedModel first."""
    return RepairOptions(verify=options.verify, trust=options.choice.trust, seconds=options.seconds)


def _export(
    source: Source,
    prepared: Prepared,
    options: ConvertOptions,
    destination: Path,
    place: Path,
    temporary: Path,
    say: Say,
) -> ConvertResult:
    """Write the model, and then check it; what it took to write it is given back before."""

    def work() -> Written:
        return write(source, prepared, options, place, temporary, say)

    say("")  # which ends the thread that shows progress, if there is one
    written = apart(work) if options.verify else work()
    checked = _checked(written, prepared, options, place, say)
    return ConvertResult(
        source=source,
        output=destination,
        inputs=written.inputs,
        outputs=written.outputs,
        unused_inputs=written.unused_inputs,
        operators=written.operators,
        size=sum(f.stat().st_size for f in place.iterdir()),
        quantize=written.quantize,
        quantised=written.quantised,
        trials=written.trials,
        tried=written.tried,
        notes=(
            *prepared.notes,
            *written.notes,
            *nonfinite(prepared.onnx_file or prepared.model),
        ),
        **vars(checked),
    )


def _checked(
    written: Written, prepared: Prepared, options: ConvertOptions, place: Path, say: Say
) -> Checked:
    from sigfix.pipeline import conversion_check
    from sigfix.pipeline.conversion_source import rows_of

    if written.answers is None or written.graphs is None:
        return conversion_check.Checked(not_verified="--no-verify was given")
    say("running the result in TensorFlow.js on the source's inputs")
    conversion = conversion_check.Conversion(
        place,
        written.graphs,
        known_preset(prepared.card),
        written.quantize is not None,
        options.seconds,
        options.tolerance if options.tolerance is not None else written.tolerance,
        None if options.quantize == AUTO else options.max_loss,
        rows_of(prepared.parts),
    )
    with unpublished(place):
        return _verdict(conversion, written, written.answers, prepared, options, say)


def _verdict(
    conversion: Conversion,
    written: Written,
    answers: Run,
    prepared: Prepared,
    options: ConvertOptions,
    say: Say,
) -> Checked:
    from sigfix.pipeline import conversion_check, stepwise
    from sigfix.pipeline.conversion_source import source_side
    from sigfix.verifying.checking import read_source

    side = source_side(prepared)
    if written.states:
        source = stepwise.read(side, answers)
        source = stepwise.with_states(source, written.states, prepared, options.seconds)
        return stepwise.check(conversion, source, written.states)
    source = fed_behind(written.cut, read_source(side, answers))
    try:
        return conversion_check.check(conversion, source)
    except conversion_check.DifferenceError as error:
        if written.frozen is None:
            raise
        from sigfix.pipeline import pass_bisection  # which imports TensorFlow

        options = replace(options, without=(*options.without, *written.failed))
        raise pass_bisection.named(
            error, conversion, written.frozen, source, options, say
        ) from error
