"""The documentation as a site: `make docs`, as strict as mkdocs can be."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.environments import python_with

ROOT = Path(__file__).parents[1]
SCHEMAS = "sigfix/rendering/schemas"


def requirements() -> list[str]:
    """What `make docs` installs."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (found,) = re.findall(r'^docs = \["([^"]+)"\]$', text, re.MULTILINE)
    return [found]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with(requirements())


def build(python: Path, root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "mkdocs", "build", "--strict", "-f", ".mkdocs.yml", "-d", site]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_the_navigation_has_every_page() -> None:
    listed = re.findall(r": (\S+\.md)$", (ROOT / ".mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    pages = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert sorted(listed) == sorted([*pages, "index.md"])


@pytest.mark.matrix
def test_the_site_is_built_without_a_warning(python: Path, tmp_path: Path) -> None:
    done = build(python, ROOT, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    pages = {path.stem for path in (tmp_path / "site").glob("*.html")}
    assert pages >= {path.stem for path in (ROOT / "docs").glob("*.md")} | {"index"}
    for schema in (ROOT / SCHEMAS).glob("*.json"):
        assert (tmp_path / "site" / "schemas" / schema.name).read_bytes() == schema.read_bytes()
    for page in (tmp_path / "site").glob("*.html"):
        # Nothing of a page comes from elsewhere: it can be read without a network.
        loaded = re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)', page.read_text()
        )
        assert loaded == [], page.name


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("docs/repair.md", "[there](nothing.md)", "nothing.md"),
        ("docs/repair.md", "[there](findings.md#no-such-heading)", "no-such-heading"),
        ("README.md", "[there](docs/nothing.md)", "nothing.md"),
        ("docs/json.md", f"[there](../{SCHEMAS}/nothing.json)", "schemas/nothing.json"),
        ("docs/lost.md", "# A page that nothing leads to", "lost.md"),
    ],
)
def test_a_broken_site_is_refused(
    file: str, text: str, said: str, python: Path, tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    root.mkdir()
    copied = ["docs", "tests/tools/docs_site.py", ".mkdocs.yml", "README.md", SCHEMAS]
    subprocess.run(["cp", "-r", "--parents", *copied, root], cwd=ROOT, check=True)
    with (root / file).open("a") as page:
        page.write(f"\n{text}\n")
    done = build(python, root, tmp_path / "site")
    assert done.returncode != 0
    assert said in done.stderr
