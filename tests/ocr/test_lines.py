"""Lines and blocks of words as docTR's DocumentBuilder makes them, and its export."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from doctr.models.builder import DocumentBuilder

from tests.ocr.javascript import call

SHAPES = ((1000, 700), (700, 1000), (800, 800))


def document(seed: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Straight boxes of a page with one or two columns, paragraphs, tables or sparse words."""
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(1, 4))
    height = rng.uniform(0.01, 0.03)
    boxes = []
    for column in range(columns):
        left, right = 0.05 + 0.9 * column / columns, 0.02 + 0.9 * (column + 1) / columns
        top = rng.uniform(0.02, 0.1)
        while top < 0.9:
            at = left + rng.uniform(0, 0.03)
            while at < right - 0.04:
                width = rng.uniform(0.02, 0.12)
                lift = rng.normal(0, height / 12)
                tall = height * rng.uniform(0.8, 1.2)
                boxes.append([at, top + lift, min(at + width, right), top + lift + tall])
                at += width + rng.choice([0.006, 0.01, 0.05], p=[0.6, 0.35, 0.05])
            top += height * (1.3 if rng.random() < 0.85 else 3)
            if rng.random() < 0.08:
                break
    return np.clip(np.array(boxes), 0, 1), SHAPES[seed % 3]


def rotated(boxes: np.ndarray, shape: tuple[int, int], seed: int) -> np.ndarray:
    """The same page turned by some degrees, every ninth box left as it is."""
    rng = np.random.default_rng(seed)
    angle = np.deg2rad(rng.uniform(-40, 40) if seed % 4 else rng.uniform(-0.9, 0.9))
    size = np.array([shape[1], shape[0]])
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2) * size
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = size / 2
    if seed % 2:
        return ((corners - middle) @ turn + middle) / size
    turned = ((corners - middle) @ turn + middle) / size
    moved = turned.mean(1, keepdims=True) + corners / size - (corners / size).mean(1, keepdims=True)
    turned[::9] = moved[::9]
    return np.asarray(turned)


def exported(boxes: np.ndarray, shape: tuple[int, int], blocks: bool) -> dict[str, Any]:
    """docTR's export of a page whose words are their own numbers, as its builder left it."""
    builder = DocumentBuilder(resolve_blocks=blocks)
    scores = np.linspace(0.1, 0.9, len(boxes))
    words = [(str(number), number / 1000) for number in range(len(boxes))]
    page = np.zeros((*shape, 3), np.uint8)
    orientations = [{"value": 0, "confidence": None}] * len(boxes)
    made = builder([page], [boxes], [scores], [words], [shape], [orientations])
    found: dict[str, Any] = json.loads(json.dumps(made.export(reading_order=False)))["pages"][0]
    return found


def ours(boxes: np.ndarray, shape: tuple[int, int], blocks: bool) -> Any:
    scores = np.linspace(0.1, 0.9, len(boxes))
    words = [
        {"value": str(number), "confidence": number / 1000, "box": box.tolist(), "score": score}
        for number, (box, score) in enumerate(zip(boxes, scores.tolist(), strict=True))
    ]
    size = {"width": shape[1], "height": shape[0]}
    return ("document.js", "buildPage", [words, size, {"blocks": blocks}])


def difference(one: Any, other: Any, most: float = 1e-6, place: str = "") -> str:
    """Where two exports differ first, numbers by more than `most`; "" where they are the same."""
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        found = (difference(one[key], other[key], most, f"{place}/{key}") for key in one)
        return next(filter(None, found), "")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        found = (difference(*pair, most, f"{place}/{index}") for index, pair in pairs)
        return next(filter(None, found), "")
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return "" if abs(one - other) <= most else f"{place}: {one} is not {other}"
    return "" if one == other else f"{place}: {one} is not {other}"


@pytest.mark.parametrize("blocks", [False, True], ids=["lines", "blocks"])
@pytest.mark.parametrize("turned", [False, True], ids=["straight", "rotated"])
def test_thirty_documents(turned: bool, blocks: bool) -> None:
    cases = []
    for seed in range(30):
        boxes, shape = document(seed)
        cases.append((rotated(boxes, shape, seed) if turned else boxes, shape))
    results = call([ours(*case, blocks) for case in cases])
    sizes = set()
    for seed, (case, result) in enumerate(zip(cases, results, strict=True)):
        reference = exported(*case, blocks)
        assert difference(result, reference) == "", seed
        sizes.add((len(reference["blocks"]), len(reference["blocks"][0]["lines"])))
    assert len(sizes) > 10


def test_another_order_of_words_is_seen() -> None:
    boxes, shape = document(0)
    (result,) = call([ours(boxes[::-1], shape, False)])
    assert difference(result, exported(boxes, shape, False))


def test_no_words_and_one_word() -> None:
    for count in (0, 1):
        for boxes in (document(0)[0][:count], rotated(*document(0), 1)[:count]):
            (result,) = call([ours(boxes, (800, 600), True)])
            assert difference(result, exported(boxes, (800, 600), True)) == ""


def test_text() -> None:
    boxes, shape = document(2)
    (page,) = call([ours(boxes, shape, True)])
    lines = [
        "\n".join(" ".join(word["value"] for word in line["words"]) for line in block["lines"])
        for block in page["blocks"]
    ]
    (text,) = call([("document.js", "textOf", [[page, page]])])
    assert text == "\n\n\n\n".join(["\n\n".join(lines)] * 2)
