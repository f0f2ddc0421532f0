"""`convert --tfjs`: freeze, optimise, export, and prove that TF.js computes the same numbers."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

from sigfix.card import read_card
from sigfix.errors import MissingExtraError, UsageError
from sigfix.memory import release
from sigfix.model import TensorSpec
from sigfix.optimising.passes import ANY_TARGET, TARGETS, check_names
from sigfix.pipeline import staging
from sigfix.pipeline.prepare import Choice, Prepared, freeze, prepare
from sigfix.pipeline.preset import PresetOptions
from sigfix.pipeline.progress import Comparison, Say, silent
from sigfix.pipeline.quantising import AUTO, QuantisationTrial, choose_dtype
from sigfix.pipeline.source import ONNX, PRESET, Source, find_source
from sigfix.pipeline.source_run import started_source
from sigfix.presets import find_preset

QUANTIZE = ("uint8", "uint16", "float16", AUTO)


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    `target` is one of `optimising.passes.TARGETS`. `inputs` is an .npz file that replaces seeded
    inputs, `without` names passes of `optimising.passes` to leave out. With `quantize` "auto" the
    smallest type is taken that loses at most `max_loss`, a part of 1, on `samples` (see
    `pipeline.quantising`).
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


@dataclass(frozen=True)
class ConvertResult:
    """What was written and how it was checked.

    `size` is in bytes; `quantised` counts the weight tensors of each type
    but float32. `quantize` is None for float32; `trials` are the types that --quantize auto tried.

    `comparisons` are the checks that had to pass; `losses` tell how far a quantised model is
    from the float one. `not_verified` says why nothing was compared, '' where it was.
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
    trials: tuple[QuantisationTrial, ...] = ()


def convert(
    given: str | Path | None = None,
    output: Path | None = None,
    options: ConvertOptions = ConvertOptions(),
    say: Say = silent,
) -> ConvertResult:
    """Convert a SavedModel, an ONNX file or a preset to a TF.js graph model in `output`.

    The default is `MODEL_tfjs` beside MODEL. Nothing is published unless TF.js, run on seeded
    inputs, equals the source within `parity.TOLERANCE` (or was told not to be asked).

    Raises `UsageError`, `UnreadableModelError`, `ConversionError` (an operator that TF.js lacks),
    `OutputError`, and `ParityError` where the numbers differ or TF.js cannot run the result.
    """
    source = find_source(None if given is None else str(given), Path())
    destination = _default_output(source) if output is None else output
    _check_options(source, options)
    staging.refuse_existing(destination, options.force)
    if source.kind != PRESET:
        staging.refuse_overlap(source.path, destination)
    _require_packages(source)
    _check_files(source, options)
    with tempfile.TemporaryDirectory(prefix="sigfix-") as temporary:
        prepared = prepare(source, options.choice, Path(temporary), say)
        release()
        with staging.publish_to(destination, options.force, options.keep_failed) as place:
            return _export(source, prepared, options, destination, place, say)


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
    if options.quantize != AUTO and not (options.max_loss is None and options.samples is None):
        raise UsageError(
            "--max-loss and --samples say how --quantize auto chooses.", "--quantize auto"
        )
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
        from sigfix.verifying.samples import check_samples

        check_samples(options.samples, _task(source, options.choice))
    if options.inputs is not None and options.verify:
        from sigfix.verifying.inputs import read_npz

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
    say: Say,
) -> ConvertResult:
    from sigfix.exporting import tfjs_model
    from sigfix.optimising import passes
    from sigfix.pipeline import parity

    frozen = freeze(prepared, say)
    release()
    specs, quantize = _specs(frozen.signature.inputs), options.quantize
    running = started_source(prepared, specs, options.inputs) if options.verify else nullcontext()
    with running as source_run:
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
        checked = parity.Checked(not_verified="--no-verify was given")
        if source_run is not None:
            say("running the result in TensorFlow.js on the source's inputs")
            weights = tfjs_model.stored_weights(place) if quantize else None
            checked = parity.check(place, prepared, source_run, frozen, valued, weights)
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
        **vars(checked),
    )


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
