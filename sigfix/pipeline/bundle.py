"""`sigfix bundle`: models, sigfix-ocr and TensorFlow.js as one static folder that reads pages."""

from __future__ import annotations

import gzip
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.errors import NotVerifiedError, ParityError, UsageError
from sigfix.memory import release
from sigfix.model import OtherModel
from sigfix.packages import require_extras, require_packages
from sigfix.pipeline import staging
from sigfix.pipeline.bundle_files import SAMPLE, copy_page, copy_pdf, write_manifest
from sigfix.pipeline.bundle_form import files_below
from sigfix.pipeline.bundle_models import (
    NONE,
    OPTIONS,
    BundledModel,
    BundleOptions,
    add_model,
    find_part,
    wider_types,
)
from sigfix.pipeline.conversion_options import QUANTIZE
from sigfix.pipeline.hub_folder import settled
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.quantising import AUTO
from sigfix.pipeline.source import PRESET, Source
from sigfix.presets import DETECTION, PAGE_ORIENTATION, RECOGNITION
from sigfix.reading import read_any
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time they need numpy, and some commands do without
    from PIL import Image

    from sigfix.pipeline.bundle_check import BundleCheck
    from sigfix.verifying.doctr_pages import Model


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
    sources = {task: find_part(task, part) for task, part in options.parts.items()}
    for source in sources.values():
        if source.kind != PRESET:
            staging.refuse_places(destination, options.force, source=source.path)
    if options.verify:
        require_extras("Comparing a bundle with docTR", "doctr")
    with (
        temporary_folder() as temporary,
        staging.publish_to(destination, options.force) as place,
    ):
        told = copy_whole_page(place, say)
        models, check = _tried(sources, options, place, temporary, say)
        sizes = sizes_of(place)
    notes = tuple(note for m in models if m.converted for note in m.converted.notes)
    return BundleResult(destination, tuple(models), sizes, check, (*notes, *told))


def copy_whole_page(place: Path, say: Say) -> tuple[str, ...]:
    """Put what is the same for all bundles into `place`; what is not there, as notes."""
    from sigfix.verifying.runners.node import PDF_JS, find_node, packages_directory

    say("fetching TensorFlow.js, where it is not there yet")
    node = find_node()
    copy_page(place, packages_directory(node))
    say("fetching pdf.js, where it is not there yet")
    try:
        copy_pdf(place, packages_directory(node, PDF_JS))
    except NotVerifiedError as error:
        return (f"note: the page opens no PDFs: {error.message}",)
    return ()


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


def _tried(
    sources: Mapping[str, Source], options: BundleOptions, place: Path, temporary: Path, say: Say
) -> tuple[list[BundledModel], BundleCheck | None]:
    """The models in the bundle, stored as small as the page that is read allows."""
    models: dict[str, BundledModel] = {}

    def store(types: Mapping[str, str]) -> None:
        for task, quantize in types.items():
            chosen = replace(options, quantize=quantize)
            if task not in models or _stored(models[task]) != quantize:
                models[task] = add_model(task, sources[task], chosen, place, temporary, say)

    store(dict.fromkeys(sources, options.quantize))
    trials = [{}, *(wider_types(models) if options.quantize == AUTO else [])]
    for types in trials:
        store(types)
        made = list(models.values())
        picture = _sample(made, options)
        picture.save(place / SAMPLE)
        write_manifest(place, {model.task: model.name for model in made})
        if not options.verify:
            return made, None
        try:
            return made, _checked(place, picture, made, options, say)
        except ParityError:
            if types == trials[-1]:
                raise
            stored = " and ".join(_stored(model) for model in made if model.converted)
            say(f"weights as {stored} change what is read")
    raise AssertionError("the last trial returns or raises")


def _stored(model: BundledModel) -> str:
    return NONE if model.converted is None else model.converted.quantize or NONE


def _sample(models: Sequence[BundledModel], options: BundleOptions) -> Image.Image:
    """The page that the bundle is tried on, which lies in it as an example."""
    from sigfix.verifying.inputs.pages import rendered_page, sample_page

    (characters,) = (model.card.vocabulary for model in models if model.task == RECOGNITION)
    return sample_page(characters) if options.verify else rendered_page(string.ascii_lowercase)


def _checked(
    place: Path, picture: Image.Image, models: Sequence[BundledModel], options: BundleOptions,
    say: Say,
) -> BundleCheck:  # fmt: skip
    from sigfix.pipeline.bundle_check import compare
    from sigfix.verifying.inputs.samples import QUARTERS

    release()
    say("reading a rendered page with the bundle and with docTR")
    references = {
        model.task: reference_of(model, options.parts[model.task].options) for model in models
    }
    pictures = [picture]
    if PAGE_ORIENTATION in references:
        pictures = [picture.rotate(turn, expand=True) for turn in QUARTERS]
    return compare(place, pictures, references, options.seconds)


def reference_of(model: BundledModel, chosen: PresetOptions) -> Model:
    """What docTR reads with: the weights themselves, or the model where there is nothing else."""
    from sigfix.verifying.doctr_pages import Converted, Trained

    if model.converted is not None and model.converted.source.kind == PRESET:
        options, _ = settled(model.name, chosen)
        preset = options.preset(model.name)
        return Trained(preset, options.weights, options.seed, options.vocabulary)
    described = read_any(model.folder)
    assert isinstance(described, OtherModel)
    shape = next(item.shape for item in described.inputs if item.name == model.card.input)
    _, height, width, _ = shape or (None, None, None, None)
    if height is None or width is None:
        raise UsageError(
            f"The model for {model.task}, {model.name}: its images have no fixed size.",
            f"sigfix convert with --input '{model.card.input}=1,1024,1024,3'",
        )
    return Converted(model.folder, model.card, height, width)


def sizes_of(place: Path) -> dict[str, tuple[int, int]]:
    """Bytes, and bytes as gzip, of each folder; files that one backend alone needs are apart."""
    sizes: dict[str, tuple[int, int]] = {}
    for name in files_below(place):
        content = (place / name).read_bytes()
        folders = name.split("/")[:-1] or ["page"]
        key = "/".join(folders if folders[0] == "models" else folders[:1])
        own, packed = sizes.get(key, (0, 0))
        sizes[key] = (own + len(content), packed + len(gzip.compress(content, 6)))
    return sizes
