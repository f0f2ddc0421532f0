"""`convert --tfjs`: freeze, optimise, export, and prove that TF.js computes the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.card import read_card
from sigfix.errors import MissingExtraError, NotVerifiedError, SigfixError, UsageError
from sigfix.memory import release
from sigfix.model import TensorSpec
from sigfix.optimising.passes import ANY_TARGET, TARGETS, check_names
from sigfix.pipeline import staging
from sigfix.pipeline.applying import DEFAULT_SECONDS
from sigfix.pipeline.notes import nonfinite
from sigfix.pipeline.prepare import Choice, Prepared, freeze, prepare
from sigfix.pipeline.preset import PresetOptions
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.quantising import AUTO, QuantisationTrial, choose_dtype
from sigfix.pipeline.source import ONNX, PRESET, Source, find_source
from sigfix.presets import PRESETS, find_preset
from sigfix.quoting import quote
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.verifying.checking import Source as SourceAnswers
    from sigfix.verifying.verdict import Comparison

QUANTIZE = ("uint8", "uint16", "float16", AUTO)


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    `target` is one of `optimising.passes.TARGETS`. `inputs` is an .npz file that replaces seeded
    inputs, `without` names passes of `optimising.passes` to leave out. With `quantize` "auto" the
    smallest type is taken that loses at most `max_loss`, a part of 1, on `samples` (see
    `pipeline.quantising`); any other type may lose `max_loss` of an output's range. `tolerance`
    is what TensorFlow.js may differ by, a part of an output's range, and each run of a model
    takes at most `seconds`.
    """

    choice: Choice = field(default_factory=Choice)
    target: str = ANY_TARGET
    quantize: str | None = None
    verify: bool = True
    inputs: Path | None = None
    force: bool = False
    keep_failed: Path | None = None
    without: tuple[str, ...] = ()
    max_loss: float | None = None
    samples: Path | None = None
    tolerance: float | None = None
    seconds: float = DEFAULT_SECONDS
    seed: int = 0


@dataclass(frozen=True)
class ConvertResult:
    """What was written and how it was checked.

    `size` is in bytes; `quantised` counts the weight tensors of each type
    but float32. `quantize` is None for float32; `trials` are the types that --quantize auto tried.

    `comparisons` are the checks that had to pass; `losses` tell how far a quantised model is
    from the source. `tried` are the kinds of made-up inputs, `measured` says what was measured
    beside the differences. `notes` are lines about the source that a user should read.
    `not_verified` says why nothing was compared, '' where it was.
    """

    source: Source
    output: Path
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    unused_inputs: tuple[str, ...]
    operators: dict[str, int]
    size: int
    quantize: str | None
    quantised: dict[str, int]
    comparisons: tuple[Comparison, ...]
    losses: tuple[Comparison, ...]
    mode: str
    backend: str
    not_verified: str
    measured: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    trials: tuple[QuantisationTrial, ...] = ()
    notes: tuple[str, ...] = ()


def convert(
    given: str | Path | None = None,
    output: Path | None = None,
    options: ConvertOptions = ConvertOptions(),
    say: Say = silent,
) -> ConvertResult:
    """Convert a SavedModel, an ONNX file or a preset to a TF.js graph model in `output`.

    The default is `MODEL_tfjs` beside MODEL. Nothing is published unless TF.js, run on the same
    inputs, equals the source (see `verifying.tolerances`), or was told not to be asked.

    Raises `UsageError`, `UnreadableModelError`, `ConversionError` (an operator that TF.js lacks),
    `OutputError`, `ParityError` where the numbers differ, and `NotVerifiedError` where that could
    not be told.
    """
    source = find_source(None if given is None else str(given), Path())
    destination = _default_output(source) if output is None else output
    _check_options(source, options)
    staging.refuse_existing(destination, options.force)
    if source.kind != PRESET:
        staging.refuse_overlap(source.path, destination)
    _require_packages(source)
    _check_files(source, options)
    with temporary_folder() as temporary:
        prepared = prepare(source, options.choice, temporary, say)
        release()
        with staging.publish_to(destination, options.force, options.keep_failed) as place:
            return _export(source, prepared, options, destination, place, temporary, say)


def _default_output(source: Source) -> Path:
    path = source.path
    if source.kind == PRESET:
        return Path(f"{path.name}_tfjs")
    path = path.resolve() if path.name in ("", ".", "..") else path
    stem = path.stem if source.kind == ONNX else path.name
    return path.with_name(f"{stem}_tfjs")


def _check_options(source: Source, options: ConvertOptions) -> None:
    check_names(options.without)
    if options.target not in TARGETS:
        raise UsageError(f"--target {options.target}: expected one of {', '.join(TARGETS)}.")
    if options.quantize is not None and options.quantize not in QUANTIZE:
        raise UsageError(f"--quantize {options.quantize}: expected one of {', '.join(QUANTIZE)}.")
    if options.quantize != AUTO and options.samples is not None:
        raise UsageError("--samples says what --quantize auto measures on.", "--quantize auto")
    if options.quantize is None and options.max_loss is not None:
        raise UsageError("--max-loss says what quantising may change.", "--quantize auto")
    if options.max_loss is not None and not 0 <= options.max_loss <= 1:
        raise UsageError(f"--max-loss {options.max_loss:g}: expected a part of 1, such as 0.01.")
    if options.samples is not None and not options.samples.exists():
        raise UsageError(f"--samples {options.samples}: there is no such file or folder.")
    if options.choice.layout not in (None, "nhwc"):
        raise UsageError(f"--layout {options.choice.layout}: expected nhwc.")
    if options.choice.layout is not None and source.kind != ONNX:
        raise UsageError(
            "--layout is for ONNX files; a SavedModel keeps its layout.",
            f"sigfix repair {quote(str(source.path))} --layout nhwc -o nhwc/, and convert that",
        )
    if options.choice.preset is not None and source.kind != ONNX:
        name = options.choice.preset
        raise UsageError(
            "--preset says which docTR model an ONNX file is.",
            f"sigfix convert {name} --tfjs   (builds the preset)"
            if source.kind == PRESET
            else f"sigfix repair {quote(str(source.path))} --preset {name} -o {name}/, "
            "and convert that",
        )
    is_preset = source.kind == PRESET or options.choice.preset is not None
    if not is_preset and options.choice.preset_options != PresetOptions():
        raise UsageError(
            f"--weights, --seed, --vocab, --size, --raw-logits and --normalize are for docTR "
            f"presets; {source.path} is none.",
            "sigfix repair changes an existing model; an .onnx file may name its --preset",
        )


