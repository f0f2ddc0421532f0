"""What `convert` is asked for, what it answers, and what is refused before any work."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import read_card
from sigfix.errors import UsageError
from sigfix.model import TensorSpec
from sigfix.optimising.passes import ANY_TARGET, TARGETS, check_names
from sigfix.packages import require_extras
from sigfix.paths import as_paths
from sigfix.pipeline.applying import DEFAULT_SECONDS, check_seconds, check_tolerance
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.quantising import AUTO, MEASURED, MIXED, QuantisationTrial
from sigfix.pipeline.source import ONNX, PRESET, Source
from sigfix.presets import find_preset
from sigfix.quoting import quote_path

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.verifying.verdict import Comparison

QUANTIZE = ("uint8", MIXED, "uint16", "float16", AUTO)


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    `target` is one of `optimising.passes.TARGETS`. `inputs` is an .npz file that replaces seeded
    inputs, `without` names passes of `optimising.passes` to leave out. With `quantize` "auto" the
    smallest type is taken that loses at most `max_loss`, a part of 1, on `samples` (see
    `pipeline.quantising`); any other type may lose `max_loss` of an output's range. `tolerance`
    is what TensorFlow.js may differ by, a part of an output's range, and each run of a model
    takes at most `seconds`. `bisect` looks for the pass at fault where the numbers differ. Paths
    may be texts.
    """

    choice: SourceChoice = field(default_factory=SourceChoice)
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
    bisect: bool = False

    def __post_init__(self) -> None:
        as_paths(self, "inputs", "keep_failed", "samples")
        check_seconds(self.seconds)
        check_tolerance(self.tolerance)


@dataclass(frozen=True)
class ConvertResult:
    """What was written and how it was checked.

    `size` is in bytes; `quantised` counts the weight tensors of each type but float32. `quantize`
    is None for float32; `trials` are the types that --quantize auto tried. `comparisons` had to be
    the same; `losses` tell how far a quantised model is from the source. `tried` are the kinds of
    made-up inputs, `measured` what was measured beside the differences; `notes` are lines about the
    source that a user should read. `not_verified` says why nothing was compared.
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


def check_options(source: Source, options: ConvertOptions) -> None:
    """Raise `UsageError` for options that contradict each other, or the source."""
    check_names(options.without)
    if options.target not in TARGETS:
        raise UsageError(f"--target {options.target}: expected one of {', '.join(TARGETS)}.")
    if options.quantize is not None and options.quantize not in QUANTIZE:
        raise UsageError(f"--quantize {options.quantize}: expected one of {', '.join(QUANTIZE)}.")
    if options.quantize not in MEASURED and options.samples is not None:
        raise UsageError("--samples says what --quantize auto measures on.", "--quantize auto")
    if options.quantize is None and options.max_loss is not None:
        raise UsageError("--max-loss says what quantising may change.", "--quantize auto")
    if options.bisect and not options.verify:
        raise UsageError("--bisect-passes compares numbers, and --no-verify none.", "leave one out")
    if options.max_loss is not None and not 0 <= options.max_loss <= 1:
        raise UsageError(f"--max-loss {options.max_loss:g}: expected a part of 1, such as 0.01.")
    if options.samples is not None and not options.samples.exists():
        raise UsageError(f"--samples {options.samples}: there is no such file or folder.")
    if options.choice.layout not in (None, "nhwc"):
        raise UsageError(f"--layout {options.choice.layout}: expected nhwc.")
    if options.choice.layout is not None and source.kind != ONNX:
        raise UsageError(
            "--layout is for ONNX files; a SavedModel keeps its layout.",
            f"sigfix repair {quote_path(source.path)} --layout nhwc -o nhwc/ && "
            "sigfix convert nhwc/ --tfjs",
        )
    if options.choice.preset is not None and source.kind != ONNX:
        name = options.choice.preset
        raise UsageError(
            "--preset says which docTR model an ONNX file is.",
            f"sigfix convert {name} --tfjs   # builds the preset"
            if source.kind == PRESET
            else f"sigfix repair {quote_path(source.path)} --preset {name} -o {name}/ && "
            f"sigfix convert {name}/ --tfjs",
        )
    if options.choice.states:
        _check_states(source, options)
    is_preset = source.kind == PRESET or options.choice.preset is not None
    if not is_preset and options.choice.preset_options != PresetOptions():
        raise UsageError(
            f"--weights, --seed, --vocab, --size, --raw-logits and --normalize preset are for "
            f"docTR presets; {source.path} is none.",
            "sigfix repair changes an existing model; an .onnx file may name its --preset",
        )
    if source.kind == PRESET:
        _check_preset_choices(source, options.choice)


def _check_states(source: Source, options: ConvertOptions) -> None:
    """Raise `UsageError` for what cannot be done with a state as inputs and outputs."""
    if source.kind in (ONNX, PRESET):
        raise UsageError(
            f"--state io: {source.path} keeps nothing from one call to the next.", "leave it out"
        )
    beside = {
        "--bisect-passes": options.bisect,
        options.choice.cut: bool(options.choice.cut),
    }
    for option, given in beside.items():
        if given:
            raise UsageError(
                f"{option} is not compared over several steps, as --state io is.", "leave one out"
            )


def _check_preset_choices(source: Source, choice: SourceChoice) -> None:
    """Raise `UsageError` for changes that a model cannot be built with."""
    if any(item.shape is not None or item.dtype is not None for item in choice.inputs):
        raise UsageError(
            f"--input: {source.path} is a preset, which is built for one size.",
            "--size says which",
        )
    if choice.outputs:
        raise UsageError(
            f"--output: {source.path} is a preset, which has one output.",
            "--rename OLD=NEW calls it otherwise; -o DIRECTORY is where the result goes",
        )
    if choice.normalize is not None:
        raise UsageError(
            f"--normalize: {source.path} is a preset, which has its own mean and deviation.",
            "--normalize preset",
        )


def check_files(source: Source, options: ConvertOptions) -> None:
    """Read the user's samples and inputs before the work that they are for."""
    if options.quantize in MEASURED:
        from sigfix.verifying.inputs.samples import check_samples

        check_samples(options.samples, task_of(source, options.choice))
    if options.inputs is not None and options.verify:
        from sigfix.verifying.inputs.given import read_npz

        read_npz(options.inputs)


def task_of(source: Source, choice: SourceChoice) -> str:
    """What a docTR model is for, as far as that is known before it is read; "" of any other."""
    name = source.path.name if source.kind == PRESET else choice.preset
    if name is not None:
        return find_preset(name).task
    card = None if source.kind == ONNX else read_card(source.path)
    return "" if card is None else card.task


def require_source_packages(source: Source) -> None:
    """Raise `MissingExtraError` before any work where a package is not there."""
    require_extras(
        "sigfix convert --tfjs", *(("tfjs", "onnx") if source.kind == ONNX else ("tfjs",))
    )


def default_output(source: Source, what: str = "tfjs") -> Path:
    """Where `convert` writes to where nobody says: `MODEL_tfjs` beside the model."""
    path = source.path
    if source.kind == PRESET:
        return Path(f"{path.name}_{what}")
    path = path.resolve() if path.name in ("", ".", "..") else path
    return path.with_name(f"{path.stem if path.is_file() else path.name}_{what}")
