"""What the loss of a quantised model is measured on: the user's samples, or rendered text."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sigfix.card import Card
from sigfix.errors import UsageError
from sigfix.model import TensorSpec
from sigfix.presets import DETECTION, PRESETS, RECOGNITION
from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.inputs.given import load_inputs, read_npz
from sigfix.verifying.inputs.pages import PAGES, rendered_page
from sigfix.verifying.inputs.pillow import pillow

if TYPE_CHECKING:
    from PIL import Image

PURPOSE = "--quantize auto on pictures"
WORDS = 200
TURNED_WORDS = 25
QUARTERS = (0, 90, 180, 270)
BATCH = 25
SEED = 0
FONT_SIZES = (18, 22, 26, 30, 36)
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
_CHARACTERS = string.ascii_letters + string.digits + "-.,:!?&()"


def load_samples(
    place: Path | None, specs: Mapping[str, TensorSpec], card: Card | None
) -> list[Arrays]:
    """Inputs by signature key, in batches: from `place`, or rendered words or pages for None.

    `place` is an .npz file, a picture, or a folder of pictures, which are resized and normalised
    as the model's `card` says.

    Raises `UsageError` where the model needs samples and none are given, or where they do not
    fit it, and `MissingExtraError` where Pillow is absent.
    """
    _refuse_misfit(place, "" if card is None else card.task)
    if place is not None and place.suffix == ".npz":
        return [load_inputs(place, specs)]
    assert card is not None
    if place is None:
        pictures = _rendered_pictures(card)
    else:
        pictures = [_opened(path) for path in _picture_files(place)]
    shape = specs[card.input].shape or ()
    last = card.layout == "nhwc"
    height, width = (int(size or 0) for size in (shape[1:3] if last else shape[2:4]))
    images = np.stack([as_input(picture, height, width, card) for picture in pictures])
    images = images if last else images.transpose(0, 3, 1, 2)
    dynamic = bool(shape) and shape[0] is None
    step = BATCH if dynamic and card.task == RECOGNITION else 1
    return [{card.input: images[at : at + step]} for at in range(0, len(images), step)]


def _rendered_pictures(card: Card) -> list[Image.Image]:
    """Pages for a detector, words for a recogniser; for a classifier what it is of, turned."""
    letters = string.ascii_lowercase
    if card.task == RECOGNITION:
        return rendered_words(card)
    pages = card.task == DETECTION or PRESETS[card.preset].of_pages
    if pages:
        made = [rendered_page(letters, seed) for seed in range(1, PAGES + 1)]
    else:
        made = rendered_words(replace(card, vocabulary=letters), TURNED_WORDS)
    if card.task == DETECTION:
        return made
    return [picture.rotate(turn, expand=True) for picture in made for turn in QUARTERS]


def check_samples(place: Path | None, task: str) -> None:
    """Read every sample once, before long work: raises what `load_samples` would of its files.

    `task` is the one of the model's card, "" for a model without a card.
    """
    _refuse_misfit(place, task)
    if place is not None and place.suffix == ".npz":
        read_npz(place)
    elif place is not None:
        for path in _picture_files(place):
            _opened(path)


def _refuse_misfit(place: Path | None, task: str) -> None:
    if place is not None and (task or place.suffix == ".npz"):
        return
    if not task:
        raise UsageError(
            "--quantize auto measures the loss on samples, and this is no docTR model with a "
            "card that says how pictures become inputs.",
            "--samples FILE.npz with an array for each input",
        )


def as_input(picture: Image.Image, height: int, width: int, card: Card) -> Array:
    """A picture as docTR's preprocessor makes it: float32 [height, width, 3], normalised.

    It keeps its aspect ratio; what is left is 0, at the right and below for a word, around it
    for a page.
    """
    from PIL import Image

    ratio = picture.height / picture.width
    if height / width > ratio:
        size = (width, max(int(width * ratio), 1))
    else:
        size = (max(int(height / ratio), 1), height)
    resized = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BILINEAR), np.float32)
    canvas = np.zeros((height, width, 3), np.float32)
    top, left = (0, 0)
    if card.task != RECOGNITION:
        top, left = (height - size[1]) // 2, (width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = resized / 255
    return np.asarray((canvas - np.array(card.mean)) / np.array(card.std), np.float32)


def rendered_words(card: Card, count: int = WORDS) -> list[Image.Image]:
    """Pictures of made-up words in the font that comes with Pillow, dark on light, seeded.

    Raises `UsageError` for a model that reads none of the characters of that font.
    """
    known = [c for c in _CHARACTERS if c in card.vocabulary]
    if not known:
        raise UsageError(
            "--quantize auto measures the loss of a docTR recogniser on rendered words; this "
            "model reads none of the characters of the built-in font.",
            "--samples FOLDER of pictures, or FILE.npz",
        )
    choose = random.Random(SEED)
    return [_rendered(choose, known) for _ in range(count)]


def _rendered(choose: random.Random, characters: Sequence[str]) -> Image.Image:
    image, draw, font_of = pillow(PURPOSE)
    text = "".join(choose.choice(characters) for _ in range(choose.randint(2, 10)))
    font: Any = font_of.load_default(choose.choice(FONT_SIZES))
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    margin = choose.randint(2, 6)
    paper, ink = choose.randint(170, 255), choose.randint(0, 90)
    extent = (right - left + 2 * margin, bottom - top + 2 * margin)
    picture: Image.Image = image.new("RGB", extent, (paper,) * 3)
    draw.Draw(picture).text((margin - left, margin - top), text, font=font, fill=(ink,) * 3)
    return picture


def _picture_files(place: Path) -> list[Path]:
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    found = [f for f in files if f.is_file() and f.suffix.lower() in PICTURES]
    if not found:
        raise UsageError(
            f"--samples {place}: there are no pictures ({', '.join(PICTURES)}), and it is no .npz "
            "file.",
            "--samples FOLDER, --samples PICTURE or --samples FILE.npz",
        )
    return found


def _opened(path: Path) -> Image.Image:
    image, _, _ = pillow(PURPOSE)
    try:
        with image.open(path) as picture:
            loaded: Image.Image = picture.convert("RGB")
    except (OSError, ValueError, image.DecompressionBombError) as error:
        raise UsageError(f"--samples {path}: not a readable picture ({error}).") from error
    return loaded
