"""Which networks convert, as `docs/onnx-models.md`.

`python -m tests.onnx_models` takes some minutes; with names of rows it prints those alone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import onnx

from sigfix.errors import first_line
from sigfix.pipeline.convert import convert
from tests.environments import ROOT
from tests.onnx_models.architectures import ARCHITECTURES, Architecture, export
from tests.onnx_models.on_cpu import difference_on_cpu

PAGE = ROOT / "docs" / "onnx-models.md"
HEAD = """# Networks in ONNX

Made by `python -m tests.onnx_models`: networks of torchvision, and small ones as timm and
transformers have them, with drawn weights, exported by PyTorch's TorchScript exporter at the opset
that stands beside them, with a dynamic batch. Each is converted by `sigfix convert`, which compares
TensorFlow.js's WebAssembly backend with ONNX Runtime; then its cpu backend is compared, too. The
numbers are the largest differences, as parts of an output's range.

| network | opset | wasm | cpu |
|---|---|---|---|
"""


def row(architecture: Architecture, folder: Path) -> str:
    """A line of the table."""
    file, web = folder / "m.onnx", folder / architecture.name.replace(" ", "_")
    try:
        onnx.save(export(architecture), file)
        result = convert(file, web)
        wasm = max((e.parity.worst.relative or 0.0) for e in result.comparisons if e.parity.worst)
        cpu = f"{difference_on_cpu(file, web):.1e}"
        said = f"{wasm:.1e}"
    except Exception as error:  # PyTorch's exporter has errors of its own
        said, cpu = first_line(error), ""
    return f"| {architecture.name} | {architecture.opset} | {said} | {cpu} |\n"


if __name__ == "__main__":
    wanted = sys.argv[1:]
    lines = []
    with tempfile.TemporaryDirectory() as made:
        for each in ARCHITECTURES:
            if wanted and each.name not in wanted:
                continue
            start = time.monotonic()
            lines.append(row(each, Path(made)))
            print(lines[-1].strip(), f"{time.monotonic() - start:.0f} s", flush=True)
    if not wanted:
        right = sum(line.rstrip(" |\n").count("|") == 4 for line in lines)
        PAGE.write_text(f"{HEAD}{''.join(lines)}\n{right} of {len(lines)} are right.\n", "utf-8")
