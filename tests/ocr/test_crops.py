"""Words cut out of a page, as docTR cuts them, to within one step of grey."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from doctr.models._utils import rectify_crops
from doctr.utils.geometry import extract_crops, extract_rcrops

from tests.ocr.javascript import call, picture
from tests.ocr.pictures import noise, page

PAGES = [page(0), page(1, 411, 777), noise(2, 190, 130)]


def straight_boxes(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.uniform(0, 1, (40, 2, 2)), axis=1)
    boxes = ends.reshape(-1, 4)
    return np.concatenate([boxes, [[0, 0, 1, 1], [1, 0.2, 1, 0.4], [0.5, 0.5, 0.5, 0.5]]])


def rotated_boxes(seed: int, shape: tuple[int, ...], steepest: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    height, width = shape[:2]
    boxes = []
    for _ in range(40):
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        size = (rng.uniform(12, 90), rng.uniform(6, 11))
        corners = cv2.boxPoints((centre, size, float(rng.uniform(-steepest, steepest))))
        corners = corners[[1, 2, 3, 0]].astype(np.float64)
        boxes.append(np.clip(corners / [width, height], 0, 1))
    return np.concatenate([boxes, whole_sides(seed, height, width)])


def whole_sides(seed: int, height: int, width: int) -> np.ndarray:
    """Boxes with sides of whole pixels, some of them turned: where a last bit decides the size."""
    rng = np.random.default_rng(seed)
    boxes = []
    for number in range(80):
        x, y = rng.integers(0, width - 70), rng.integers(20, height - 60)
        a, b = int(rng.integers(4, 15)) * 5, int(rng.integers(1, 3)) * 5
        right, down = np.array([4 * a, 3 * a]) / 5, np.array([-3 * b, 4 * b]) / 5
        if number % 2:
            right, down = np.array([a, 0]), np.array([0, b])
        corner = np.array([x, y], np.float64)
        boxes.append(np.array([corner, corner + right, corner + right + down, corner + down]))
    return np.array(boxes) / [width, height]


def compare(crops: list[dict[str, object]], wanted: list[np.ndarray]) -> int:
    """The largest difference in steps of grey; sizes are asserted."""
    worst = 0
    for crop, reference in zip(crops, wanted, strict=True):
        assert (crop["height"], crop["width"]) == reference.shape[:2] or not reference.size
        if reference.size:
            values = np.asarray(crop["data"]).reshape(reference.shape).astype(int)
            worst = max(worst, int(np.abs(values - reference).max()))
    return worst


@pytest.mark.parametrize("seed", range(len(PAGES)))
def test_straight_crops(seed: int) -> None:
    boxes = straight_boxes(seed)
    crops = call(
        [("crops.js", "straightCrop", [picture(PAGES[seed]), box.tolist()]) for box in boxes]
    )
    assert compare(crops, extract_crops(PAGES[seed], boxes)) == 0


@pytest.mark.parametrize(
    ("name", "horizontal", "steepest"), [("rotatedCrop", False, 180), ("horizontalCrop", True, 40)]
)
@pytest.mark.parametrize("seed", range(len(PAGES)))
def test_rotated_crops(seed: int, name: str, horizontal: bool, steepest: float) -> None:
    boxes = rotated_boxes(seed, PAGES[seed].shape, steepest)
    crops = call([("crops.js", name, [picture(PAGES[seed]), box.tolist()]) for box in boxes])
    wanted = extract_rcrops(PAGES[seed], boxes, assume_horizontal=horizontal)
    assert compare(crops, wanted) <= 1


def test_another_corner_first_is_seen() -> None:
    box = np.array([[0.2, 0.2], [0.6, 0.25], [0.575, 0.45], [0.175, 0.4]])
    crops = call([("crops.js", "rotatedCrop", [picture(PAGES[2]), np.roll(box, 2, 0).tolist()])])
    assert compare(crops, extract_rcrops(PAGES[2], box[None])) > 20


def test_quarter_turns() -> None:
    crop = noise(0, 5, 9)
    turned = call([("picture.js", "turn", [picture(crop), (4 - index) % 4]) for index in range(4)])
    assert compare(turned, rectify_crops([crop] * 4, [0, 1, 2, 3])) == 0
