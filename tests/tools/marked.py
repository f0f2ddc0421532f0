"""Parts of a page that a command writes, between two comments that name them."""

from __future__ import annotations

import re
from pathlib import Path


def write_part(page: Path, name: str, text: str) -> None:
    """Put a text between `<!-- written: NAME -->` and `<!-- end -->`.

    Raises `ValueError` where the page has no such part.
    """
    whole = page.read_text("utf-8")
    begin = f"<!-- written: {name} -->\n"
    pattern = re.compile(re.escape(begin) + r".*?(?=<!-- end -->)", re.DOTALL)
    if not pattern.search(whole):
        raise ValueError(f"{page} has no part {name}")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text.strip()}\n\n", whole, count=1), "utf-8")


def replaced_section(page: str, title: str, section: str) -> str:
    """A page with this section, title and all, in place of the one below that title (`## ...`).

    Raises `ValueError` where the page has none.
    """
    pattern = re.compile(rf"^{re.escape(title)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"there is no {title}")
    return pattern.sub(lambda _: section.strip() + "\n\n", page, count=1).rstrip() + "\n"
