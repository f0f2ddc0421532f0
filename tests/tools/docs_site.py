"""What mkdocs does beside making pages: README.md is the first one, and links stay whole.

A link from a page to a file of the repository that is not in docs/ becomes the file's name. A page
of docs/ that the navigation does not have is an error: nobody would find it. The JSON schemas of
the package are files of the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "sigfix" / "rendering" / "schemas"
_SCHEMA = re.compile(r"\]\(\.\./sigfix/rendering/(schemas/[a-z]+\.json)\)")
_OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)(#[^)]*)?\)")
_BESIDE = re.compile(r"\[([^\]]+)\]\((?!https?:|#|docs/)([^)#]+)(#[^)]*)?\)")
_DOCS = re.compile(r"\]\(docs/([^)]*)\)")


def first_page(text: str) -> str:
    """README.md as it is linked from inside docs/; its other files are named only."""
    text = text.replace("](docs/)", "](index.md)")
    text = _BESIDE.sub(r"`\2`", text)
    return _DOCS.sub(r"](\1)", text)


def inner_page(text: str) -> str:
    """A page of docs/ without links out of it, but to schemas, which come with it."""

    def replaced(found: re.Match[str]) -> str:
        if found[2] == "README.md":
            return f"[{found[1]}](index.md{found[3] or ''})"
        return found[1] if found[2] in found[1] else f"{found[1]} (`{found[2]}`)"

    return _OUTSIDE.sub(replaced, _SCHEMA.sub(r"](\1)", text))


def on_files(files: Any, config: Any) -> Any:
    """Add the first page, and the schemas."""
    text = first_page((ROOT / "README.md").read_text("utf-8"))
    files.append(File.generated(config, "index.md", content=text))
    for path in sorted(SCHEMAS.glob("*.json")):
        content = path.read_text("utf-8")
        files.append(File.generated(config, f"schemas/{path.name}", content=content))
    return files


def on_nav(nav: Any, config: Any, files: Any) -> Any:
    """Refuse a page that nothing leads to."""
    known = {page.file.src_uri for page in nav.pages}
    lost = sorted(f.src_uri for f in files.documentation_pages() if f.src_uri not in known)
    if lost:
        raise PluginError(f"not in .mkdocs.yml's navigation: {', '.join(lost)}")
    return nav


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Mend the links of pages that lie in docs/."""
    return markdown if page.file.src_uri == "index.md" else inner_page(markdown)
