"""The table of models in docs/browser.md is that of what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.marked import write_part
from tests.tools.models_page import DOCS, PAGE, PART, measured, part


def test_it_is_up_to_date(tmp_path: Path) -> None:
    copy = tmp_path / "browser.md"
    copy.write_bytes(PAGE.read_bytes())
    write_part(copy, PART, measured())
    assert copy.read_text("utf-8") == PAGE.read_text("utf-8")  # python -m tests.tools.models_page


def test_what_is_measured_is_in_it() -> None:
    matrix, speed = ((DOCS / name).read_text("utf-8") for name in ("matrix.md", "speed.md"))
    assert "| fast_tiny | " in part(matrix, speed)
    other = matrix.replace("| fast_tiny | 34.1 MB", "| fast_tiny | 68.2 MB")
    assert other != matrix
    assert part(other, speed) != part(matrix, speed)
    with pytest.raises(ValueError, match="there is no"):
        part("", speed)


def test_a_part_that_a_page_lacks_is_said(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("one\n<!-- written: here -->\nold\n<!-- end -->\nlast\n", "utf-8")
    write_part(page, "here", "new")
    assert page.read_text("utf-8") == "one\n<!-- written: here -->\n\nnew\n\n<!-- end -->\nlast\n"
    with pytest.raises(ValueError, match="has no part there"):
        write_part(page, "there", "new")
