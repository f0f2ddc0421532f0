"""`sigfix bundle`: models, sigfix-ocr and TensorFlow.js as one static folder that reads pages."""

from __future__ import annotations

import gzip
import json
import shutil
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import Card, card_from
from sigfix.card_form import CARD_VERSION
from sigfix.errors import UnreadableModelError, UsageError
from sigfix.memory import release
from sigfix.model import OtherModel
from sigfix.packages import require_extras, require_packages
from sigfix.pipeline import staging
from sigfix.pipeline.bundle_files import SAMPLE, copy_page, write_manifest
from sigfix.pipeline.bundle_form import files_below
from sigfix.pipeline.conversion_options import QUANTIZE, ConvertOptions, ConvertResult
from sigfix.pipeline.convert import convert_part
from sigfix.pipeline.hub_folder import settled
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.quantising import AUTO
from sigfix.pipeline.source import PRESET, Source, find_source
from sigfix.presets import DETECTION, ORIENTATION, PRESETS, RECOGNITION
from sigfix.quoting import quote_path
from sigfix.reading import read_any
from sigfix.temporary import temporary_folder
from sigfix.version import __version__

if TYPE_CHECKING:  # at run time they need numpy, and some commands do without
    from PIL import Image

    from sigfix.pipeline.bundle_check import BundleCheck
    from sigfix.verifying.doctr_pages import Model

NONE = "none"
OPTIONS = {DETECTION: "--det", RECOGNITION: "--reco", ORIENTATION: "--cls"}
CONVERTED = "TensorFlow.js"


@dataclass(frozen=True)
class Part:
    """A model of a bundle: a preset's name or a path, and how a preset is built."""

    given: str
    options: PresetOptions = field(default_factory=PresetOptions)


@dataclass(frozen=True)
class BundleOptions:
    """What a bundle is made of. `parts` are by task; `seconds` is for each run of a model."""

    parts: dict[str, Part]
    quantize: str = AUTO
    verify: bool = True
    force: bool = False
    seconds: float = 600.0


@dataclass(frozen=True)
class BundledModel:
    """A model as it lies in the bundle; `converted` is None for one that was converted before."""

    task: str
    name: str
    folder: Path
    card: Card
    converted: ConvertResult | None


@dataclass(frozen=True)
class BundleResult:
    """What was written: its models, sizes in bytes as they lie there and as gzip, by folder."""

    output: Path
    models: tuple[BundledModel, ...]
    sizes: dict[str, tuple[int, int]]
    check: BundleCheck | None
    notes: tuple[str, ...] = ()


def bundle(options: BundleOptions, output: Path | str, say: Say = silent) -> BundleResult:
    """Write a folder that reads documents in a browser, after it was tried on a rendered page.

    Raises what `convert` raises for each model, `UsageError` for what is no docTR model of its
    task, `ParityError` where the bundle reads otherwise than docTR's Python pipeline, and
    `NotVerifiedError` where that could not be told; nothing is published then.
    """
    destination = Path(output)
    _check_options(options)
    staging.refuse_existing(destination, options.force)
    sources = {task: _source(task, part) for task, part in options.parts.items()}
    for source in sources.values():
        if source.kind != PRESET:
            staging.refuse_places(destination, options.force, source=source.path)
    from sigfix.verifying.runners.node import find_node, packages_directory

    say("fetching TensorFlow.js, where it is not there yet")
    packages = packages_directory(find_node())
    if options.verify:
        require_extras("Comparing a bundle with docTR", "doctr")
    with (
        temporary_folder() as temporary,
        staging.publish_to(destination, options.force) as place,
    ):
        copy_page(place, packages)
        models = [
            _model(task, source, options, place, temporary, say) for task, source in sources.items()
        ]
        picture = _sample(models, options)
        picture.save(place / SAMPLE)
        write_manifest(place, {model.task: model.name for model in models})
        check = _checked(place, picture, models, options, say) if options.verify else None
        sizes = _sizes(place)
    notes = tuple(note for m in models if m.converted for note in m.converted.notes)
    return BundleResult(destination, tuple(models), sizes, check, notes)


def _check_options(options: BundleOptions) -> None:
    missing = [OPTIONS[task] for task in (DETECTION, RECOGNITION) if task not in options.parts]
    if missing:
        raise UsageError(
            f"A bundle needs a detector and a recogniser; {' and '.join(missing)} is missing.",
            "--det db_mobilenet_v3_large --reco crnn_mobilenet_v3_small",
        )
    if options.quantize not in (*QUANTIZE, NONE):
        known = ", ".join((*QUANTIZE, NONE))
        raise UsageError(f"--quantize {options.quantize}: expected one of {known}.")
    require_packages("A bundle", "doctr", "PIL", "cv2")


