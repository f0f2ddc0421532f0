"""A docTR model in TF.js against ONNX Runtime Web: wasm, one thread, the same ONNX file."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from sigfix.pipeline.convert import ConvertOptions, convert
from sigfix.pipeline.prepare import Choice
from sigfix.pipeline.preset import PresetOptions, build_preset, channels_first_inputs
from sigfix.presets import PRESETS
from sigfix.verifying import node as nodejs
from sigfix.verifying import tfjs
from tests.bench.ratio import Ratio, in_turns

AIM = 1.0
ROUNDS = 3
REPEAT = 30
MODELS = ("crnn_vgg16_bn", "crnn_mobilenet_v3_small")
WEB = Path(__file__).parent / "web"


def measure(temporary: Path) -> list[Ratio]:
    """One ratio a model, batch 1."""
    packages = _packages()
    return [_compare(name, temporary / "inference" / name, packages) for name in MODELS]


def _compare(name: str, folder: Path, packages: Path) -> Ratio:
    folder.mkdir(parents=True)
    options = PresetOptions("random")
    built = build_preset(name, folder / "saved_model", options, keep_onnx=True)
    assert built.onnx_file is not None
    onnx_file = built.onnx_file
    choice = ConvertOptions(Choice(preset=name))
    converted = convert(onnx_file, folder / "tfjs", choice)
    image = channels_first_inputs(PRESETS[name], 1)["input"]
    shape = ",".join(map(str, image.shape))

    def ours() -> list[float]:
        fed = [{"input": image.transpose(0, 2, 3, 1)}]
        run = tfjs.run(converted.output, fed, list(converted.outputs), repeat=REPEAT)
        return [ms / 1e3 for ms in run.times_ms]

    def theirs() -> list[float]:
        program = [str(nodejs.find_node().program), str(WEB / "onnx_runtime_web.mjs")]
        command = [*program, str(packages), str(onnx_file), shape, str(REPEAT)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [ms / 1e3 for ms in json.loads(done.stdout.splitlines()[-1])["times_ms"]]

    mine, other = in_turns(ours, theirs, ROUNDS)
    return Ratio(f"{name} in TF.js, batch 1", "ONNX Runtime Web 1.30", mine, other, AIM)


def _packages() -> Path:
    """ONNX Runtime Web, installed once into sigfix's cache from the lock file beside this."""
    lock = (WEB / "package-lock.json").read_bytes()
    folder = nodejs.cache_directory() / f"bench-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (folder / "node_modules" / "onnxruntime-web").is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(WEB / name, folder)
        command = [*nodejs.find_node().npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder
