"""Odd files at odd times: each is read, or the page says what it is and what to do."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.page.looking import looked

pytestmark = pytest.mark.matrix

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400"><g font-size="30">
<text x="40" y="60">invoice of june</text><text x="40" y="120">total</text></g></svg>"""


def _bytes(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def odd_files(page: Image.Image) -> dict[str, bytes]:
    """By their names; those of `SAME` show the page."""
    grey = page.convert("L")
    jpeg = _bytes(page, "JPEG", quality=95)
    clear = Image.new("RGBA", page.size, (0, 0, 0, 0))
    clear.putalpha(grey.point(lambda value: 255 - value))
    tall, dark = Image.new("L", (1, 4000), 255), Image.new("L", page.size)
    deep = grey.convert("I").point(lambda value: value * 257).convert("I;16")
    return {
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "head.jpg": jpeg[:200],
        "drawing.svg": SVG.encode(),
        "photo.heic": HEIC,
        "empty.png": b"",
        "huge.png": _bytes(Image.new("1", (20_000, 20_000), 1), "PNG"),
        "dot.png": _bytes(Image.new("L", (1, 1), 255), "PNG"),
        "tall.png": _bytes(tall, "PNG"),
        "moving.gif": _bytes(grey, "GIF", save_all=True, append_images=[dark]),
        "print.jpg": _bytes(page.convert("CMYK"), "JPEG", quality=95),
        "deep.png": _bytes(deep, "PNG"),
        "clear.png": _bytes(clear, "PNG"),
        "page.webp": _bytes(page, "WEBP", lossless=True),
        "page.bmp": _bytes(page, "BMP"),
        "scan.tiff": _bytes(page, "TIFF"),
        "text.txt": b"hello",
        "letter.docx": b"PK\x03\x04" + bytes(100),
    }


SAME = ("moving.gif", "deep.png", "page.webp", "page.bmp")
ALIKE = ("print.jpg", "clear.png")  # other greys, the same places
REFUSED = {
    "head.jpg": ("This picture is damaged", "save it again"),
    "photo.heic": ("HEIC photograph", "Save it as JPEG"),
    "empty.png": ("This file is empty", "save it again"),
    "huge.png": ("20000 x 20000 pixels", "Make it smaller"),
    "scan.tiff": ("TIFF picture", "Save it as JPEG or PNG"),
    "text.txt": ("no picture that the browser can open", "PNG, JPEG"),
    "letter.docx": ("office document", "as PDF"),
}


@pytest.fixture(scope="module")
def seen(bundled: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = Path(os.environ.get("SIGFIX_SCREENSHOTS") or tmp_path_factory.mktemp("odd"))
    (folder / "odd").mkdir(parents=True, exist_ok=True)
    site, _ = bundled
    shutil.copytree(site / "page", folder / "site" / "page", dirs_exist_ok=True)
    shutil.copyfile(site / "index.html", folder / "site" / "index.html")
    shutil.copyfile(site / "page" / "sample.png", folder / "page.png")
    Image.new("L", (1, 1), 255).save(folder / "one.png")
    with Image.open(folder / "page.png") as page:
        for name, content in odd_files(page.convert("RGB")).items():
            (folder / "odd" / name).write_bytes(content)
    return looked(site, "odd.mjs", folder)


@pytest.fixture(scope="module")
def page(seen: dict[str, Any]) -> dict[str, Any]:
    """What is seen of the page itself, after all else was given."""
    found: dict[str, Any] = seen["files"]["found"]["after"]
    assert len(found["lines"]) > 10
    assert found["error"] == ""
    return found


def test_pictures_of_any_kind_are_read(seen: dict[str, Any], page: dict[str, Any]) -> None:
    found = seen["files"]["found"]
    for name in SAME:
        assert found[name] == page, name
    for name in ALIKE:
        assert found[name]["error"] == "", name
        assert len(found[name]["lines"]) == len(page["lines"]), name
    for name, size in (("drawing.svg", [600, 400]), ("dot.png", [1, 1]), ("tall.png", [1, 4000])):
        assert (found[name]["error"], found[name]["size"]) == ("", size)
    assert len(found["drawing.svg"]["lines"]) > 1
    assert found["dot.png"]["status"] == "No words were found in this picture."


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str, seen: dict[str, Any]) -> None:
    found = seen["files"]["found"][name]
    assert found["status"] == "Nothing was read."
    for words in REFUSED[name]:
        assert words in found["error"]
    assert (found["size"], found["lines"], found["cancel"]) == (None, [], False)


def test_a_picture_that_is_cut_off_is_read_or_refused(seen: dict[str, Any]) -> None:
    """What a browser makes of it is its own; nothing is not an answer."""
    found = seen["files"]["found"]["truncated.jpg"]
    assert "not cut off" in found["error"] or "words read" in found["status"]
    assert bool(found["error"]) == (found["size"] is None)


def test_an_error_is_legible_everywhere(seen: dict[str, Any]) -> None:
    too_wide, barriers = seen["files"]["looks"][::2], seen["files"]["looks"][1::2]
    assert max(too_wide) <= 0
    assert barriers == [[]] * 6


def test_what_is_handed_over(seen: dict[str, Any], page: dict[str, Any]) -> None:
    handed = seen["handed"]
    assert "What was dropped is no file" in handed["drop"]["error"]
    assert "no picture in what was pasted" in handed["paste"]["error"]
    assert handed["two"]["lines"] == page["lines"]
    assert handed["two"]["status"].endswith("1 more was left out.")
    assert handed["second"]["size"] == [1, 1]
    assert handed["second"]["lines"] == []
    assert "no longer there" in handed["gone"]["error"]
    assert handed["tabs"] == [page, page]


@pytest.mark.parametrize("stage", ["Opening", "Loading", "Finding", "Reading"])
def test_each_stage_is_cancelled_at_once(
    stage: str, seen: dict[str, Any], page: dict[str, Any]
) -> None:
    found = seen["cancelled"][stage]
    status, _, hidden = found["cancelled"]
    assert (status, hidden) == ("Cancelled.", True)
    assert found["after"] == page


def test_a_camera_that_is_not_there(seen: dict[str, Any]) -> None:
    assert "Allow it in the browser's settings" in seen["camera"]["refused"]["error"]
    assert "There is none here: choose a file" in seen["camera"]["none"]["error"]


def test_it_says_that_it_needs_a_server(seen: dict[str, Any]) -> None:
    assert "sigfix serve" in seen["fromFile"]


def test_all_this_is_quiet(seen: dict[str, Any]) -> None:
    assert seen["strangers"] == []
    # Chromium itself reports the file that was gone.
    assert all("ERR_FILE_NOT_FOUND" in message for message in seen["messages"])
    assert len(seen["messages"]) <= 1
