"""The packages that are built: their licence, version, and that what ships is told in NOTICE."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from sigfix.version import __version__
from tests.environments import ROOT
from tests.tools.release import build, faults, in_sdist, sdist_of, wheel_of

PAPERS = ("LICENSE", "NOTICE")
TOP = {
    *("sigfix", "tests", "examples", "docs", "Makefile", "Dockerfile", "pyproject.toml"),
    *("constraints.txt", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", *PAPERS),
}
"""What lies at the top of the repository, beside names that begin with a dot."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, made by the build backend itself."""
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return folder


def _wheel(folder: Path) -> dict[str, str]:
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        names = [name for name in archive.namelist() if ".dist-info/" in name]
        return {
            name.partition(".dist-info/")[2]: archive.read(name).decode("utf-8") for name in names
        }


def _sdist(folder: Path) -> dict[str, str]:
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        found = {}
        for name in (*PAPERS, "CHANGELOG.md", "PKG-INFO"):
            member = archive.extractfile(f"sigfix-{__version__}/{name}")
            assert member is not None
            found[name] = member.read().decode("utf-8")
        return found


def _metadata(text: str) -> Message:
    return Parser().parsestr(text, headersonly=True)


@pytest.mark.slow
@pytest.mark.parametrize("paper", PAPERS)
def test_wheel_and_sdist_hold_the_papers(built: Path, paper: str) -> None:
    expected = (ROOT / paper).read_text("utf-8")
    assert _wheel(built)[f"licenses/{paper}"] == expected
    assert _sdist(built)[paper] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "metadata",
    [lambda folder: _wheel(folder)["METADATA"], lambda folder: _sdist(folder)["PKG-INFO"]],
)
def test_the_metadata_names_the_licence(built: Path, metadata: Callable[[Path], str]) -> None:
    told = _metadata(metadata(built))
    assert told["License-Expression"] == "Apache-2.0"
    assert told.get_all("License-File") == list(PAPERS)
    assert told["Version"] == __version__
    # The package index refuses a licence classifier beside a licence expression.
    assert not [c for c in told.get_all("Classifier", []) if c.startswith("License")]


@pytest.mark.slow
def test_the_packages_are_whole_and_have_nothing_else(built: Path) -> None:
    assert faults(built) == []
    assert "tests/test_packaging.py" in in_sdist(sdist_of(built))


STRAY = b"x = 1\n"


def _recorded(name: str, content: bytes) -> bytes:
    """A line of RECORD: what is not in it, check-wheel-contents does not look at."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    return f"{name},sha256={digest},{len(content)}\n".encode()


def _without(name: str) -> Callable[[str, bytes], bytes | None]:
    return lambda own, content: None if own == name else content


def _undescribed(name: str, content: bytes) -> bytes:
    return content.partition(b"\n\n")[0] + b"\n\n" if name.endswith("/METADATA") else content


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "more", "said"),
    [
        (_without("sigfix/reading/messages.txt"), None, "lacks sigfix/reading/messages.txt"),
        (_without("sigfix/cli/main.py"), None, "lacks sigfix/cli/main.py"),
        (_without(""), "sigfix/notes.txt", "has sigfix/notes.txt, too"),
        (_without(""), "sigfix/cli/__pycache__/main.cpython-311.pyc", "W001"),
        (_without(""), "scripts/tool.py", "W009"),
        (_undescribed, None, "long_description"),
    ],
)
def test_a_fault_of_a_wheel_is_seen(
    built: Path,
    change: Callable[[str, bytes], bytes | None],
    more: str | None,
    said: str,
    tmp_path: Path,
) -> None:
    shutil.copy(sdist_of(built), tmp_path)
    whole = wheel_of(built)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / whole.name, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if name.endswith("/RECORD") and more is not None:
                content = _recorded(more, STRAY) + old.read(name)
            if content is not None:
                new.writestr(name, content)
        if more is not None:
            new.writestr(more, STRAY)
    assert said in "\n".join(faults(tmp_path))


def test_the_licence_is_the_whole_of_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert text.split()[:5] == ["Apache", "License", "Version", "2.0,", "January"]
    for section in range(1, 10):
        assert re.search(rf"^   {section}\. [A-Z]", text, re.MULTILINE)
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_notice_names_what_ships_and_nothing_that_does_not() -> None:
    """Its headings are paths; every binary file in the repository lies below one of them."""
    text = (ROOT / "NOTICE").read_text("utf-8")
    named = [
        path.strip()
        for line in text.splitlines()
        if re.match(r"[a-z]+/", line)
        for path in line.split(",")
    ]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
    binary = [
        path.relative_to(ROOT).as_posix() for path in _files() if b"\0" in path.read_bytes()[:8192]
    ]
    assert binary
    assert [path for path in binary if not path.startswith(tuple(named))] == []


def _files() -> list[Path]:
    """The files of the repository, as the packages take them."""
    places = [ROOT / name for name in ("sigfix", "examples", "docs", "tests")]
    return [
        path
        for place in places
        for path in place.rglob("*")
        if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts)
    ]


def test_the_changelog_tells_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[?([\d.]+)", text, re.MULTILINE)
    assert versions[0] == __version__
    assert versions == sorted(versions, reverse=True)


def _strangers_at_the_top(names: str) -> set[str]:
    """Of the paths that git lists, ended by NUL, the first parts that are not known."""
    tops = {name.split("/")[0] for name in names.rstrip("\0").split("\0")}
    return {name for name in tops if not name.startswith(".")} - TOP


def test_nothing_else_lies_at_the_top() -> None:
    # A model that a command wrote there was once committed by mistake.
    assert _strangers_at_the_top("sigfix/a.py\0.ci/run\0m_repaired/saved_model.pb\0")
    command = ["git", "ls-files", "-z"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if ran.returncode or not ran.stdout:
        pytest.skip("not a git checkout")
    assert _strangers_at_the_top(ran.stdout) == set()
