"""Functions of sigfix-ocr called from Python, in Node.js, with arrays as raw files."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.verifying.runners import node as nodejs

OCR = nodejs.WEB / "ocr"
RUN = Path(__file__).with_name("run.mjs")


def picture(array: np.ndarray) -> dict[str, Any]:
    """An image [height, width, 3] of bytes, as an argument."""
    return {"picture": array}


def call(calls: Sequence[tuple[str, str, Sequence[Any]]], timeout: float = 300) -> list[Any]:
    """Results of calls (module, function, arguments), all in one Node.js.

    Arrays are given and come back as NumPy arrays, the latter flat. Raises `AssertionError` with
    the JavaScript stack where a call throws.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request = [
            {"module": module, "name": function, "args": [_given(arg, folder) for arg in arguments]}
            for module, function, arguments in calls
        ]
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        done = subprocess.run(
            [nodejs.find_node().program, RUN, folder, OCR],
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        assert done.returncode == 0, done.stderr
        results = json.loads((folder / "result.json").read_text("utf-8"))
        return [_answered(result, folder) for result in results]


def _given(value: Any, folder: Path) -> Any:
    if isinstance(value, np.ndarray):
        file = f"in_{len(list(folder.iterdir()))}.bin"
        (folder / file).write_bytes(np.ascontiguousarray(value).tobytes())
        return {"$": file, "dtype": value.dtype.name, "shape": list(value.shape)}
    if isinstance(value, dict):
        return {key: _given(item, folder) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_given(item, folder) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _answered(value: Any, folder: Path) -> Any:
    if isinstance(value, dict) and "$" in value:
        return np.fromfile(folder / value["$"], value["dtype"])
    if isinstance(value, dict):
        assert "error" not in value, value["error"]
        return {key: _answered(item, folder) for key, item in value.items()}
    return [_answered(item, folder) for item in value] if isinstance(value, list) else value
