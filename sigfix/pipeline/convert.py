"""`convert --tfjs`: freeze, optimise, export, and prove that TF.js computes the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.card import Card, known_preset
from sigfix.errors import NotVerifiedError, SigfixError
from sigfix.memory import release
from sigfix.model import DEFAULT_SERVING_KEY, TensorSpec
from sigfix.pipeline import staging
from sigfix.pipeline.applying import WAYS_ON, RepairOptions
from sigfix.pipeline.asking import asked_source
from sigfix.pipeline.conversion_options import (
    ConvertOptions,
    ConvertResult,
    check_files,
    check_options,
    default_output,
    require_source_packages,
)
from sigfix.pipeline.notes import loops_left, nonfinite, states_kept
from sigfix.pipeline.obstacles import cut_in_front, fed_behind, refuse_obstacles
from sigfix.pipeline.optimised import Optimised, optimise
from sigfix.pipeline.prepare import freeze, prepare
from sigfix.pipeline.prepared import Prepared
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.quantising import AUTO, QuantisationTrial, choose_dtype
from sigfix.pipeline.source import PRESET, Source, find_source
from sigfix.pipeline.tfjs_metadata import metadata_of
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.pipeline.conversion_check import Checked, Conversion
    from sigfix.verifying.checking import Source as SourceAnswers


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
    """Frozen graph -> optimised graphs -> model on disk -> verdict; each is made of the last."""
    with asked_source(prepared, options, say) as ask:
        whole = freeze(prepared, say, options.choice.states)
        release()
        cut = cut_in_front(whole, options.choice.cut)
        frozen = whole if cut is None else cut.rest
        specs = _specs(frozen.signature.inputs)
        answers, tried = ask(whole, _specs(whole.signature.inputs))
        optimised = optimise(frozen, options, say)
        options = replace(options, without=(*options.without, *optimised.failed))
        key = prepared.signature or DEFAULT_SERVING_KEY
        refuse_obstacles(optimised.kernels, frozen.outputs, whole, source.path, key)
        written = _write(optimised, frozen, specs, prepared.card, place, options, say)
        checked = _checked(
            frozen, optimised, written, prepared.card, temporary, options,
            answers and (lambda: fed_behind(cut, answers())), say,
        )  # fmt: skip
    return ConvertResult(
        source=source,
        output=destination,
        inputs=specs,
        outputs=_specs(frozen.signature.outputs),
        unused_inputs=frozen.unused_inputs,
        operators=optimised.operators,
        size=sum(f.stat().st_size for f in place.iterdir()),
        quantize=written.quantize,
        quantised=written.quantised,
        trials=written.trials,
        tried=tried,
        notes=(
            *prepared.notes,
            *optimised.notes,
            *loops_left(optimised.operators),
            *states_kept(frozen.states),
            *(() if cut is None else cut.said),
            *nonfinite(prepared.onnx_file or prepared.model),
        ),
        **vars(checked),
    )


@dataclass(frozen=True)
class Written:
    """A TF.js model on disk: the type that its weights are stored as, and what they are then.

    `quantize` is None for float32, and `weights` None with it; `trials` led to that type.
    """

    folder: Path
    quantize: str | None
    quantised: dict[str, int]
    weights: Mapping[str, Any] | None
    trials: tuple[QuantisationTrial, ...] = ()


def _write(
    optimised: Optimised,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    card: Card | None,
    place: Path,
    options: ConvertOptions,
    say: Say,
) -> Written:
    from sigfix.exporting import tfjs_model, weight_files

    quantize: str | None = options.quantize
    trials: tuple[QuantisationTrial, ...] = ()
    if quantize == AUTO:
        quantize, trials = choose_dtype(
            optimised.values, frozen, specs, card, options.samples, options.max_loss, say
        )
    metadata = metadata_of(card, optimised.kernels, frozen.states)
    tfjs_model.write_model(optimised.kernels, frozen.signature, place, quantize, metadata)
    release()
    quantised = Counter(tfjs_model.quantised_weights(optimised.kernels, quantize).values())
    weights = weight_files.stored_weights(place) if quantize and options.verify else None
    return Written(place, quantize, dict(quantised), weights, trials)


def _checked(
    frozen: FrozenSignature,
    optimised: Optimised,
    written: Written,
    card: Card | None,
    temporary: Path,
    options: ConvertOptions,
    answers: Callable[[], SourceAnswers] | None,
    say: Say,
) -> Checked:
    from sigfix.exporting import tfjs_model
    from sigfix.pipeline import conversion_check

    if answers is None:
        return conversion_check.Checked(not_verified="--no-verify was given")
    say("running the result in TensorFlow.js on the source's inputs")
    if written.quantize and written.weights is not None:
        tfjs_model.refuse_misstored(optimised.kernels, written.quantize, written.weights)
    conversion = conversion_check.Conversion(
        written.folder,
        frozen,
        optimised.values,
        known_preset(card),
        written.weights,
        temporary,
        options.seconds,
        options.tolerance if options.tolerance is not None else optimised.tolerance,
        None if options.quantize == AUTO else options.max_loss,
    )
    try:
        return _verdict(conversion, answers(), options, say)
    except SigfixError as error:
        _without_hidden_name(error, written.folder)
        raise


def _verdict(
    conversion: Conversion, answers: SourceAnswers, options: ConvertOptions, say: Say
) -> Checked:
    from sigfix.pipeline import conversion_check, pass_bisection, stepwise

    if conversion.frozen.states:
        return stepwise.check(conversion, answers)
    try:
        return conversion_check.check(conversion, answers)
    except conversion_check.DifferenceError as error:
        if not options.bisect:
            raise
        raise pass_bisection.named(error, conversion, answers, options, say) from error


def _without_hidden_name(error: SigfixError, place: Path) -> None:
    """Take the hidden name that the result has until it is published out of an error's text."""
    for path in (str(place.resolve()), str(place)):
        error.message = error.message.replace(path, "the result")
    if isinstance(error, NotVerifiedError):
        error.message = f"Not verified, so nothing was written: {error.message}"
        error.hint = error.hint or WAYS_ON
    error.args = (error.message,)


def _specs(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
    """Signature key -> spec, from a TensorFlow SignatureDef's inputs or outputs."""
    import tensorflow as tf

    result = {}
    for key in sorted(tensors):
        info = tensors[key]
        shape = tf.TensorShape(info.tensor_shape)
        dims = None if shape.rank is None else tuple(shape.as_list())
        result[key] = TensorSpec(tf.dtypes.as_dtype(info.dtype).name, dims, info.name)
    return result
