"""The light tests (make test-light) pass where no heavy package is, and few are skipped for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.corpus import CORPUS
from tests.environments import ROOT, listed, python_with

REQUIREMENTS = (*listed("dependencies"), *listed("checksums"), *listed("dev"))
ABOUT_HEAVY_PACKAGES = {
    "tests.describing.test_effects_of_exports": "what TensorFlow exports",
    "tests.describing.test_optimizers": "TensorFlow loads models with their optimizers",
    "tests.diagnosis.test_switched_dropout": "TensorFlow runs the same model twice",
    "tests.reading.test_hdf5": "h5py reads the same file",
    "tests.reading.test_remote": "fsspec's stores",
    "tests.reading.test_remote_walking": "fsspec's stores",
    "tests.reading.test_stores": "s3fs and gcsfs",
    "tests.reading.test_tensorflow_agrees": "TensorFlow reads the same model",
    "tests.rendering.test_flow_picture": "networkx lays a picture out",
    "tests.rendering.test_other_graphs": "networkx lays a picture out",
}
"""The modules of which nothing runs without a further package, and what they compare with."""


def of_makefile(variable: str) -> list[str]:
    """The words of a variable that is one line of the Makefile."""
    lines = (ROOT / "Makefile").read_text("utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{variable} := "))
    return line.split()[2:]


ABOUT_THE_CORPUS = ("tests.reading.test_corpus_facts",)
"""Modules that read nothing else: where it is absent, their tests are skipped."""


def run(python: Path, tests: list[str], report: Path) -> subprocess.CompletedProcess[str]:
    """The tests as `make test-light` runs them, with what became of each in a JUnit report."""
    return subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not matrix",
         f"--junitxml={report}", *tests],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip


def passed(report: Path) -> dict[str, int]:
    """Test module -> how many of its tests passed."""
    found: dict[str, int] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        module = case.get("classname") or case.get("name") or ""
        found[module] = found.get(module, 0) + (len(case) == 0)
    return found


def test_the_makefile_installs_what_is_tried_here() -> None:
    assert "$(call install,$(LIGHT_BIN),-e '.[checksums$(comma)dev]')" in (
        ROOT / "Makefile"
    ).read_text("utf-8")


@pytest.mark.slow
def test_the_light_tests_pass_where_nothing_heavy_is(tmp_path: Path) -> None:
    done = run(python_with(REQUIREMENTS), of_makefile("LIGHT"), tmp_path / "report.xml")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    found = passed(tmp_path / "report.xml")
    absent = () if CORPUS.is_dir() else ABOUT_THE_CORPUS
    idle = {name for name, count in found.items() if not count}
    assert idle == {*ABOUT_HEAVY_PACKAGES, *absent}
    for path in of_makefile("LIGHT"):
        written = {file.stem for file in (ROOT / path).glob("test_*.py")} or {Path(path).stem}
        assert written == {name.rpartition(".")[2] for name in found if is_in(name, path)}, path


def is_in(module: str, path: str) -> bool:
    """Whether a module is that file, or in that folder."""
    dotted = path.removesuffix(".py").replace("/", ".")
    return module == dotted or module.startswith(f"{dotted}.")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("def test_it(): pass\n", 1),
        ("import pytest\npytest.importorskip('no_such_package')\ndef test_it(): pass\n", 0),
        ("import pytest\n@pytest.mark.skip\ndef test_it(): pass\n", 0),
        ("def test_it(): assert False\n", 0),
    ],
)
def test_what_did_not_run_has_not_passed(text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "test_tried.py").write_text(text)
    run(Path(sys.executable), [str(tmp_path / "test_tried.py")], tmp_path / "report.xml")
    assert list(passed(tmp_path / "report.xml").values()) == [count]
