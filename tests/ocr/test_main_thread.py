"""While sigfix-ocr reads in its worker, a page's main thread computes at most 50 ms at a time."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sigfix.verifying.runners.chromium import FLAGS, find_chromium
from sigfix.verifying.runners.node import find_node
from tests.browsers import SANDBOX
from tests.npm_packages import installed
from tests.ocr import models
from tests.ocr.test_browser import site_of

HERE = Path(__file__).parent
PLAYWRIGHT = HERE.parent / "page" / "playwright"
LONGEST_BLOCK_MS = 50

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    models.write_detector(place / "detection")
    models.write_means(place / "recognition", models.RECOGNISER)
    return place


def measured(folder: Path, reads: int, busy: int = 0) -> dict[str, Any]:
    """What `main_thread.mjs` says of so many reads."""
    site = site_of(folder, "wasm")
    site.files["/page.mjs"] = (HERE / "kept.mjs").read_bytes()
    program = find_chromium()
    assert program is not None
    with ThreadingHTTPServer(("127.0.0.1", 0), site.handler()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/page.html"
        flags = [flag for flag in (*FLAGS, SANDBOX) if flag != "--headless"]
        done = subprocess.run(
            [
                find_node().program,
                HERE / "main_thread.mjs",
                installed(PLAYWRIGHT),
                address,
                program,
                str(reads),
                str(busy),
                *flags,
            ],
            capture_output=True,
            text=True,
            timeout=400,
        )
        server.shutdown()
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("reads", [4, pytest.param(100, marks=pytest.mark.matrix)])
def test_the_main_thread_is_free_while_pages_are_read(folder: Path, reads: int) -> None:
    found = measured(folder, reads)
    assert found["tasks"] > reads
    assert 0 < found["longest"] < LONGEST_BLOCK_MS
    assert len(found["texts"]) == 1
    assert found["texts"][0]
    before, after = found["workers"]
    assert before == after == 1


@pytest.mark.matrix
def test_a_busy_main_thread_is_seen(folder: Path) -> None:
    """200 ms on the wall are less of computing, where others use the machine."""
    assert measured(folder, 4, busy=200)["longest"] > LONGEST_BLOCK_MS