def _check_files(source: Source, options: ConvertOptions) -> None:
    """Read the user's samples and inputs before the work that they are for."""
    if options.quantize == AUTO:
        from sigfix.verifying.inputs.samples import check_samples

        check_samples(options.samples, _task(source, options.choice))
    if options.inputs is not None and options.verify:
        from sigfix.verifying.inputs.given import read_npz

        read_npz(options.inputs)


def _task(source: Source, choice: Choice) -> str:
    """What a docTR model is for, as far as that is known before it is read; "" of any other."""
    name = source.path.name if source.kind == PRESET else choice.preset
    if name is not None:
        return find_preset(name).task
    card = None if source.kind == ONNX else read_card(source.path)
    return "" if card is None else card.task


def _require_packages(source: Source) -> None:
    from importlib.util import find_spec

    needed = ["tensorflow", "tensorflowjs"]
    needed += ["onnx", "onnxslim", "onnxruntime"] if source.kind == ONNX else []
    absent = [package for package in needed if find_spec(package) is None]
    if absent:
        extra = "tfjs,onnx" if source.kind == ONNX else "tfjs"
        raise MissingExtraError("sigfix convert --tfjs", extra, ", ".join(absent))


def _export(
    source: Source,
    prepared: Prepared,
    options: ConvertOptions,
    destination: Path,
    place: Path,
    temporary: Path,
    say: Say,
) -> ConvertResult:
    from sigfix.exporting import tfjs_model
    from sigfix.optimising import passes
    from sigfix.pipeline import conversion_check

    frozen = freeze(prepared, say)
    release()
    specs, quantize = _specs(frozen.signature.inputs), options.quantize
    with _source(prepared, specs, options) as (source_run, tried):
        say("optimising the graph for TensorFlow.js")
        valued = passes.optimise_values(frozen.graph, options.without, options.target)
        kernels = passes.optimise_kernels(valued, options.without)
        release()
        metadata = None if prepared.card is None else {"sigfix": prepared.card.as_json()}
        trials: tuple[QuantisationTrial, ...] = ()
        if quantize == AUTO:
            quantize, trials = choose_dtype(
                valued, frozen, specs, prepared.card, options.samples, options.max_loss, say
            )
        tfjs_model.write_model(kernels, frozen.signature, place, quantize, metadata)
        release()
        checked = conversion_check.Checked(not_verified="--no-verify was given")
        if source_run is not None:
            say("running the result in TensorFlow.js on the source's inputs")
            conversion = conversion_check.Conversion(
                place,
                frozen,
                valued,
                None if prepared.card is None else PRESETS.get(prepared.card.preset),
                tfjs_model.stored_weights(place) if quantize else None,
                temporary,
                options.seconds,
                options.tolerance,
                None if options.quantize == AUTO else options.max_loss,
            )
            try:
                checked = conversion_check.check(conversion, source_run())
            except SigfixError as error:
                raise _named(error, place) from error
    return ConvertResult(
        source=source,
        output=destination,
        inputs=specs,
        outputs=_specs(frozen.signature.outputs),
        unused_inputs=frozen.unused_inputs,
        operators=dict(Counter(n.op for n in kernels.nodes.values()).most_common()),
        size=sum(f.stat().st_size for f in place.iterdir()),
        quantize=quantize,
        quantised=dict(Counter(tfjs_model.quantised_weights(kernels, quantize).values())),
        trials=trials,
        tried=tried,
        notes=(*prepared.notes, *nonfinite(prepared.onnx_file or prepared.model)),
        **vars(checked),
    )


@contextmanager
def _source(
    prepared: Prepared, specs: Mapping[str, TensorSpec], options: ConvertOptions
) -> Iterator[tuple[Callable[[], SourceAnswers] | None, tuple[str, ...]]]:
    """The source, running beside the block, and the kinds of inputs that were made up for it."""
    if not options.verify:
        yield None, ()
        return
    from sigfix.pipeline.conversion_source import conversion_cases, started_source
    from sigfix.verifying.checking import given_and_tried

    cases = conversion_cases(specs, options.inputs, prepared.card, options.seed, prepared.inputs)
    with started_source(prepared, cases, options.seconds) as running:
        yield running, given_and_tried(cases)["tried"]


def _named(error: SigfixError, place: Path) -> SigfixError:
    """The same error without the hidden name that the result has until it is published."""
    message = error.message.replace(str(place.resolve()), "the result")
    hint = error.hint
    if isinstance(error, NotVerifiedError):
        message = f"Not verified, so nothing was written: {message}"
        hint = hint or "--inputs FILE.npz compares real inputs; --no-verify writes it unchecked"
    return type(error)(message.replace(str(place), "the result"), hint)


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
