"""`sigfix bundle --page-cls`: pages that lie on their side, as docTR reads them."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

from PIL import Image

from sigfix.errors import ParityError, UsageError
from sigfix.pipeline import bundle_check
from sigfix.pipeline.bundle import bundle
from sigfix.pipeline.bundle_models import Part, find_part
from sigfix.presets import ORIENTATION, PAGE_ORIENTATION
from sigfix.verifying.decoding import in_both
from sigfix.verifying.page_words import words_of
from tests.ocr import models
from tests.page.looking import looked
from tests.page.test_bundle import options, spoilt

OF = {ORIENTATION: models.CLASSIFIER, PAGE_ORIENTATION: models.PAGES}
PARTS = {ORIENTATION: "cls", PAGE_ORIENTATION: "pages"}
OPTION = {ORIENTATION: "--cls", PAGE_ORIENTATION: "--page-cls"}


@pytest.mark.parametrize("built", [True, False], ids=["preset", "model"])
@pytest.mark.parametrize("part", OF)
def test_crops_and_pages_are_not_taken_for_each_other(
    part: str, built: bool, parts: Path, tmp_path: Path
) -> None:
    (other,) = set(OF) - {part}
    given = Part(OF[other] if built else str(parts / PARTS[other]))
    made = options(parts, verify=False)
    made.parts[part] = given
    words = f"{OPTION[part]} .* is for orientation of {'pages' if part == ORIENTATION else 'crops'}"
    with pytest.raises(UsageError, match=words) as caught:
        bundle(made, tmp_path / "site")
    assert str(caught.value.hint).startswith(f"{OPTION[other]} ")
    assert find_part(other, given) is not None
    assert not (tmp_path / "site").exists()


def look(site: Path, folder: Path) -> dict[str, Any]:
    """What the page says of its sample, turned by quarters."""
    with Image.open(site / "page" / "sample.png") as sample:
        # A square stays one: what is turned otherwise gets a black edge, as in docTR, which for
        # this detector of dark places is one large word.
        picture = Image.new("RGB", (max(sample.size),) * 2, sample.getpixel((0, 0)))
        picture.paste(sample, (0, 0))
    for turn in (0, 90, 180, 270):
        picture.rotate(turn).save(folder / f"{turn}.png")
    return looked(site, "turned.mjs", folder)


def places(page: dict[str, Any], turn: int) -> np.ndarray:
    """Where words are, left, top, right and bottom, on the page before it was turned."""
    boxes = np.array([box for box, _ in words_of(page)])
    for _ in range(turn // 90):  # counterclockwise, a point went from x, y to y, 1 - x
        left, top, right, bottom = boxes.T
        boxes = np.stack([1 - bottom, left, 1 - top, right], 1)
    return boxes


@pytest.mark.matrix
def test_pages_on_their_side_are_read(parts: Path, tmp_path: Path) -> None:
    models.write_means(tmp_path / "pages", models.PAGES, models.DARKER)
    made = options(parts)
    made.parts[PAGE_ORIENTATION] = Part(str(tmp_path / "pages"))
    result = bundle(made, tmp_path / "site")
    assert result.check is not None
    assert result.check.words.reference > 400  # the same page four times
    seen = look(tmp_path / "site", tmp_path)
    assert seen["messages"] == seen["strangers"] == []
    found = {int(turn): page for turn, page in seen["found"].items()}
    orientations = [found[turn]["page"]["orientation"]["value"] for turn in (0, 90, 180, 270)]
    assert orientations == [0, -90, 180, 90]
    upright = places(found[0]["page"], 0)
    assert len(upright) > 200
    for turn, page in found.items():
        # A detector of dark places finds a few other ones a pixel further.
        own = places(page["page"], turn)
        assert len(in_both(upright, own)) > 0.95 * max(len(upright), len(own)), turn
    for turn, words in ((90, "90° to the right"), (180, "180°"), (270, "90° to the left")):
        assert f" It was turned by {words}, so that" in found[turn]["status"]
    assert found[0]["status"].endswith("words read.")


@pytest.mark.matrix
@pytest.mark.parametrize("where", ["Chromium", "Node.js"])
def test_a_page_that_is_not_turned_is_seen(
    where: str, parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models.write_means(tmp_path / "pages", models.PAGES, models.DARKER)
    if where == "Node.js":
        monkeypatch.setattr(bundle_check, "find_chromium", lambda: None)
    spoilt(monkeypatch, "ocr/ocr.js", "if (!pages) return", "if (pages || !pages) return")
    made = options(parts)
    made.parts[PAGE_ORIENTATION] = Part(str(tmp_path / "pages"))
    with pytest.raises(ParityError, match="reads otherwise than docTR"):
        bundle(made, tmp_path / "site")


@pytest.mark.matrix
def test_both_classifiers_read_as_doctr_does(parts: Path, tmp_path: Path) -> None:
    models.write_means(tmp_path / "pages", models.PAGES, models.DARKER)
    made = options(parts)
    made = replace(made, parts={**made.parts, ORIENTATION: Part(str(parts / "cls")),
                                PAGE_ORIENTATION: Part(str(tmp_path / "pages"))})  # fmt: skip
    result = bundle(made, tmp_path / "site")
    assert result.check is not None
    assert result.check.words.part_different <= bundle_check.MOST_DIFFERENT
