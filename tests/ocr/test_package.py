"""The npm package: what is packed is complete, and reads a page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from sigfix.verifying.runners.node import find_node
from sigfix.version import __version__
from tests.ocr import models
from tests.ocr.javascript import OCR
from tests.ocr.reading import read
from tests.ocr.test_read import options, written
from tests.tools.ocr_package import stage

LINES = 300
IMPORT = re.compile(r"""(?:from|import\()\s*['"](\.[^'"]+)['"]""")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("package")
    stage(place / "sigfix-ocr")
    node = find_node()
    path = os.pathsep.join([str(node.program.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*node.npm, "pack", "--offline", "--json"],
        cwd=place / "sigfix-ocr",
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    with tarfile.open(place / "sigfix-ocr" / json.loads(done.stdout)[0]["filename"]) as archive:
        archive.extractall(place, filter="data")
    return place / "package"


def test_everything_is_packed(unpacked: Path) -> None:
    files = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    own = {f"ocr/{path.name}" for path in OCR.iterdir()} - {"ocr/package.json", "ocr/README.md"}
    assert own < files
    assert {"package.json", "README.md", "LICENSE", "NOTICE", "kernels/index.mjs"} < files
    assert not [name for name in files if name.startswith("kernels/assembly")]
    for path in unpacked.rglob("*.*js"):
        lines = path.read_text("utf-8").splitlines()
        code = "\n".join(line for line in lines if not line.startswith("//"))
        for address in IMPORT.findall(code):
            assert (path.parent / address).is_file(), (path, address)


def test_the_manifest(unpacked: Path) -> None:
    manifest = json.loads((unpacked / "package.json").read_text("utf-8"))
    assert manifest["version"] == __version__
    assert "dependencies" not in manifest
    for target in manifest["exports"].values():
        for address in target.values() if isinstance(target, dict) else [target]:
            assert (unpacked / address).is_file(), address


def test_what_is_packed_reads_a_page(unpacked: Path, tmp_path: Path) -> None:
    models.write_detector(tmp_path / "detection")
    models.write_means(tmp_path / "recognition", models.RECOGNISER)
    run = {"options": options(tmp_path, True, False), "images": [written(0, 200, 300)]}
    packed, own = (read([run], sources=place)[0] for place in (unpacked / "ocr", OCR))
    assert packed["text"] == own["text"]
    assert packed["text"]


def test_modules_are_small() -> None:
    for path in OCR.glob("*.*s"):
        assert len(path.read_text("utf-8").splitlines()) <= LINES, path.name
