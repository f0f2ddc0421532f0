"""Write docs/findings.md from the catalogue: python -m tests.tools.findings_page."""

from __future__ import annotations

from pathlib import Path

from sigfix.rendering.rules_text import render_page

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"

if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render_page(), encoding="utf-8")
