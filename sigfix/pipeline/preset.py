"""`repair --preset NAME`: docTR -> ONNX -> SavedModel, each stage compared with the one before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.card import Card, make_card, write_card
from sigfix.errors import MissingExtraError, ParityError, UsageError
from sigfix.model import TensorSpec
from sigfix.pipeline import staging
from sigfix.pipeline.comparing import compare_stage
from sigfix.pipeline.progress import Comparison, Say, silent
from sigfix.presets import PRETRAINED, RANDOM, Preset, find_preset

PYTORCH, ONNX_RUNTIME, SAVED_MODEL = "docTR (PyTorch)", "ONNX Runtime", "SavedModel"


def tolerance(preset: Preset) -> float:
    """The largest difference taken for the same, relative to the output's range.

    Float noise of a deep detector is 1e-5 of its logits' range, and its sigmoid makes up to ten
    times that of it. A decoder that feeds back carries its noise from step to step.
    """
    return 1e-4 if preset.is_detector or preset.feeds_back else 1e-5


def batches(preset: Preset) -> tuple[int, ...]:
    """The batch sizes that are compared: pages come one at a time, words in numbers."""
    return (1,) if preset.is_detector else (1, 4)


@dataclass(frozen=True)
class PresetOptions:
    """Where a preset's weights come from: "pretrained", "random" or a file; `seed` for random.

    `vocabulary` is the name of one of docTR's, or the characters; the preset's own by default.
    `size` is the side of a detector's images; `raw_logits` leaves its sigmoid out. `normalize`
    puts mean and deviation into the model, which then takes RGB values between 0 and 1.
    """

    weights: str = PRETRAINED
    seed: int = 0
    vocabulary: str | None = None
    size: int | None = None
    raw_logits: bool = False
    normalize: bool = False

    def preset(self, name: str) -> Preset:
        """The preset called `name` with these options; `UsageError` for what it cannot have."""
        preset = find_preset(name, self.size, self.raw_logits)
        if self.vocabulary is not None and not preset.is_recogniser:
            raise UsageError(f"--vocab: {preset.name} reads no characters.")
        if self.weights not in (PRETRAINED, RANDOM) and not Path(self.weights).is_file():
            raise UsageError(
                f"--weights {self.weights}: there is no such file.",
                f"--weights {PRETRAINED}|{RANDOM}|FILE",
            )
        return preset

    def refuse_weights(self, path: Path) -> None:
        """Raise `UsageError` where weights are chosen for `path`, which has its own."""
        if (self.weights, self.seed) != (PRETRAINED, 0):
            raise UsageError(
                f"--weights and --seed are for building a preset; {path} has its own weights."
            )


@dataclass(frozen=True)
class PresetResult:
    """What was built, where it is, and how far each stage is from the one before."""

    preset: Preset
    card: Card
    output: Path
    onnx_file: Path | None
    comparisons: tuple[Comparison, ...]


def build_preset(
    name: str,
    output: Path | None = None,
    options: PresetOptions = PresetOptions(),
    *,
    force: bool = False,
    keep_onnx: bool = False,
    say: Say = silent,
    show: Callable[[Preset, Card, Path], None] = lambda preset, card, output: None,
) -> PresetResult:
    """Build the SavedModel of a docTR preset in `output` (./NAME by default).

    `show` is called with what will be written before anything is. Raises what
    `importing.doctr.build_model` raises, `OutputError` where the result cannot be written, and
    `ParityError` (nothing is published) where a stage differs from the one before.
    """
    preset = options.preset(name)
    destination = Path(preset.name) if output is None else output
    kept = destination.with_name(f"{destination.name}.onnx") if keep_onnx else None
    staging.refuse_existing(destination, force)
    if kept is not None:
        staging.refuse_existing(kept, force)
    with tempfile.TemporaryDirectory(prefix="sigfix-") as temporary:
        onnx_file = Path(temporary) / f"{preset.name}.onnx"
        model, comparisons = export_preset(preset, options, onnx_file, say)
        card = make_card(preset, model.vocabulary, model.weights, options.normalize)
        show(preset, card, destination)
        with staging.publish_to(destination, force) as place:
            say("building the SavedModel")
            finished = finish_onnx(preset, onnx_file, Path(temporary), options.normalize)
            import_preset(preset, finished, place)
            write_card(card, place)
            say("comparing the SavedModel, read back from disk, with ONNX Runtime")
            comparisons += compare_saved_model(preset, finished, place)
            require_parity(comparisons)
        if kept is not None:
            unfinished = kept.with_name(f".{kept.name}.unfinished")
            shutil.copyfile(onnx_file, unfinished)
            unfinished.replace(kept)
    return PresetResult(preset, card, destination, kept, tuple(comparisons))


def export_preset(
    preset: Preset, options: PresetOptions, onnx_file: Path, say: Say
) -> tuple[Any, list[Comparison]]:
    """docTR -> `onnx_file`, compared with PyTorch; returns the docTR model and the comparisons."""
    require_packages()
    say(f"building {preset.name} with docTR ({options.weights} weights)")
    from sigfix.importing import doctr
    from sigfix.importing.onnx_graph import EXPORTED_OUTPUT
    from sigfix.verifying import onnx_runtime

    model = doctr.build_model(preset, options.weights, options.seed, options.vocabulary)
    say("exporting to ONNX")
    doctr.export_onnx(model, preset, onnx_file)
    inputs = [channels_first_inputs(preset, batch) for batch in batches(preset)]
    results = onnx_runtime.run(onnx_file, inputs)
    comparisons = []
    for batch, fed, result in zip(batches(preset), inputs, results, strict=True):
        reference = {EXPORTED_OUTPUT: doctr.run(model, fed["input"])}
        stages = (PYTORCH, ONNX_RUNTIME)
        comparisons.append(
            compare_stage(stages, batch, reference, result, tolerance(preset), preset)
        )
    return model, comparisons


def require_packages() -> None:
    """Raise `MissingExtraError` before any work where docTR, ONNX or TensorFlow is not there."""
    from importlib.util import find_spec

    absent = [
        package
        for package in ("doctr", "torch", "onnx", "onnxruntime", "tensorflow")
        if find_spec(package) is None
    ]
    if absent:
        raise MissingExtraError("Building a docTR preset", "doctr", ", ".join(absent))


def channels_first_inputs(preset: Preset, batch: int) -> dict[str, Any]:
    """Seeded images as ONNX takes them: float32 [batch, 3, height, width]."""
    from sigfix.verifying.inputs import seeded_inputs

    spec = TensorSpec("float32", (None, 3, preset.height, preset.width))
    return seeded_inputs({"input": spec}, batch)


def finish_onnx(preset: Preset, onnx_file: Path, folder: Path, normalize: bool = False) -> Path:
    """A docTR export as the preset wants it: `onnx_file` itself, or a new file in `folder`.

    See `onnx_graph.finish`, which says what it raises.
    """
    import onnx

    from sigfix.importing import onnx_graph

    model = onnx_graph.read_onnx(onnx_file)
    if not onnx_graph.finish(model, preset, onnx_file, normalize):
        return onnx_file
    finished = folder / f"{preset.name}.{preset.output}.onnx"
    onnx.save(model, finished)
    return finished


def import_preset(preset: Preset, finished: Path, destination: Path) -> None:
    """Finished ONNX -> SavedModel: NHWC `input`, static height and width, dynamic batch.

    Raises `ConversionError` where the ONNX graph cannot be expressed.
    """
    from sigfix.importing import onnx_graph
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.onnx_to_saved_model import save_onnx

    model = onnx_graph.read_onnx(finished)
    onnx_graph.fix_dimensions(model, {"input": (None, 3, preset.height, preset.width)})
    save_onnx(simplify(model), destination, channels_last_inputs=("input",))


def compare_saved_model(preset: Preset, finished: Path, model: Path) -> list[Comparison]:
    """SavedModel against ONNX Runtime on the finished ONNX, at every batch of `batches`."""
    from sigfix.verifying import onnx_runtime, saved_model

    inputs = [channels_first_inputs(preset, batch) for batch in batches(preset)]
    turned = [{"input": fed["input"].transpose(0, 2, 3, 1)} for fed in inputs]
    references = onnx_runtime.run(finished, inputs)
    results = saved_model.run(model, turned)
    return [
        compare_stage(
            (ONNX_RUNTIME, SAVED_MODEL), batch, reference, result, tolerance(preset), preset
        )
        for batch, reference, result in zip(batches(preset), references, results, strict=True)
    ]


def require_parity(comparisons: list[Comparison]) -> None:
    """Raise `ParityError` that names the first stage that differs."""
    for comparison in comparisons:
        if not comparison.parity.ok:
            raise ParityError(
                f"{comparison.result} differs from {comparison.reference} at batch "
                f"{comparison.batch}: {describe_difference(comparison)}",
                "nothing was written; this is a fault in sigfix or in a package below it",
            )


def describe_difference(comparison: Comparison) -> str:
    """Why a comparison failed: its worst output, or that there was nothing to compare."""
    worst = comparison.parity.worst
    if worst is None:
        return comparison.parity.reason or "there was nothing to compare"
    return f"{worst.name}: {worst.reason}"
