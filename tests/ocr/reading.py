"""Pages read by sigfix-ocr in Node.js, with TensorFlow.js on its wasm backend."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.verifying.runners.node import find_node, packages_directory
from tests.ocr.javascript import OCR


def read(
    runs: Sequence[dict[str, Any]], sources: Path = OCR, timeout: float = 300
) -> list[dict[str, Any]]:
    """What `read.mjs` says of each run; its `images` are arrays [height, width, 3 or 4]."""
    node = find_node()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = [{**run, "images": [_given(i, folder) for i in run["images"]]} for run in runs]
        (folder / "request.json").write_text(json.dumps({"runs": request}, default=str), "utf-8")
        script = Path(__file__).with_name("read.mjs")
        command = [node.program, *node.flags, script, packages_directory(node)]
        command += [sources, folder / "request.json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        assert done.returncode == 0, done.stderr[-2000:]
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


def _given(image: np.ndarray, folder: Path) -> dict[str, Any]:
    file = folder / f"image_{len(list(folder.iterdir()))}.bin"
    file.write_bytes(image.tobytes())
    return {"file": file, "width": image.shape[1], "height": image.shape[0]}
