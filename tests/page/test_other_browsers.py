"""A bundle reads in Firefox, and in WebKit, what it reads in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("doctr", reason="needs doctr")
from tests.browsers import BROWSERS, CHROMIUM
from tests.documents.reading import read_in_browser
from tests.documents.rendering import Document


def read(site: Path, name: str) -> dict[str, Any]:
    """The page as a bundle reads it, in that browser."""
    found: list[dict[str, Any]] = []
    documents = [Document(0, Image.open(site / "page" / "sample.png"), [])]
    read_in_browser(site, documents, "wasm", lambda _, page, ms: found.append(page), name)
    return found[0]


def flat(value: Any) -> list[Any]:
    """All that a page has, in its order."""
    if isinstance(value, dict):
        return [part for key in sorted(value) for part in (key, *flat(value[key]))]
    return [part for each in value for part in flat(each)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", [name for name in BROWSERS if name != CHROMIUM])
def test_the_same_is_read(bundled: tuple[Path, str], name: str) -> None:
    for needed in (CHROMIUM, name):
        if BROWSERS[needed].find() is None:
            pytest.skip(f"needs {needed}: apt install {BROWSERS[needed].install}")
    site, _ = bundled
    wanted, found = flat(read(site, CHROMIUM)), flat(read(site, name))
    assert wanted.count("value") > 20
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == (pytest.approx(other, abs=1e-4) if isinstance(other, float) else other)
