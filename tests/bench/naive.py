"""The naive chain: onnx-tf 1.10.0 with its own handlers, then `tensorflowjs_converter`.

python -m tests.bench.naive FILE.onnx SAVED_MODEL   is its first half, in a process of its own: in
this one sigfix's handlers are registered over the library's.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sigfix.presets import Preset

TITLE = "the naive chain"
MODELS = (
    "linknet_resnet18", "linknet_resnet34", "linknet_resnet50", "db_mobilenet_v3_large",
    "vitstr_small",
)  # fmt: skip
"""What it converts, from ONNX at opset 12; it has no handler for what newer opsets write."""
OPSET = 12


@dataclass(frozen=True)
class Chain:
    """Its TF.js model, the output's name, and the seconds of (sigfix's, its own) conversion."""

    model: Path
    output: str
    conversion_seconds: tuple[float, float]


def convert(preset: Preset, folder: Path) -> Chain:
    """Convert the preset in `folder` by the naive chain, and by `sigfix convert` for its time.

    Raises `subprocess.CalledProcessError` where one of them fails.
    """
    from sigfix.importing import doctr

    place = folder / "naive"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    onnx_file = place / "model.onnx"
    model = doctr.build_model(preset, doctr.RANDOM)
    doctr.export_onnx(model, dataclasses.replace(preset, opset=OPSET), onnx_file)
    ours = convert_with_sigfix(preset, folder, place / "sigfix")
    first = [sys.executable, "-m", "tests.bench.naive", str(onnx_file), str(place / "saved_model")]
    converter = str(Path(sys.executable).with_name("tensorflowjs_converter"))
    second = [converter, "--input_format=tf_saved_model", "--output_format=tfjs_graph_model"]
    second += [str(place / "saved_model"), str(place / "tfjs")]
    theirs = _timed(first) + _timed(second)
    signature = json.loads((place / "tfjs" / "model.json").read_text("utf-8"))["signature"]
    return Chain(place / "tfjs", next(iter(signature["outputs"])), (ours, theirs))


def convert_with_sigfix(preset: Preset, folder: Path, output: Path, *options: str) -> float:
    """Convert the ONNX file in `folder` by `sigfix convert`; returns the seconds.

    Raises `subprocess.CalledProcessError` where it fails.
    """
    command = [sys.executable, "-m", "sigfix", "convert", str(folder / f"{preset.name}.onnx")]
    command += ["--preset", preset.name, "--tfjs", "-o", str(output), "--force", "--quiet"]
    command += ["--size", str(preset.height)] if preset.is_detector else []
    return _timed([*command, *options])


def _timed(command: list[str]) -> float:
    start = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def main(onnx_file: str, saved_model: str) -> None:
    """ONNX -> SavedModel by onnx-tf as it comes."""
    import onnx

    from tests.importing.plain_onnx_tf import plain_onnx_tf

    backend = plain_onnx_tf().TensorflowBackend
    prepared = backend.prepare(onnx.load(onnx_file), logging_level="ERROR")
    prepared.export_graph(saved_model)


if __name__ == "__main__":
    main(*sys.argv[1:])
