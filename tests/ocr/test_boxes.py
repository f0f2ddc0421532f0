"""Boxes of a detector's map: as many as docTR finds, in its order, in the same places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from doctr.models.detection.differentiable_binarization.base import DBPostProcessor
from doctr.models.detection.fast.base import FASTPostProcessor
from doctr.models.detection.linknet.base import LinkNetPostProcessor
from shapely.geometry import Polygon

from sigfix.card import make_card
from sigfix.presets import PRESETS
from tests.ocr.javascript import call
from tests.ocr.maps import probability_map, some_maps

FAMILIES = {"db": DBPostProcessor, "linknet": LinkNetPostProcessor, "fast": FASTPostProcessor}
DETECTORS = [name for name, preset in PRESETS.items() if preset.is_detector]
MAPS = some_maps(50)
EDGES = {
    "empty": np.zeros((64, 64), np.float32),
    "all text": np.ones((64, 64), np.float32),
    "one pixel": np.pad(np.ones((1, 1), np.float32), 20),
    "a single pixel": np.ones((1, 1), np.float32),
    "a row": np.ones((1, 400), np.float32),
    "a column": np.ones((400, 1), np.float32),
    "not a number": np.full((32, 32), np.nan, np.float32),
    "a frame": np.pad(np.zeros((30, 30), np.float32), 4, constant_values=1),
    "a frame in a frame": np.pad(
        np.pad(np.pad(np.ones((9, 9), np.float32), 5), 4, constant_values=1), 6
    ),
}


def settings(name: str) -> dict[str, float]:
    """What the card of a detector says of its boxes."""
    boxes = make_card(PRESETS[name], "", "random").as_json()["boxes"]
    assert boxes is not None
    return dict(boxes)


def expected(name: str, found: np.ndarray, straight: bool) -> np.ndarray:
    """docTR's boxes with their scores: [boxes, 5], or [boxes, 5, 2]."""
    family = FAMILIES[name.split("_")[0]]
    boxes: np.ndarray = family(assume_straight_pages=straight)(found[None, ..., None])[0][0]
    return boxes


def overlap(one: Any, other: Any) -> float:
    """The intersection over the union of two boxes."""
    first, second = (
        Polygon(box if np.ndim(box) == 2 else [(box[i], box[j]) for i, j in CORNERS])
        for box in (one, other)
    )
    union = first.union(second).area
    return first.intersection(second).area / union if union else float(np.allclose(one, other))


CORNERS = ((0, 1), (2, 1), (2, 3), (0, 3))


def differences(
    found: list[dict[str, Any]], reference: np.ndarray, straight: bool
) -> tuple[int, float, float]:
    """How many boxes there are too many or too few, the worst overlap, the largest difference
    of scores."""
    if len(found) != len(reference):
        return len(found) - len(reference), 0, 1
    if not found:
        return 0, 1, 0
    scores = reference[:, 4] if straight else reference[:, 4, 1]
    overlaps = [overlap(one["box"], two[:4]) for one, two in zip(found, reference, strict=True)]
    return 0, min(overlaps), max(
        abs(one["score"] - two) for one, two in zip(found, scores, strict=True)
    )  # fmt: skip


def alike() -> dict[str, str]:
    """A detector of each kind of settings that a detector has, by those settings."""
    assert len(DETECTORS) == 9
    return {name.split("_")[0] + str(settings(name)): name for name in DETECTORS}


@pytest.mark.parametrize("straight", [True, False], ids=["straight", "rotated"])
def test_boxes_are_those_of_doctr(straight: bool) -> None:
    cases = [(name, found) for name in alike().values() for found in MAPS]
    results = call(
        [
            ("boxes.js", "findBoxes", [found, *found.shape[::-1], settings(name), straight])
            for name, found in cases
        ]
    )
    count = 0
    for (name, found), boxes in zip(cases, results, strict=True):
        reference = expected(name, found, straight)
        missing, worst, scores = differences(boxes, reference, straight)
        count += len(boxes)
        assert missing == 0, name
        assert worst >= 0.99, name
        assert scores < 1e-5, name
    assert count > 1500


@pytest.mark.parametrize("straight", [True, False], ids=["straight", "rotated"])
def test_maps_at_the_edge(straight: bool) -> None:
    cases = [(name, edge) for name in ("db_resnet50", "linknet_resnet18", "fast_tiny")
             for edge in EDGES]  # fmt: skip
    results = call(
        [
            ("boxes.js", "findBoxes", [EDGES[edge], *EDGES[edge].shape[::-1], settings(name),
                                       straight])
            for name, edge in cases
        ]
    )  # fmt: skip
    for (name, edge), boxes in zip(cases, results, strict=True):
        assert differences(boxes, expected(name, EDGES[edge], straight), straight)[0] == 0, edge


@pytest.mark.parametrize(
    "fault", [{"unclip": 1.4}, {"binarise_at": 0.35}, {"opening": 1}, {"least_score": 0.6}],
    ids=lambda fault: next(iter(fault)),
)  # fmt: skip
def test_another_setting_is_seen(fault: dict[str, float]) -> None:
    maps = [probability_map(seed, 256, 256) for seed in range(6)]
    changed = {**settings("db_resnet50"), **fault}
    results = call([("boxes.js", "findBoxes", [found, 256, 256, changed, False])
                    for found in maps])  # fmt: skip
    assert any(
        missing or worst < 0.99
        for missing, worst, _ in (
            differences(boxes, expected("db_resnet50", found, False), False)
            for boxes, found in zip(results, maps, strict=True)
        )
    )


@pytest.mark.parametrize("straight", [True, False], ids=["straight", "rotated"])
@pytest.mark.parametrize("padding", ["symmetric", "end"])
def test_padding_is_taken_away(straight: bool, padding: str) -> None:
    from doctr.models.detection._utils import _remove_padding

    reference = expected("db_resnet50", MAPS[1], straight)
    boxes = [{"box": box[:4].tolist(), "score": float(np.ravel(box)[-1])} for box in reference]
    for height, width in ((300, 200), (200, 300), (250, 250)):
        (result,) = call(
            [("boxes.js", "withoutPadding", [boxes, {"width": width, "height": height}, padding])]
        )
        page = np.zeros((height, width, 3), np.uint8)
        (wanted,) = _remove_padding(
            [page], [{"words": reference}], True, padding == "symmetric", straight
        )
        found = np.array([one["box"] for one in result])
        assert np.allclose(found, wanted["words"][:, :4], atol=1e-12)
