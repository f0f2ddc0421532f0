"""Rendered words: what docTR reads with the shipped weights, through PyTorch and through TF.js."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.matrix.results import ROOT

PRESET = "crnn_mobilenet_v3_small"
WEIGHTS = ROOT / "examples" / "weights" / f"{PRESET}.fp16.safetensors"
SEED = 0
COUNT = 5000
PYTORCH, FLOAT = "PyTorch", "float32"
QUANTISED = {"float16": 0.001, "uint16": 0.002, "uint8": 0.01}
"""Type -> largest part of the words that it may turn from right to wrong."""
BATCH = 50
LONGEST = 20
FONT_FOLDERS = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/dejavu")
SIZES = (18, 22, 26, 30, 36)


@dataclass(frozen=True)
class Word:
    """A text and its picture, RGB uint8 [height, width, 3]."""

    text: str
    image: Any


def rendered_words(count: int, seed: int = SEED) -> list[Word]:
    """Words of the project's own pages, numbers and strings of any characters, dark on light.

    Drawn with DejaVu fonts where Debian's fonts-dejavu-core is installed, else with Pillow's own.
    """
    choose = random.Random(seed)
    known = sorted(
        {
            word
            for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
            for word in re.findall(r"[A-Za-z]{2,}", page.read_text("utf-8"))
            if len(word) <= LONGEST
        }
    )
    fonts = _fonts()
    return [_render(_text(choose, known), choose, fonts) for _ in range(count)]


def _text(choose: random.Random, known: Sequence[str]) -> str:
    kind = choose.random()
    if kind < 0.6:
        word = choose.choice(known)
        return choose.choice((word.lower(), word.capitalize(), word.upper()))
    if kind < 0.8:
        return f"{choose.randint(0, 9999)}{choose.choice('.,/-:')}{choose.randint(0, 99):02d}"
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789éèàçùâêîôû!?%&()$€"
    return "".join(choose.choice(letters) for _ in range(choose.randint(1, 10)))


def _fonts() -> list[str]:
    """Paths of font files; none stands for the font that comes with Pillow."""
    files = [f for folder in FONT_FOLDERS for f in sorted(Path(folder).glob("*.ttf"))]
    return [str(file) for file in files if "Mono" not in file.name and "Extra" not in file.name]


def _render(text: str, choose: random.Random, fonts: Sequence[str]) -> Word:
    from PIL import Image, ImageDraw, ImageFont

    size = choose.choice(SIZES)
    font: Any = (
        ImageFont.truetype(choose.choice(fonts), size) if fonts else ImageFont.load_default(size)
    )
    left, top, right, bottom = font.getbbox(text)
    margin = choose.randint(1, 6)
    paper, ink = choose.randint(170, 255), choose.randint(0, 90)
    extent = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    image = Image.new("RGB", extent, (paper,) * 3)
    drawn = ImageDraw.Draw(image)
    drawn.text((margin - left, margin - top), text, font=font, fill=(ink,) * 3)
    return Word(text, np.asarray(image))


def compare_readings(folder: Path) -> dict[str, Any]:
    """Convert the model with the shipped weights, plain and quantised, and read with each.

    `right` counts the words read right, `same` those read as PyTorch reads them, and `lost` those
    that the float model reads right and the quantised one wrong.
    """
    from sigfix import ConvertOptions, convert
    from sigfix.pipeline.prepared import SourceChoice
    from sigfix.pipeline.preset_options import PresetOptions

    words = rendered_words(COUNT)
    images = crops(words)
    truth = [word.text for word in words]
    choice = SourceChoice(preset_options=PresetOptions(str(WEIGHTS)))
    readings = {PYTORCH: read_with_pytorch(images)}
    for kind in (FLOAT, *QUANTISED):
        quantize = None if kind == FLOAT else kind
        place = folder / f"words_{kind}"
        convert(PRESET, place, ConvertOptions(choice, quantize=quantize, force=True))
        readings[kind] = read_with_tfjs(images, place)
    right = {kind: _equal(read, truth) for kind, read in readings.items()}
    same = [a == b for a, b in zip(readings[PYTORCH], readings[FLOAT], strict=True)]
    return {
        "count": COUNT,
        "right": {kind: sum(flags) for kind, flags in right.items()},
        "same": sum(same),
        "lost": {
            kind: sum(a and not b for a, b in zip(right[FLOAT], right[kind], strict=True))
            for kind in QUANTISED
        },
    }


def _equal(read: Sequence[str], truth: Sequence[str]) -> list[bool]:
    return [a == b for a, b in zip(read, truth, strict=True)]


def crops(words: Sequence[Word]) -> Any:
    """The pictures as docTR's own preprocessing makes them: float32 [n, 3, 32, 128]."""
    import torch
    from doctr.models.preprocessor import PreProcessor

    from sigfix.presets import PRESETS

    preset = PRESETS[PRESET]
    resize = PreProcessor(
        (preset.height, preset.width),
        batch_size=BATCH,
        mean=preset.mean,
        std=preset.std,
        preserve_aspect_ratio=True,
    )
    return torch.cat(resize([word.image for word in words])).numpy()


def read_with_pytorch(images: Any) -> list[str]:
    """What docTR's model and post-processor read with the shipped weights."""
    import torch

    from sigfix.importing import doctr
    from sigfix.presets import PRESETS

    model = doctr.build_model(PRESETS[PRESET], str(WEIGHTS))
    found: list[str] = []
    for start in range(0, len(images), BATCH):
        logits = doctr.run(model, images[start : start + BATCH])
        found += [text for text, _ in model.module.postprocessor(torch.from_numpy(logits))]
    return found


def read_with_tfjs(images: Any, model: Path) -> list[str]:
    """What docTR's post-processor reads from the logits of the TF.js model."""
    import torch
    from doctr.models.recognition.crnn.pytorch import CTCPostProcessor

    from sigfix.presets import PRESETS
    from sigfix.verifying.runners import tfjs
    from sigfix.vocabularies import vocabulary_characters

    batches = [
        {"input": np.ascontiguousarray(images[start : start + BATCH].transpose(0, 2, 3, 1))}
        for start in range(0, len(images), BATCH)
    ]
    read = CTCPostProcessor(vocabulary_characters(PRESETS[PRESET].vocabulary))
    found: list[str] = []
    for outputs in tfjs.run(model, batches, ["logits"]).outputs:
        found += [text for text, _ in read(torch.from_numpy(outputs["logits"].copy()))]
    return found
