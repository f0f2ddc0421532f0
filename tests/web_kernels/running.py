"""Start the scripts of this folder in Node.js, with TensorFlow.js and the kernels."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sigfix.verifying.runners.node import WEB, find_node, packages_directory

HERE = Path(__file__).parent
KERNELS = WEB / "kernels"


def run_script(name: str, *arguments: object, kernels: Path = KERNELS, flags: Any = ()) -> Any:
    """What a script prints, as JSON; its error where it fails."""
    node = find_node()
    packages = packages_directory(node)
    command = [node.program, *node.flags, *flags, HERE / name, packages, kernels]
    command += map(str, arguments)
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def planted(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the kernels in `folder`, with something in one file another way."""
    copied = folder / "kernels"
    shutil.copytree(KERNELS, copied)
    text = (copied / file).read_text("utf-8")
    assert right in text
    (copied / file).write_text(text.replace(right, wrong), "utf-8")
    return copied


def only(build: str, folder: Path) -> Path:
    """A copy of the kernels in `folder` that has one of the module's builds only."""
    if build == "RELAXED" and int(find_node().version.split(".")[0]) < 20:
        pytest.skip("needs Node.js 20 or newer: older ones have no relaxed SIMD")
    return planted(folder / build, "backend.mjs", "[RELAXED, WASM]", f"[{build}]")