def _source(task: str, part: Part) -> Source:
    """What a part of the bundle is made from, a model that is already converted included."""
    path = Path(part.given)
    if path.is_dir() and (path / "model.json").is_file():
        source = Source(CONVERTED, path)
    else:
        source = find_source(part.given, Path())
    if source.kind != PRESET:
        part.options.refuse_weights(path)
        return source
    preset = part.options.preset(part.given)
    if preset.task != task:
        right = next(option for name, option in OPTIONS.items() if name == preset.task)
        raise UsageError(
            f"{OPTIONS[task]} {part.given}: this preset is for {preset.task}.",
            f"{right} {part.given}; sigfix presets lists all",
        )
    return source


def _model(
    task: str, source: Source, options: BundleOptions, place: Path, temporary: Path, say: Say
) -> BundledModel:
    """Convert a model into the bundle, or copy one that is converted."""
    folder = place / "models" / task
    folder.mkdir(parents=True)
    converted = None
    if source.kind == CONVERTED:
        _copy(source.path, folder)
    else:
        work = temporary / task
        work.mkdir()
        chosen = ConvertOptions(
            SourceChoice(preset_options=options.parts[task].options),
            quantize=None if options.quantize == NONE else options.quantize,
            verify=options.verify,
            seconds=options.seconds,
        )

        def tell(step: str) -> None:
            say(step and f"{task}: {step}")

        converted = convert_part(source, folder, chosen, work, tell)
    card = _card(task, source, folder)
    return BundledModel(task, card.preset, folder, card, converted)


def _copy(model: Path, folder: Path) -> None:
    """Copy model.json and the weight files that it names."""
    described = read_any(model)
    if described.problems:
        text = "; ".join(problem.message for problem in described.problems)
        raise UnreadableModelError(
            f"{model} is damaged: {text}.", f"sigfix inspect {quote_path(model)}"
        )
    document = json.loads((model / "model.json").read_bytes())
    names = [str(name) for group in document["weightsManifest"] for name in group["paths"]]
    for name in ("model.json", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(model / name, folder / name)


def _card(task: str, source: Source, folder: Path) -> Card:
    """The card of a model in the bundle. Raises `UsageError` where it is none for the task."""
    described = read_any(folder)
    card = card_from(described.card) if isinstance(described, OtherModel) else None
    option = OPTIONS[task]
    if card is None or card.preset not in PRESETS or card.version != CARD_VERSION:
        why = "it has no card" if card is None else f"its card has the version {card.version}"
        raise UsageError(
            f"{option} {source.path}: {why}, which says how images become inputs and outputs text.",
            f"name a docTR preset, or a model that sigfix {__version__} built of one",
        )
    if card.task != task:
        raise UsageError(
            f"{option} {source.path}: this model is for {card.task}.", OPTIONS[card.task]
        )
    if len(card.class_names or ()) > 1:
        raise UsageError(
            f"{option} {source.path}: this detector tells {len(card.class_names or ())} classes "
            "apart, and docTR's pipeline reads with detectors of one.",
            "sigfix convert --tfjs, and loadDetector of sigfix-ocr",
        )
    return card


def _sample(models: Sequence[BundledModel], options: BundleOptions) -> Image.Image:
    """The page that the bundle is tried on, which lies in it as an example."""
    from sigfix.verifying.inputs.pages import rendered_page

    (characters,) = (model.card.vocabulary for model in models if model.task == RECOGNITION)
    return rendered_page(characters if options.verify else string.ascii_lowercase)


def _checked(
    place: Path, picture: Image.Image, models: Sequence[BundledModel], options: BundleOptions,
    say: Say,
) -> BundleCheck:  # fmt: skip
    from sigfix.pipeline.bundle_check import compare

    release()
    say("reading a rendered page with the bundle and with docTR")
    references = {model.task: _reference(model, options.parts[model.task]) for model in models}
    return compare(place, picture, references, options.seconds)


def _reference(model: BundledModel, part: Part) -> Model:
    """What docTR reads with: the weights themselves, or the model where there is nothing else."""
    from sigfix.verifying.doctr_pages import Converted, Trained

    if model.converted is not None and model.converted.source.kind == PRESET:
        options, _ = settled(model.name, part.options)
        preset = options.preset(model.name)
        return Trained(preset, options.weights, options.seed, options.vocabulary)
    described = read_any(model.folder)
    assert isinstance(described, OtherModel)
    shape = next(item.shape for item in described.inputs if item.name == model.card.input)
    _, height, width, _ = shape or (None, None, None, None)
    if height is None or width is None:
        raise UsageError(
            f"{OPTIONS[model.task]} {part.given}: its images have no fixed size.",
            f"sigfix convert with --input '{model.card.input}=1,1024,1024,3'",
        )
    return Converted(model.folder, model.card, height, width)


def _sizes(place: Path) -> dict[str, tuple[int, int]]:
    """Bytes, and bytes as gzip, of each folder; files that one backend alone needs are apart."""
    sizes: dict[str, tuple[int, int]] = {}
    for name in files_below(place):
        content = (place / name).read_bytes()
        top = name.rpartition("/")[0] if name.startswith("models/") else name.partition("/")[0]
        own, packed = sizes.get(top if "/" in name else "page", (0, 0))
        key = top if "/" in name else "page"
        sizes[key] = (own + len(content), packed + len(gzip.compress(content, 6)))
    return sizes
