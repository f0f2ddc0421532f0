"""The page of a bundle in Chromium: what it looks like, how it is used, and what it says of faults.

Screenshots go to the folder that SIGFIX_SCREENSHOTS names, to be looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sigfix.pipeline.bundle_form import read_manifest
from sigfix.pipeline.serving import served
from sigfix.verifying.runners.chromium import FLAGS, find_chromium
from sigfix.verifying.runners.node import find_node
from tests.npm_packages import installed
from tests.page.pdfs import HEIGHT, WIDTH, pdf

HERE = Path(__file__).parent
OCR = HERE.parents[1] / "sigfix" / "web" / "ocr"

PDF = [["invoice of june", "total"], ["the second page"], ["third"]]

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def modules() -> Path:
    return installed(HERE / "playwright")


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(os.environ.get("SIGFIX_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    place.mkdir(parents=True, exist_ok=True)
    return place


@pytest.fixture(scope="module")
def seen(bundled: tuple[Path, str], modules: Path, screenshots: Path) -> dict[str, Any]:
    site, _ = bundled
    (screenshots / "page.png").write_bytes((site / "page" / "sample.png").read_bytes())
    (screenshots / "broken.png").write_bytes(b"no picture at all")
    (screenshots / "pages.pdf").write_bytes(pdf(PDF))
    (screenshots / "encrypted.pdf").write_bytes(pdf(PDF, encrypted=True))
    (screenshots / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing of a document")
    program = find_chromium()
    with served(site) as address:
        flags = [flag for flag in (*FLAGS, "--no-sandbox") if flag != "--headless"]
        done = subprocess.run(
            [
                find_node().program,
                HERE / "look.mjs",
                modules,
                address,
                screenshots,
                program,
                *flags,
            ],
            capture_output=True,
            text=True,
            timeout=400,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    (screenshots / "seen.json").write_text(done.stdout, "utf-8")
    found: dict[str, Any] = json.loads(done.stdout)
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


SAID = {
    "missing shard": ("recognition/model.json cannot be loaded", "whole folder"),
    "truncated weights": ("TensorFlow.js cannot load", "Copy the model's folder again"),
    "newer card": ("its version is 99", "Use the sigfix-ocr of the sigfix"),
    "no card": ("there is none", "Convert the model with sigfix convert"),
    "newer bundle": ("has the version 99", "Copy all files"),
    "no manifest": ("the server answers 404", "sigfix serve"),
    "missing module": ("missing or damaged", "Copy the whole folder again"),
    "missing script": ("a script of TensorFlow.js, cannot be loaded", "Copy"),
    "missing wasm": ("The backend wasm did not start", "Copy"),
    "no SIMD": ("has no SIMD", "Use a newer browser, or choose webgl"),
    "no WebGL": ("gives no WebGL", "switch hardware acceleration on"),
    "broken PDF": ("This PDF is damaged", "save it again"),
    "encrypted PDF": ("protected with a password", "Save a copy"),
    "missing pdf.js": ("pdf.js, which opens PDFs, cannot be loaded", "Copy the folder"),
    "no pdf.js": ("reads pictures alone", "sigfix bundle"),
    "no picture": ("cannot be decoded as an image", "PNG, JPEG"),
}


@pytest.mark.parametrize("fault", SAID)
def test_what_is_broken_is_said(fault: str, seen: dict[str, Any]) -> None:
    said = seen["broken"][fault]
    for words in SAID[fault]:
        assert words in said["error"] + said.get("note", ""), said


def test_every_fault_that_is_tried_is_looked_at(seen: dict[str, Any]) -> None:
    assert set(seen["broken"]) == set(SAID)


def test_the_manifest_names_what_the_page_loads(bundled: tuple[Path, str]) -> None:
    files = read_manifest(bundled[0]).files
    assert {"index.html", "page/main.js", "ocr/worker.js", "tfjs/tf.es2017.min.js"} <= set(files)


def test_types_are_right(modules: Path, tmp_path: Path) -> None:
    """index.d.ts compiles under --strict, and refuses what the module does not have."""
    good = """
        import { loadOcr, OcrError, type Page, type Word } from './index.js';
        const ocr = await loadOcr({
          detection: 'a', recognition: new URL('http://b'), threads: true });
        const read = await ocr.read(new Blob([]), {
          signal: AbortSignal.timeout(1), onProgress: (step) => step.stage });
        const pages: Page[] = read.toJSON().pages;
        const words: Word[] = pages.flatMap(({ blocks }) => blocks).flatMap(({ lines }) => lines)
          .flatMap((line) => line.words);
        export const text: string = read.toText() + words[0]?.value + new OcrError('x').message;
    """
    bad = "import { loadOcr } from './index.js'; export const x = loadOcr({ detektion: 'a' });"
    for name in ("index.d.ts", "serve.d.ts"):
        (tmp_path / name).write_text((OCR / name).read_text("utf-8"), "utf-8")
    for text, code in ((good, 0), (bad, 2)):
        (tmp_path / "use.mts").write_text(text, "utf-8")
        compiler = modules / "typescript" / "bin" / "tsc"
        done = subprocess.run(
            [find_node().program, compiler, "--strict", "--noEmit", "--target", "es2022",
             "--module", "nodenext", "--lib", "es2022,dom", "use.mts", "serve.d.ts"],
            cwd=tmp_path, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
