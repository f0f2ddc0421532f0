"""The models of a bundle: converted into it, or copied where they are converted."""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp

from sigfix.card import Card, card_from, known_preset, read_card
from sigfix.card_form import CARD_VERSION
from sigfix.errors import UnreadableModelError, UsageError
from sigfix.model import OtherModel
from sigfix.option_names import OptionNames
from sigfix.pipeline.applying import DEFAULT_SECONDS
from sigfix.pipeline.bundle_form import files_below
from sigfix.pipeline.conversion_options import ConvertOptions, ConvertResult
from sigfix.pipeline.convert import convert_part
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import Say
from sigfix.pipeline.quantising import AUTO, MIXED
from sigfix.pipeline.source import PRESET, SAVED_MODEL, Source, find_source
from sigfix.presets import (
    DETECTION,
    ORIENTATION,
    PAGE_ORIENTATION,
    PRESETS,
    PRETRAINED,
    RECOGNITION,
)
from sigfix.quoting import quote_path
from sigfix.reading import read_any
from sigfix.version import __version__

NONE = "none"
SMALL = ("uint8", MIXED)
"""What is too coarse, where a page is not read as docTR reads it."""
OPTIONS = {
    DETECTION: "--det",
    RECOGNITION: "--reco",
    ORIENTATION: "--cls",
    PAGE_ORIENTATION: "--page-cls",
}
_FOR = {ORIENTATION: "orientation of crops", PAGE_ORIENTATION: "orientation of pages"}
"""What a model is for, where the name of its part does not say it."""
CONVERTED = "TensorFlow.js"


@dataclass(frozen=True)
class Part:
    """A model of a bundle: a preset's name or a path, and how a preset is built."""

    given: str
    options: PresetOptions = field(default_factory=PresetOptions)


@dataclass(frozen=True)
class BundleOptions:
    """What a bundle is made of. `parts` are by what each does, as `Preset.part` names it; `seconds`
    is for each run of a model."""

    parts: dict[str, Part]
    quantize: str = AUTO
    verify: bool = True
    force: bool = False
    seconds: float = DEFAULT_SECONDS


@dataclass(frozen=True)
class BundledModel:
    """A model as it lies in the bundle; `converted` is None for one that was converted before.

    `task` is what it does there, a key of `OPTIONS`.
    """

    task: str
    name: str
    folder: Path
    card: Card
    converted: ConvertResult | None


def wider_types(models: Mapping[str, BundledModel]) -> list[dict[str, str]]:
    """Types of weights by task, to be tried in turn where those of `models` change what is read.

    A model keeps its own answers with the type that `auto` finds, and a box that it moves by a
    pixel may still be another word to the next model. First all are mixed; then float16 takes
    one after the other, the smallest first; and at last no type but the weights' own.
    """
    stored = {
        task: model.converted.quantize or NONE for task, model in models.items() if model.converted
    }
    small = [task for task, dtype in stored.items() if dtype in SMALL]
    small.sort(key=lambda task: sum(files_below(models[task].folder).values()))
    trials = [
        stored | dict.fromkeys(small, MIXED) | dict.fromkeys(small[:widened], "float16")
        for widened in range(len(small) + 1)
    ]
    own = dict.fromkeys(stored, NONE)
    return [types for types in (*trials, own) if types != stored]


def named(task: str, options: PresetOptions) -> PresetOptions:
    """How a part's preset is built, with what the options are called that say so."""
    own = OPTIONS[task]
    return replace(options, names=OptionNames(own, f"{own}-weights", f"{own}-size"))


def find_part(task: str, part: Part) -> Source:
    """What a part of the bundle is made from, a model that is already converted included."""
    path = Path(part.given)
    _refuse_nothing(task, part.given)
    if path.is_dir() and (path / "model.json").is_file():
        source = Source(CONVERTED, path)
    else:
        source = find_source(part.given, Path())
    if source.kind != PRESET:
        _refuse_options(task, part.options, path)
        _refuse_unknown(OPTIONS[task], source)
        return source
    preset = named(task, part.options).preset(part.given)
    if preset.part != task:
        what = _FOR.get(preset.part, preset.task)
        raise UsageError(
            f"{OPTIONS[task]} {part.given}: this preset is for {what}.",
            f"{OPTIONS[preset.part]} {part.given}; sigfix presets lists all",
        )
    return source


