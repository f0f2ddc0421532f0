"""Words cut out for a recogniser's training, against what docTR's predictor cuts and resizes."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "training"))
geometry = pytest.importorskip("doctr.utils.geometry", reason="needs python-doctr")

import crops  # noqa: E402
import words  # noqa: E402
from doctr.models.preprocessor import PreProcessor  # noqa: E402
from states import rate  # noqa: E402
from train_recogniser import MEAN, STD, together  # noqa: E402

HIGH, WIDE = 200, 320


def page_and_boxes() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """uint8[HIGH, WIDE, 3] of noise, and whole pixels of boxes: narrow, wide, at the edges."""
    pixels = np.random.default_rng(0).integers(0, 256, (HIGH, WIDE, 3), dtype=np.uint8)
    boxes = [(10, 20, 90, 44), (0, 0, 12, 30), (200, 150, 320, 168), (40, 100, 104, 116)]
    return pixels, np.array(boxes)


def ours(pixels: NDArray[np.uint8], boxes: NDArray[np.int64]) -> list[object]:
    quads = boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float32)
    return list(crops.cut(pixels, quads, random.Random(0)))


@pytest.fixture
def unmoved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edges where the boxes are."""
    monkeypatch.setattr(crops, "SHIFT", 0.0)
    monkeypatch.setattr(crops, "SPREAD", 0.0)


@pytest.mark.usefixtures("unmoved")
def test_a_batch_is_what_doctrs_predictor_gives_its_model() -> None:
    pixels, boxes = page_and_boxes()
    batch, _ = together([(crop, "") for crop in ours(pixels, boxes)])  # type: ignore[misc]
    relative = boxes / np.array([WIDE, HIGH, WIDE, HIGH])
    before = PreProcessor(crops.SIZE, batch_size=8, mean=MEAN, std=STD, preserve_aspect_ratio=True)
    wanted = before(geometry.extract_crops(pixels, relative.astype(np.float32)))
    np.testing.assert_allclose(batch.numpy(), wanted[0].numpy(), atol=1e-6)


def test_edges_are_moved_by_the_seed_and_by_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, boxes = page_and_boxes()
    first, again = (list(map(np.asarray, ours(pixels, boxes))) for _ in range(2))
    monkeypatch.setattr(crops, "SPREAD", 0.0)
    still = list(map(np.asarray, ours(pixels, boxes)))
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert any((one != other).any() for one, other in zip(first, still, strict=True))


@pytest.mark.usefixtures("unmoved")
def test_what_doctr_cuts_into_pieces_and_specks_are_left_out() -> None:
    pixels, _ = page_and_boxes()
    boxes = np.array([(0, 0, 300, 20), (10, 10, 11, 30), (10, 10, 40, 13), (10, 10, 60, 30)])
    assert [crop is None for crop in ours(pixels, boxes)] == [True, True, True, False]


def test_the_rate_grows_then_falls_to_a_fiftieth() -> None:
    rates = [rate(1.0, done, 2000) for done in range(2001)]
    assert rates[0] < 0.01 and max(rates) == pytest.approx(rates[199], rel=0.03)
    assert rates[-1] == pytest.approx(0.02) and rates[1000] == pytest.approx(0.51, rel=0.01)


def test_what_papers_rarely_have_is_written_all_over_a_page() -> None:
    from pages import fonts

    if not (names := fonts()) or not all(Path(each).is_file() for each in words.LISTS):
        pytest.skip("needs the fonts and word lists of examples/training/README.md")
    texts, lowest = [], 0.0
    for seed in range(6):
        written = crops.apart(seed, (700, 700), names)
        texts += written.texts
        lowest = max(lowest, max(bottom for *_, bottom in written.boxes))
    assert lowest > 600
    assert any(text.isupper() and not text.isascii() for text in texts)
    assert any(text[-1:] in "€%" and text[0].isdigit() for text in texts)
