"""`convert --tfjs --bundle`: one docTR model, with sigfix-ocr and a page of its own."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import Card
from sigfix.errors import UsageError
from sigfix.memory import release
from sigfix.packages import require_extras, require_packages
from sigfix.pipeline import staging
from sigfix.pipeline.bundle import BundleResult, copy_whole_page, reference_of, sizes_of
from sigfix.pipeline.bundle_check import BundleCheck, compare
from sigfix.pipeline.bundle_files import SAMPLE, write_manifest
from sigfix.pipeline.bundle_models import BundledModel, checked_card
from sigfix.pipeline.conversion_options import (
    ConvertOptions,
    check_options,
    default_output,
    task_of,
)
from sigfix.pipeline.convert import convert_part
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.source import ONNX, PRESET, Source, find_source
from sigfix.presets import DETECTION, ORIENTATION, RECOGNITION
from sigfix.quoting import quote_path
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs Pillow
    from PIL import Image

OPTION = "--bundle"
WORDS = 32
"""How many pictures of words a recogniser or a classifier is tried on."""


def bundle_alone(
    given: str | None, output: Path | None, options: ConvertOptions, say: Say = silent
) -> BundleResult:
    """Convert one docTR model into a folder whose page shows what it says of a picture.

    The default for `output` is `MODEL_site`. Raises what `convert` and `bundle` raise, and
    `UsageError` for a model of which nothing says that it is docTR's.
    """
    source = find_source(given, Path())
    destination = output or default_output(source, "site")
    check_options(source, options)
    task = task_of(source, options.choice)
    if not task:
        raise _no_family(source)
    read = None if source.kind == PRESET else source.path
    staging.refuse_places(destination, options.force, None, read)
    require_packages("A bundle", "pictures", "PIL")
    if options.verify:
        require_extras("Comparing a bundle with docTR", "doctr")
    with (
        temporary_folder() as temporary,
        staging.publish_to(destination, options.force, None, read) as place,
    ):
        told = copy_whole_page(place, say)
        folder = place / "models" / task
        folder.mkdir(parents=True)
        converted = convert_part(source, folder, options, temporary, say)
        card = checked_card(None, source.path, folder, OPTION)
        model = BundledModel(task, card.preset, folder, card, converted)
        pictures = _pictures(card, options.verify)
        pictures[0].save(place / SAMPLE)
        write_manifest(place, {task: model.name})
        check = _checked(place, pictures, model, options, say) if options.verify else None
        sizes = sizes_of(place)
    return BundleResult(destination, (model,), sizes, check, (*converted.notes, *told))


def _no_family(source: Source) -> UsageError:
    path = quote_path(source.path)
    if source.kind == ONNX:
        way = f"sigfix convert {path} --tfjs --preset NAME {OPTION}   # sigfix presets lists all"
    else:
        way = f"sigfix convert {path} --tfjs   # a model for a page of your own"
    return UsageError(
        f"{OPTION} makes a page for a docTR model, and nothing in {source.path} says that it is "
        "one.",
        way,
    )


def _pictures(card: Card, verify: bool) -> Sequence[Image.Image]:
    """What the model is tried on: a page for a detector, words for others, turned in turns.

    Raises `UsageError` where the model is to be tried and reads nothing that can be written.
    """
    from sigfix.verifying.inputs.pages import sample_page
    from sigfix.verifying.inputs.samples import rendered_words

    if card.task == DETECTION:
        return [sample_page(string.printable)]
    if card.task == RECOGNITION and verify:
        try:
            return rendered_words(card, WORDS)
        except UsageError as error:
            raise UsageError(
                "Words are rendered to try the model on, and this one reads none of the "
                "characters of the built-in font.",
                "--no-verify leaves the trial out",
            ) from error
    words = rendered_words(replace(card, vocabulary=string.ascii_lowercase), WORDS)
    if card.task == ORIENTATION:
        return [word.rotate(90 * (number % 4), expand=True) for number, word in enumerate(words)]
    return words


def _checked(
    place: Path,
    pictures: Sequence[Image.Image],
    model: BundledModel,
    options: ConvertOptions,
    say: Say,
) -> BundleCheck:
    release()
    say("reading rendered pictures with the bundle and with docTR")
    reference = reference_of(model, options.choice.preset_options)
    return compare(place, pictures, {model.task: reference}, options.seconds)