def _refuse_nothing(task: str, given: str) -> None:
    """Raise where nothing has this name, with a preset's that is like it."""
    try:
        found = given in PRESETS or Path(given).exists()
    except OSError:  # a name too long
        found = False
    if found:
        return
    names = [name for name, preset in PRESETS.items() if preset.part == task]
    near = difflib.get_close_matches(given.lower(), names, n=1)
    raise UnreadableModelError(
        f"{OPTIONS[task]} {given} does not exist, and there is no preset of that name.",
        f"{OPTIONS[task]} {near[0]}; sigfix presets lists all"
        if near
        else "check the path; sigfix presets lists the presets",
    )


def _refuse_options(task: str, options: PresetOptions, path: Path) -> None:
    """Raise where something is said of how a model is built that is built already."""
    said = {
        f"{OPTIONS[task]}-weights": (options.weights, options.seed) != (PRETRAINED, 0),
        f"{OPTIONS[task]}-size": options.size is not None,
        "--vocab": options.vocabulary is not None,
    }
    for option, given in said.items():
        if given:
            raise UsageError(
                f"{option} is for building a preset, and {path} is built already.",
                f"leave {option} out, or name a preset as {OPTIONS[task]}",
            )


def _refuse_unknown(option: str, source: Source) -> None:
    """Raise before any work where a path is no model that sigfix built of a preset.

    One that is converted is read when it is copied.
    """
    path = source.path
    if source.kind == CONVERTED or (source.kind == SAVED_MODEL and read_card(path) is not None):
        return
    raise UsageError(
        f"{option} {path}: nothing in it says which docTR model it is.",
        f"sigfix convert {quote_path(path)} --tfjs --preset NAME -o web (for docTR's own ONNX "
        f"export), and {option} web",
    )


def add_model(
    task: str, source: Source, options: BundleOptions, place: Path, temporary: Path, say: Say
) -> BundledModel:
    """Convert a model into the bundle, or copy one that is converted."""
    folder = place / "models" / task
    if folder.exists():  # stored smaller, it was tried and read otherwise
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    converted = None
    if source.kind == CONVERTED:
        _copy(source.path, folder)
    else:
        work = Path(mkdtemp(prefix=f"{task}-", dir=temporary))
        chosen = ConvertOptions(
            SourceChoice(preset_options=named(task, options.parts[task].options)),
            quantize=None if options.quantize == NONE else options.quantize,
            verify=options.verify,
            seconds=options.seconds,
        )

        def tell(step: str) -> None:
            say(step and f"{task}: {step}")

        converted = convert_part(source, folder, chosen, work, tell)
    card = checked_card(task, source.path, folder, OPTIONS[task])
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


def checked_card(task: str | None, path: Path, folder: Path, option: str) -> Card:
    """The card of a model in the bundle, which was made of `path`, given as `option`.

    Raises `UsageError` where it is none for the task; None is any.
    """
    described = read_any(folder)
    card = card_from(described.card) if isinstance(described, OtherModel) else None
    preset = known_preset(card)
    if card is None or preset is None or card.version != CARD_VERSION:
        if card is None:
            why = "it has no card"
        elif preset is None:
            why = f"its card names no model of docTR's for {card.task} ({card.preset})"
        else:
            why = f"its card has the version {card.version}"
        raise UsageError(
            f"{option} {path}: {why}, which says how images become inputs and outputs text.",
            f"name a docTR preset, or a model that sigfix {__version__} built of one",
        )
    if task not in (preset.part, None):
        raise UsageError(
            f"{option} {path}: this model is for {_FOR.get(preset.part, preset.task)}.",
            f"{OPTIONS[preset.part]} {quote_path(path)}",
        )
    if len(card.class_names or ()) > 1:
        raise UsageError(
            f"{option} {path}: this detector tells {len(card.class_names or ())} classes "
            "apart, and docTR's pipeline reads with detectors of one.",
            "sigfix convert --tfjs, and loadDetector of sigfix-ocr",
        )
    return card
