"""Reports of many models are written as these come: none is kept, whatever the format."""

from __future__ import annotations

import json
import resource
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sigfix.errors import OutputError
from sigfix.pipeline.inspect import inspect
from sigfix.rendering.inspections import FORMATS, Shown
from sigfix.rendering.style import Style
from sigfix.report import Inspection
from sigfix.temporary import set_aside
from tests.diagnosis.broken_models import no_serving_default

SHOWN = Shown(Style(80))


@pytest.mark.parametrize("form", FORMATS)
def test_no_inspection_is_kept(form: str, tmp_path: Path) -> None:
    first = inspect(no_serving_default().write(tmp_path / "m"))
    seen: list[weakref.ref[Inspection]] = []

    def found() -> Iterator[Inspection]:
        for number in range(20):
            alive = [item for item in seen if item() is not None]
            assert len(alive) < 4, number
            item = replace(first, path=tmp_path / str(number))
            seen.append(weakref.ref(item))
            yield item
            del item

    text = "".join(FORMATS[form](found(), SHOWN))
    assert str(tmp_path / "19") in text
    assert len(seen) == 20


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_pieces_are_one_document_also_where_there_is_nothing(form: str) -> None:
    assert json.loads("".join(FORMATS[form]([], SHOWN)))


def test_what_is_set_aside_comes_back() -> None:
    pieces = ["\u00e9\n" * 300_000, "\udc80", "\r\n x", "\u2028"]
    with set_aside(pieces) as back:
        assert "".join(back) == "".join(pieces)


def test_no_room_to_set_it_aside_is_said() -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with (
            pytest.raises(OutputError, match="temporary file cannot be written") as caught,
            set_aside(["x" * (1 << 21)]),
        ):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "TMPDIR" in (caught.value.hint or "")
