"""Pages turned until their lines are level: docTR's angle, its pixels and what it reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from doctr.models._utils import estimate_orientation
from doctr.utils.geometry import straighten_page

from sigfix.verifying.page_words import WordCount
from tests.ocr import models
from tests.ocr.javascript import call, picture
from tests.ocr.maps import some_maps
from tests.ocr.pictures import page
from tests.ocr.reading import read
from tests.ocr.test_read import written

DIFFERENT = 0.05
QUARTERS = (0, 90, 180, -90)


def lines(seed: int, height: int, width: int) -> np.ndarray:
    """A bitmap of level or skewed lines with holes in some, and specks."""
    rng = np.random.default_rng(seed)
    found = np.zeros((height, width), np.uint8)
    angle = float(rng.uniform(-44, 44)) + 90 * int(rng.integers(0, 2))
    for _ in range(int(rng.integers(2, 90))):
        middle = (rng.uniform(0, width), rng.uniform(0, height))
        size = (rng.uniform(8, width / 2), rng.uniform(2, 14))
        corners = cv2.boxPoints((middle, size, angle + float(rng.normal(0, 2))))
        cv2.polylines(found, [np.round(corners).astype(np.int32)], True, 1, int(rng.integers(1, 4)))
        if rng.random() < 0.7:
            cv2.fillPoly(found, [np.round(corners).astype(np.int32)], 1)
    return found


def test_the_angle_is_doctrs() -> None:
    maps = [(found > 0.3).astype(np.uint8) for found in some_maps(24)]
    maps += [lines(seed, *((256, 256), (192, 320))[seed % 2]) for seed in range(40)]
    maps += [np.zeros((64, 64), np.uint8), np.ones((64, 64), np.uint8)]
    calls: list[Any] = []
    expected = []
    for number, bitmap in enumerate(maps):
        quarters = QUARTERS[number % 4]
        height, width = bitmap.shape
        calls.append(("upright.js", "pageDirection", [bitmap.reshape(-1), width, height, quarters]))
        expected.append(estimate_orientation(bitmap[..., None] * 255, (quarters, 0.9)))
    assert call(calls) == expected
    assert len(set(expected)) > 30


ANGLES = (0, 90, 180, -90, 7, -31, 45, 100, -170)


def test_pages_are_turned_as_doctr_turns_them() -> None:
    cases = [(page(number, 90 + 20 * number, 120), angle) for number, angle in enumerate(ANGLES)]
    results = call([("upright.js", "straightened", [picture(i), angle]) for i, angle in cases])
    for (image, angle), result in zip(cases, results, strict=True):
        expected, _ = straighten_page(image, angle)
        found = result["picture"]
        assert (found["height"], found["width"]) == expected.shape[:2], angle
        away = np.abs(found["data"].astype(int) - expected.reshape(-1).astype(int))
        assert away.max() <= 1, angle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    models.write_detector(place / "detection")
    for name, task in ((models.RECOGNISER, "recognition"), (models.CLASSIFIER, "crop"),
                       (models.PAGES, "page")):  # fmt: skip
        models.write_means(place / task, name)
    return place


@pytest.mark.matrix
@pytest.mark.parametrize("turned", [False, True], ids=["straight", "all angles"])
def test_pages_are_read_as_doctr_reads_them(turned: bool, folder: Path) -> None:
    pages = [written(seed, *((500, 700), (700, 500))[seed % 2], angle)
             for seed, angle in enumerate((0, 5, -12, 90, 100))]  # fmt: skip
    orientation = {"page": folder / "page", **({"crop": folder / "crop"} if turned else {})}
    given = {"detection": folder / "detection", "recognition": folder / "recognition",
             "orientation": orientation, "straight": not turned}  # fmt: skip
    (result,) = read([{"options": given, "images": pages}])
    assert "error" not in result, result
    made = models.predictor(not turned, turned, pages=True)(pages).export(reading_order=False)
    angles, words = set(), WordCount(0, 0, 0)
    for found, expected in zip(result["pages"], json.loads(json.dumps(made))["pages"], strict=True):
        assert found["orientation"] == expected["orientation"]
        angle = found["orientation"]["value"]
        angles.add(angle)
        # Not line by line: words that begin at one place are in any order in docTR.
        count = WordCount.of(expected, found)
        if angle % 90 == 0:
            assert count.own == count.reference, (angle, count)
        if angle % 90 == 0 and not turned:
            assert count.same == count.reference, (angle, count)
        else:  # between pixels, a step of grey is another letter to a recogniser of means
            words += count
    assert words.reference > 30
    assert words.part_different <= DIFFERENT, words
    assert 0 < sum(angle % 90 == 0 for angle in angles) < len(angles)
    assert result["left"] == result["leftAtAll"] == 0


def test_a_classifier_of_pages_needs_a_detector(folder: Path) -> None:
    given = {"recognition": folder / "recognition", "orientation": {"page": folder / "page"}}
    (result,) = read([{"options": given, "images": []}])
    assert "needs a detector" in result["error"]
