"""A script of this folder run beside a bundle that is served: what it saw."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sigfix.pipeline.serving import served
from sigfix.verifying.runners.chromium import FLAGS, find_chromium
from sigfix.verifying.runners.node import find_node
from tests.npm_packages import installed

HERE = Path(__file__).parent


def looked(site: Path, script: str, folder: Path, seconds: float = 400) -> dict[str, Any]:
    """The JSON that a script prints; `folder` has what it gives the page, and gets screenshots.

    Skips the test where there is no Chromium.
    """
    program = find_chromium()
    if program is None:
        pytest.skip("needs Chromium")
    flags = [flag for flag in (*FLAGS, "--no-sandbox") if flag != "--headless"]
    command = [find_node().program, HERE / script, installed(HERE / "playwright")]
    with served(site) as address:
        done = subprocess.run(
            [*command, address, folder, program, *flags],
            capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found
