"""Whole pages: the same words in the same places and lines as docTR's own predictor gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.ocr import models
from tests.ocr.pictures import Picture
from tests.ocr.reading import read
from tests.ocr.test_lines import difference

SETTINGS = {
    "straight": (True, False), "nearly level": (False, False), "all angles": (False, True),
}  # fmt: skip


MOST = 1e-3  # a step of grey that PyTorch rounds the other way, through the recogniser's matrix


def written(seed: int, height: int, width: int, angle: float = 0) -> Picture:
    """A white page with words in lines, turned by an angle, some of them very wide."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), 255, np.uint8)
    for top in range(40, height - 20, 45):
        left = 20
        while left < width - 60:
            length = int(rng.integers(2, 26 if rng.random() < 0.1 else 8))
            text = "".join(chr(c) for c in rng.integers(97, 123, length))
            cv2.putText(image, text, (left, top), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (20, 20, 60), 2)
            left += 17 * length + 25
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.8 if angle else 1)
    return cv2.warpAffine(image, turn, (width, height), borderValue=(255, 255, 255))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models")
    models.write_detector(place / "detection")
    models.write_means(place / "recognition", models.RECOGNISER)
    models.write_means(place / "orientation", models.CLASSIFIER)
    return place


def options(folder: Path, straight: bool, turned: bool) -> dict[str, Any]:
    found = {"detection": folder / "detection", "recognition": folder / "recognition"}
    more = {"orientation": folder / "orientation"} if turned else {}
    return {**found, **more, "straight": straight}


PAGES = {
    "straight": [written(0, 500, 700), written(1, 800, 500)],
    "nearly level": [written(2, 500, 700, 6), written(3, 700, 700, -9)],
    "all angles": [written(4, 600, 700, 40), written(5, 700, 500, -75)],
}


def test_pages_are_read_as_doctr_reads_them(folder: Path) -> None:
    runs = [
        {"options": options(folder, *SETTINGS[kind]), "images": pages}
        for kind, pages in PAGES.items()
    ]
    words = 0
    for (kind, pages), result in zip(PAGES.items(), read(runs), strict=True):
        assert "error" not in result, result
        made = models.predictor(*SETTINGS[kind])(pages).export(reading_order=False)
        reference = json.loads(json.dumps(made))["pages"]
        found = result["pages"]
        for page, expected in zip(found, reference, strict=True):
            assert texts(page) == texts(expected), kind
            assert difference(page, expected, MOST) == "", kind
            words += sum(map(len, texts(page)))
        assert result["left"] == result["leftAtAll"] == 0
    assert words > 150


def texts(page: dict[str, Any]) -> list[list[str]]:
    return [
        [word["value"] for word in line["words"]]
        for block in page["blocks"] for line in block["lines"]
    ]  # fmt: skip


def test_a_read_can_be_aborted_at_any_stage(folder: Path) -> None:
    pages = PAGES["all angles"]
    runs = [
        {"options": options(folder, False, True), "images": pages, "abortAfter": after}
        for after in range(1, 8)
    ]
    for result in read(runs):
        assert result["aborted"] == "AbortError"
        assert result["left"] == result["leftAtAll"] == 0


def test_progress_is_said(folder: Path) -> None:
    (result,) = read([{"options": options(folder, False, True), "images": PAGES["all angles"][:1]}])
    stages = [step["stage"] for step in result["progress"]]
    assert sorted(set(stages), key=stages.index) == ["detection", "orientation", "recognition"]
    last = result["progress"][-1]
    assert last["done"] == last["total"] > 16
    assert set(result["times"][0]) == {"detection", "crops", "recognition", "lines"}


ODD: dict[str, Picture] = {
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "a line": np.zeros((1, 4000, 3), np.uint8),
    "a column": np.full((4000, 1, 3), 255, np.uint8),
    "black": np.zeros((300, 200, 3), np.uint8),
    "white": np.full((200, 300, 3), 255, np.uint8),
    "noise": np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8),
    "stripes": np.tile(np.uint8([[[0] * 3], [[255] * 3]]), (120, 240, 1)),
    "transparent": np.zeros((200, 300, 4), np.uint8),
    "half transparent": np.random.default_rng(1).integers(0, 256, (90, 160, 4), np.uint8),
}


def test_odd_images_are_read(folder: Path) -> None:
    runs = [
        {"options": options(folder, *setting), "images": list(ODD.values())}
        for setting in SETTINGS.values()
    ]
    for kind, result in zip(SETTINGS, read(runs), strict=True):
        assert "error" not in result, (kind, result)
        assert result["aborted"] is None, kind
        assert result["left"] == result["leftAtAll"] == 0, kind
        for page, (name, image) in zip(result["pages"], ODD.items(), strict=True):
            assert page["dimensions"] == list(image.shape[:2]), (kind, name)


def test_transparent_is_white(folder: Path) -> None:
    page = PAGES["straight"][0]
    clear = np.dstack([page, np.where(page.min(2) < 128, 255, 0).astype(np.uint8)])
    over = np.where(clear[..., 3:] == 255, page, 255).astype(np.uint8)
    runs = [{"options": options(folder, True, False), "images": [i]} for i in (clear, over)]
    first, second = read(runs)
    assert first["pages"] == second["pages"]
    assert first["text"]


FAULTS: dict[str, tuple[str, str]] = {
    "newer": ("its version is 3", "Use the sigfix-ocr of the sigfix that converted it"),
    "older": ("its version is 1", "Convert the model"),
    "none": ("there is none", "Convert the model"),
    "task": ("is for recognition, and a model for detection is needed", ""),
    "shard": ("cannot be loaded", "Is the whole folder there"),
    "short": ("TensorFlow.js cannot load", "Copy the model's folder again"),
}


def spoil(folder: Path, fault: str) -> None:
    path = folder / "model.json"
    document = json.loads(path.read_text("utf-8"))
    card = document["userDefinedMetadata"]["sigfix"]
    if fault in ("newer", "older"):
        card["version"] = 3 if fault == "newer" else 1
    if fault == "none":
        del document["userDefinedMetadata"]
    if fault == "shard":
        (folder / "weights.bin").unlink()
    if fault == "short":
        (folder / "weights.bin").write_bytes(b"1234567")
    path.write_text(json.dumps(document), "utf-8")


def test_what_is_wrong_with_a_model_is_said(folder: Path, tmp_path: Path) -> None:
    runs = []
    for fault in FAULTS:
        place = tmp_path / fault
        if fault == "task":
            models.write_means(place, models.RECOGNISER)
        else:
            models.write_detector(place)
        spoil(place, fault)
        given = {**options(folder, True, False), "detection": place}
        runs.append({"options": given, "images": []})
        runs.append({"options": {**options(folder, True, False), "recognition": place},
                     "images": []})  # fmt: skip
    results = read(runs)
    for (fault, words), result in zip(FAULTS.items(), results[::2], strict=True):
        assert result["name"] == "OcrError", fault
        for word in words:
            assert word in result["error"], (fault, result["error"])
    assert {result["tensors"] for result in results if "tensors" in result} == {0}
