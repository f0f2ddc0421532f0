"""The page of a bundle in Chromium: what it looks like, and how it is used.

Screenshots go to the folder that SIGFIX_SCREENSHOTS names, to be looked at.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sigfix.pipeline.bundle_form import read_manifest
from sigfix.verifying.runners.chromium import find_chromium
from tests.page.looking import looked
from tests.page.pdfs import HEIGHT, WIDTH, pdf

PDF = [["invoice of june", "total"], ["the second page"], ["third"]]

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(os.environ.get("SIGFIX_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="module")
def seen(bundled: tuple[Path, str], screenshots: Path) -> dict[str, Any]:
    site, _ = bundled
    (screenshots / "page.png").write_bytes((site / "page" / "sample.png").read_bytes())
    (screenshots / "pages.pdf").write_bytes(pdf(PDF))
    found = looked(site, "look.mjs", screenshots)
    (screenshots / "seen.json").write_text(json.dumps(found), "utf-8")
    return found


def test_it_fits_and_has_no_barriers(seen: dict[str, Any], screenshots: Path) -> None:
    assert [each["name"] for each in seen["widths"]] == ["360", "768_dark", "1440"]
    for each in seen["widths"]:
        assert each["tooWide"] <= 0, each
        assert each["barriers"] == [], each
        for state in ("empty", "read"):
            with Image.open(screenshots / f"{state}_{each['name']}.png") as picture:
                assert len(picture.convert("L").getcolors() or []) > 20  # something is drawn


def test_it_is_quiet_and_asks_nobody_else(seen: dict[str, Any]) -> None:
    assert seen["messages"] == []
    assert seen["strangers"] == []


def test_a_page_is_read_shown_copied_and_downloaded(seen: dict[str, Any]) -> None:
    used = seen["used"]
    assert "Nothing is uploaded" in used["promise"]
    (page,) = used["json"]["pages"]
    lines = [line for block in page["blocks"] for line in block["lines"]]
    texts = [" ".join(word["value"] for word in line["words"]) for line in lines]
    assert used["shown"] == texts
    assert used["copied"] == "\n".join(texts)
    assert used["lines"] == len(lines) > 10
    assert used["words"] == used["boxes"] == sum(len(line["words"]) for line in lines) > 100
    assert used["drop"] == used["paste"] == used["words"]
    assert used["times"] == 4


def test_lines_and_boxes_go_together(seen: dict[str, Any]) -> None:
    used = seen["used"]
    assert used["byKeys"] == [[2], [2]]
    assert used["byMouse"] == [[4], [4]]
    assert used["atTheEnd"] == [used["lines"] - 1]
    assert used["byHover"] == [1]
    assert used["underARestingPointer"] == [used["lines"] - 1]


def test_the_camera_is_let_go(seen: dict[str, Any]) -> None:
    assert seen["used"]["camera"] is None


def ink(picture: Image.Image) -> np.ndarray:
    """The dark parts of a page: left, top, right and bottom in pixels, and how many there are."""
    dark = np.asarray(picture.convert("L")) < 128
    (rows, columns) = (np.flatnonzero(dark.any(axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1], rows[-1], np.sqrt(dark.sum())])


def test_pages_of_a_pdf(seen: dict[str, Any], screenshots: Path) -> None:
    """They are drawn as docTR's reader of PDFs draws them, in another copy of the same font."""
    import pypdfium2

    found = seen["pdf"]
    assert [page["number"] for page in found["found"]] == ["1", "2", "3"]
    assert [page["index"] for page in found["found"]] == [0, 1, 2]
    assert len({page["boxes"] for page in found["found"]}) == len(PDF)
    for number, page in enumerate(pypdfium2.PdfDocument(pdf(PDF))):
        expected = page.render(scale=2).to_pil()
        with Image.open(screenshots / f"pdf_{number}.png") as drawn:
            assert drawn.size == expected.size == (2 * WIDTH, 2 * HEIGHT)
            assert np.abs(ink(drawn) - ink(expected)).max() < 6, number
    assert found["states"] == [0, [], "of 3", True, False]


def test_the_manifest_names_what_the_page_loads(bundled: tuple[Path, str]) -> None:
    files = read_manifest(bundled[0]).files
    assert {"index.html", "page/main.js", "ocr/worker.js", "tfjs/tf.es2017.min.js"} <= set(files)
