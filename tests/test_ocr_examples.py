"""The examples that read documents, one after the other in one folder, as their READMEs say.

They need the sample detector, `npm` and its registry. The picture of the app goes to the folder
that SIGFIX_SCREENSHOTS names, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sigfix.verifying.runners.chromium import FLAGS, find_chromium
from sigfix.verifying.runners.node import find_node
from tests.npm_packages import installed
from tests.test_examples import EXAMPLES, ROOT, commands
from tests.test_readme import NEEDS_ALL, shell

PAGE_TESTS = ROOT / "tests" / "page"
DETECTOR = EXAMPLES / "weights" / "db_mobilenet_v3_large.fp16.safetensors"
SERVERS = ("sigfix serve", "npm run preview")
"""What prints an address and goes on until it is interrupted."""
ADDRESS = re.compile(r"http://[\w.]+:\d+/")

pytestmark = [
    pytest.mark.matrix,
    NEEDS_ALL,
    pytest.mark.skipif(not DETECTOR.is_file(), reason=f"needs {DETECTOR.name}, the detector"),
]


def build(example: str, folder: Path) -> str:
    """Run all that ends; what the last command printed."""
    said = ""
    for command in commands(example):
        if not command.startswith(SERVERS):
            said = shell(command, folder)
    return said


@contextmanager
def serving(example: str, folder: Path) -> Iterator[str]:
    """The address that the example's last command prints, for as long as the block runs."""
    command = commands(example)[-1]
    assert command.startswith(SERVERS)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with subprocess.Popen(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as server:
        try:
            assert server.stdout is not None
            found = next(filter(None, map(ADDRESS.search, server.stdout)), None)
            assert found, f"{command} printed no address"
            yield found.group()
        finally:
            os.killpg(server.pid, signal.SIGINT)  # a session of its own
            server.stdout.read()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where `site` lies, the bundle of the first example."""
    place = tmp_path_factory.mktemp("examples")
    (place / "examples").symlink_to(EXAMPLES)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(ROOT))  # readers are in the repository
        said = build("ocr_in_the_browser", place)
        assert "words on a rendered page read the same" in said
        yield place


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    """What Node.js reads on the sample page."""
    name, _, read = build("ocr_in_node", folder).partition("\n")
    assert name == "sample.png"
    return read.strip()


def test_the_bundle_is_served(folder: Path) -> None:
    with serving("ocr_in_the_browser", folder) as address:
        page = urllib.request.urlopen(address, timeout=30).read()
    assert page == (folder / "site" / "index.html").read_bytes()


def test_node_reads_the_page(text: str) -> None:
    words = text.split()
    assert len(words) > 100
    assert sum(word.isalnum() for word in words) > 0.9 * len(words)


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, Any]:
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium")
    build("ocr_module", folder)
    pictures = Path(os.environ.get("SIGFIX_SCREENSHOTS") or folder)
    with serving("ocr_module", folder) as address:
        command = [
            find_node().program,
            PAGE_TESTS / "app.mjs",
            installed(PAGE_TESTS / "playwright"),
        ]
        command += [address, folder / "site" / "page" / "sample.png", pictures / "ocr_module.png"]
        flags = [flag for flag in (*FLAGS, "--no-sandbox") if flag != "--headless"]
        done = subprocess.run(
            [*command, program, *flags], capture_output=True, text=True, timeout=400
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_app_reads_as_node_does(seen: dict[str, Any], text: str) -> None:
    assert seen["used"]["text"].strip() == text
    assert seen["used"]["status"] == f"{len(text.split())} words."
    assert seen["used"]["said"] == []
    assert seen["used"]["strangers"] == []


def test_a_backend_that_does_not_start_is_said(seen: dict[str, Any]) -> None:
    assert "The backend wasm did not start" in seen["noWasm"]


def test_a_model_that_is_not_there_is_said(seen: dict[str, Any]) -> None:
    assert "recognition/model.json cannot be loaded" in seen["noModel"]
