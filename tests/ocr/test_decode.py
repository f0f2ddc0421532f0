"""Words and confidences out of logits, as docTR's post-processor of each recogniser has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from doctr.models.classification.predictor import OrientationPredictor
from doctr.models.recognition.crnn.pytorch import CTCPostProcessor
from doctr.models.recognition.master.pytorch import MASTERPostProcessor
from doctr.models.recognition.parseq.pytorch import PARSeqPostProcessor
from doctr.models.recognition.predictor._utils import remap_preds, split_crops
from doctr.models.recognition.sar.pytorch import SARPostProcessor
from doctr.models.recognition.viptr.pytorch import VIPTRPostProcessor
from doctr.models.recognition.vitstr.pytorch import ViTSTRPostProcessor

from sigfix.card import make_card
from sigfix.presets import PRESETS
from sigfix.vocabularies import vocabulary_characters
from tests.ocr.javascript import call, picture
from tests.ocr.pictures import noise

READERS = {
    "crnn": CTCPostProcessor, "viptr": VIPTRPostProcessor, "sar": SARPostProcessor,
    "master": MASTERPostProcessor, "vitstr": ViTSTRPostProcessor, "parseq": PARSeqPostProcessor,
}  # fmt: skip
RECOGNISERS = [name for name, preset in PRESETS.items() if preset.is_recogniser]
VOCABULARIES = {"french": vocabulary_characters("french"), "few": "ab<eos>\u0928\U0001f600 "}


def logits(name: str, characters: str, kind: str) -> np.ndarray:
    """[images, steps, classes]: noise, or a clear word with an end and noise behind it."""
    preset = PRESETS[name]
    rng = np.random.default_rng(len(name) + len(characters))
    classes = len(characters) + preset.extra_classes
    values = rng.normal(0, 2, (24, preset.steps, classes)).astype(np.float32)
    if kind == "noise":
        return values
    for image, length in enumerate(rng.integers(0, preset.steps, 24)):
        written = rng.integers(0, len(characters), preset.steps)
        written[length:] = rng.integers(len(characters), classes, preset.steps - length)
        if image % 3 == 0:
            written = np.repeat(written[: (preset.steps + 1) // 2], 2)[: preset.steps]
        values[image, np.arange(preset.steps), written] += rng.uniform(3, 15)
    return values


def expected(name: str, characters: str, values: np.ndarray) -> list[tuple[str, float]]:
    """docTR's own reading."""
    read: list[tuple[str, float]] = READERS[name.split("_")[0]](characters)(torch.tensor(values))
    return read


def ours(name: str, characters: str, values: np.ndarray, **fault: Any) -> Any:
    card = {**make_card(PRESETS[name], characters, "random").as_json(), **fault}
    return ("decode.js", "decode", [values, list(values.shape), card])


def test_words_and_confidences_are_those_of_doctr() -> None:
    cases = [
        (name, characters, logits(name, characters, kind))
        for name in RECOGNISERS
        for characters in VOCABULARIES.values()
        for kind in ("noise", "words")
    ]
    results = call([ours(*case) for case in cases])
    for (name, characters, values), read in zip(cases, results, strict=True):
        wanted = expected(name, characters, values)
        assert [word["value"] for word in read] == [word for word, _ in wanted], name
        confidences = np.array([word["confidence"] for word in read])
        assert np.abs(confidences - [sure for _, sure in wanted]).max() < 1e-4, name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("vitstr_small", {"confidence": "minimum"}),
        ("sar_resnet31", {"confidence": "mean"}),
        ("master", {"extra_classes": ["<eos>"]}),
        ("crnn_vgg16_bn", {"decoder": "attention"}),
    ],
)
def test_another_card_is_seen(name: str, fault: dict[str, Any]) -> None:
    characters = VOCABULARIES["french"]
    values = np.concatenate([logits(name, characters, kind) for kind in ("noise", "words")])
    (read,) = call([ours(name, characters, values, **fault)])
    wanted = expected(name, characters, values)
    assert any(
        one["value"] != word or abs(one["confidence"] - sure) > 1e-3
        for one, (word, sure) in zip(read, wanted, strict=True)
    )


def test_classes_are_those_of_doctr() -> None:
    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cfg = {"classes": [0, -90, 180, 90]}
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return torch.tensor(values)

    from doctr.models.preprocessor import PreProcessor

    values = np.random.default_rng(0).normal(0, 2, (9, 4)).astype(np.float32)
    images = [noise(seed, 8, 8) for seed in range(9)]
    predictor = OrientationPredictor(PreProcessor((8, 8), 9), Logits())
    indices, _, confidences = predictor(images)
    (read,) = call([("decode.js", "decodeClasses", [values, 4])])
    assert [one["index"] for one in read] == indices
    assert np.abs(np.array([one["confidence"] for one in read]) - confidences).max() < 0.0101


SHAPES = (
    (20, 50),
    (20, 160),
    (20, 161),
    (20, 200),
    (20, 345),
    (7, 100),
    (1, 9),
    (3, 500),
    (40, 30),
)


def test_wide_crops_are_split_as_doctr_does() -> None:
    crops = [noise(seed, *shape) for seed, shape in enumerate(SHAPES)]
    (split,) = call([("wide.js", "splitWide", [[*map(picture, crops)]])])
    wanted, crop_map, _ = split_crops(crops, 8, 6, 0.5)
    assert len(split["pieces"]) == len(wanted)
    for piece, crop in zip(split["pieces"], wanted, strict=True):
        assert (piece["height"], piece["width"]) == crop.shape[:2]
        assert np.array_equal(piece["data"], crop.ravel())
    counts = [1 if isinstance(item, int) else item[1] - item[0] for item in crop_map]
    overlaps = [0 if isinstance(item, int) else item[2] for item in crop_map]
    assert (split["counts"], split["overlaps"]) == (counts, pytest.approx(overlaps))


def test_texts_of_pieces_are_merged_as_doctr_does() -> None:
    rng = np.random.default_rng(0)
    words, counts, overlaps, crop_map = [], [], [], []
    for _ in range(2000):
        letters = "".join("abcde\U0001f600"[i] for i in rng.integers(0, 6, rng.integers(0, 30)))
        count = int(rng.integers(1, 5))
        pieces = []
        for place in range(count):
            start = place * max(len(letters) // (count + 1), 1)
            piece = letters[start : start + int(rng.integers(0, 16))]
            if rng.random() < 0.3 and piece:
                spot = int(rng.integers(0, len(piece)))
                piece = piece[:spot] + "x" + piece[spot + 1 :]
            pieces.append((piece, float(rng.random())))
        overlap = float(rng.random())
        crop_map.append(len(words) if count == 1 else (len(words), len(words) + count, overlap))
        counts.append(count)
        overlaps.append(overlap)
        words += pieces
    wanted = remap_preds(words, crop_map, 0.5)
    given = [{"value": value, "confidence": confidence} for value, confidence in words]
    split = {"counts": counts, "overlaps": overlaps}
    (merged,) = call([("wide.js", "mergeWide", [given, split])])
    assert [one["value"] for one in merged] == [value for value, _ in wanted]
    assert [one["confidence"] for one in merged] == pytest.approx([sure for _, sure in wanted])
