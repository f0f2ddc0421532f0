"""Folders that documented commands are typed in and that are no models': the project, a site."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
from pathlib import Path

import pytest

from tests.diagnosis.broken_models import no_serving_default
from tests.environments import ROOT
from tests.models import healthy

PAPERS = ("Makefile", "pyproject.toml", "constraints.txt", "README.md", "LICENSE", "NOTICE")
PORT = 8000


def package() -> None:
    """What sigfix is built of."""
    for name in PAPERS:
        shutil.copy(ROOT / name, name)
    shutil.copytree(ROOT / "sigfix", "sigfix", ignore=shutil.ignore_patterns("__pycache__"))


def _with_environment() -> None:
    """The Makefile, beside the environment of these tests, as `make venv` leaves it."""
    if sys.prefix == sys.base_prefix:
        pytest.skip("the tests run in no virtual environment, which make has at its place")
    for name in PAPERS:
        shutil.copy(ROOT / name, name)
    Path(".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith("installed"):
            Path(".venv", path.name).symlink_to(path)
    Path(".venv", "installed").touch()


def demo_place() -> None:
    """The project's examples, and its environment."""
    _with_environment()
    Path("examples").symlink_to(ROOT / "examples")


def small_project() -> None:
    """The Makefile and the environment, with one test in each part, and at the top."""
    _with_environment()
    listed = re.search(r"^PARTS := ((?:.*\\\n)*.*)$", Path("Makefile").read_text(), re.MULTILINE)
    assert listed
    for part in ("", *listed[1].replace("\\\n", " ").split()):
        folder = Path("tests", part)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"test_{part or 'top'}.py"
        (folder / name).write_text("def test_one() -> None:\n    pass\n")


def site() -> None:
    """`site`, as a bundle lies there; skipped where something else has the port."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", PORT))
        except OSError:
            pytest.skip(f"port {PORT} of this machine is in use")
    from sigfix.pipeline.bundle_form import KEY

    page = b"<!doctype html><title>a page</title>"
    Path("site").mkdir()
    Path("site", "index.html").write_bytes(page)
    Path("site", "bundle.json").write_text(
        json.dumps({KEY: 1, "files": {"index.html": len(page)}}), "utf-8"
    )


def stores() -> None:
    """`stores`, whose folders are buckets, and `hub`, a repository of one model."""
    from tests.reading.test_other_formats import onnx_model

    bucket = Path("stores", "bucket")
    for version in ("2", "3"):
        healthy().write(bucket / "models" / "ranker" / version)
    no_serving_default().write(bucket / "models" / "unnamed")
    (bucket / "net.onnx").write_bytes(onnx_model())
    healthy().write(Path("hub"))
