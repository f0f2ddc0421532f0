"""docTR models in TF.js against ONNX Runtime Web and against the naive chain's TF.js.

All in Node.js on the wasm backend with one thread, from the same ONNX file, in turns. What is
measured is kept in .matrix/NAME/speed.json, so that a run that was cut off goes on, and the
models that `make matrix` built are used where sigfix has not changed since.
"""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError
from sigfix.pipeline.preset import finish_onnx
from sigfix.presets import RECOGNITION, Preset
from sigfix.verifying.runners import node as nodejs
from sigfix.verifying.runners import tfjs
from tests.bench import naive
from tests.bench.ratio import Ratio, in_turns
from tests.made_up import channels_first, preset_images
from tests.matrix.results import CACHE, code_digest, folder_of, read_result
from tests.matrix.running import measure_sections
from tests.matrix.stages import options_of
from tests.npm_packages import installed

AIM_ALONE, AIM_ALL, AIM_NAIVE, AIM_CONVERSION = 1.0, 0.9, 0.65, 0.7
FAMILIES = ("crnn_", "db_", "linknet_", "fast_", "vitstr_small")
"""No model of these may be slower than in ONNX Runtime Web."""
ROUNDS = 3
TURN_SECONDS = 2.0
MOST, FEWEST = 120, 2
EXPENSIVE = 6
WEB = Path(__file__).parent / "web"
ORT_WEB = "ONNX Runtime Web"
WASM = "tfjs-wasm"
"""`convert --target` for the second look at batch 1."""

Timed = Callable[[int], list[float]]


def batches(preset: Preset) -> tuple[int, ...]:
    """The batch sizes that are timed."""
    return (1, 16) if preset.task == RECOGNITION else (1,)


def measure(names: Sequence[str], cache: Path = CACHE) -> None:
    """Measure the named models one by one, and print every ratio and the geometric means."""
    for name in names:
        if speed_of(name, cache).get("code") != code_digest():
            write_speed(name, _measure_model(name, cache), cache)
        for ratio in ratios(name, cache):
            print(ratio.line(), flush=True)
        for line in _remarks(name, cache):
            print(f"  {line}", flush=True)
    for batch in (1, 16):
        mean, count = geometric_mean(names, batch, cache)
        print(f"geometric mean of {count} models, batch {batch}: {mean:.3f} (aim {AIM_ALL})")


def _measure_model(name: str, cache: Path) -> dict[str, Any]:
    measure_sections(name, ["build", "convert"], cache)
    known = read_result(name, cache)
    for section in ("build", "convert"):
        if "error" in known[section]:
            return {"code": code_digest(), "error": f"{section}: {known[section]['error']}"}
    folder = folder_of(name, cache)
    preset = options_of(name).preset(name)
    onnx_file = finish_onnx(preset, folder / f"{name}.onnx", folder)
    models = {"": folder / "tfjs"}
    rows = [_against_onnx_runtime(preset, models[""], onnx_file, n) for n in batches(preset)]
    for row in rows:
        if row.get("ours", 0) > row.get("theirs", 0):
            image = preset_images(preset, row["batch"])
            row["kernels"] = _kernels(models[""], image, preset.output)
    wasm, problem = _converted_for_wasm(preset, folder)
    if problem:
        rows.append({"batch": 1, "against": ORT_WEB, "target": WASM, "error": problem})
    elif wasm:
        models[WASM] = wasm
        rows.append({**_against_onnx_runtime(preset, wasm, onnx_file, 1), "target": WASM})
    rows += _against_naive(name, preset, folder, models)
    return {"code": code_digest(), "rows": rows}


def _against_onnx_runtime(
    preset: Preset, model: Path, onnx_file: Path, batch: int
) -> dict[str, Any]:
    row: dict[str, Any] = {"batch": batch, "against": ORT_WEB}
    image = preset_images(preset, batch)
    try:
        row["ours"], row["theirs"] = _alternate(
            _tfjs(model, image, preset.output),
            _onnx_runtime_web(onnx_file, channels_first(image).shape),
        )
    except (SigfixError, subprocess.SubprocessError) as error:
        row["error"] = str(error)[:300]
    return row


def _converted_for_wasm(preset: Preset, folder: Path) -> tuple[Path | None, str]:
    """The model by `--target tfjs-wasm`, where that is another graph; or what went wrong."""
    own = folder / "tfjs_wasm"
    try:
        naive.convert_with_sigfix(preset, folder, own, "--target", WASM)
    except subprocess.SubprocessError as error:
        return None, str(error)[:300]
    return (None if _operator_count(own) == _operator_count(folder / "tfjs") else own), ""


def _operator_count(model: Path) -> int:
    topology = json.loads((model / "model.json").read_text("utf-8"))["modelTopology"]
    return sum(node["op"] != "Const" for node in topology["node"])


def _against_naive(
    name: str, preset: Preset, folder: Path, models: dict[str, Path]
) -> list[dict[str, Any]]:
    """Inference, by target, and conversion against the naive chain, where that converts."""
    if name not in naive.MODELS:
        return []
    rows: list[dict[str, Any]] = []
    try:
        chain = naive.convert(preset, folder)
        image = preset_images(preset, 1)
        for target, model in models.items():
            ours, theirs = _alternate(
                _tfjs(model, image, preset.output),
                _tfjs(chain.model, channels_first(image), chain.output),
            )
            row = {"batch": 1, "against": naive.TITLE, "ours": ours, "theirs": theirs}
            rows.append({**row, "target": target} if target else row)
    except (SigfixError, subprocess.SubprocessError) as error:
        return [{"batch": 1, "against": naive.TITLE, "error": str(error)[:300]}]
    ours, theirs = chain.conversion_seconds
    return [*rows, {"batch": 0, "against": naive.TITLE, "ours": ours, "theirs": theirs}]


def _alternate(ours: Timed, theirs: Timed) -> tuple[float, float]:
    """Medians in seconds; as many executions a turn as fit into `TURN_SECONDS`."""

    def many(side: Timed) -> int:
        return max(FEWEST, min(MOST, int(TURN_SECONDS / min(side(1)))))

    mine, other = many(ours), many(theirs)
    return in_turns(lambda: ours(mine), lambda: theirs(other), ROUNDS)


def _tfjs(model: Path, image: Any, output: str) -> Timed:
    def run(repeat: int) -> list[float]:
        done = tfjs.run(model, [{"input": image}], [output], repeat=repeat)
        return [ms / 1e3 for ms in done.times_ms]

    return run


def _onnx_runtime_web(onnx_file: Path, shape: Sequence[int]) -> Timed:
    packages = installed(WEB)

    def run(repeat: int) -> list[float]:
        program = [str(nodejs.find_node().program), str(WEB / "onnx_runtime_web.mjs")]
        text = ",".join(map(str, shape))
        command = [*program, str(packages), str(onnx_file), text, str(repeat)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [ms / 1e3 for ms in json.loads(done.stdout.splitlines()[-1])["times_ms"]]

    return run


def _kernels(model: Path, image: Any, output: str) -> list[dict[str, Any]]:
    """The most expensive kinds of kernel of one execution."""
    run = tfjs.run(model, [{"input": image}], [output], profile=True)
    # A fused kernel is listed again under the operator that called it.
    kernels = [kernel for kernel in run.kernels if not kernel.name.endswith("__op")]
    return [vars(kernel) for kernel in kernels[:EXPENSIVE]]


def speed_of(name: str, cache: Path = CACHE) -> dict[str, Any]:
    """What was measured of a model; {} where nothing was."""
    file = folder_of(name, cache) / "speed.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def write_speed(name: str, speed: dict[str, Any], cache: Path) -> None:
    """Keep what was measured of a model."""
    file = folder_of(name, cache) / "speed.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(speed, indent=1) + "\n", "utf-8")


def ratios(name: str, cache: Path = CACHE) -> list[Ratio]:
    """The model's ratios, with their aims."""
    found = []
    for row in speed_of(name, cache).get("rows", ()):
        if "error" in row:
            continue
        inference = row["batch"] > 0
        what = f"{name}, batch {row['batch']}" if inference else f"{name}, conversion"
        what += f", --target {row['target']}" if "target" in row else ""
        aim = AIM_ALONE if name.startswith(FAMILIES) else math.inf
        if row["against"] == naive.TITLE:
            aim = AIM_NAIVE if inference else AIM_CONVERSION
        found.append(Ratio(what, row["against"], row["ours"], row["theirs"], aim))
    return found


def _remarks(name: str, cache: Path) -> list[str]:
    speed = speed_of(name, cache)
    lines = [speed["error"]] if "error" in speed else []
    for row in speed.get("rows", ()):
        if "error" in row:
            lines.append(f"batch {row['batch']} against {row['against']}: {row['error']}")
        if "kernels" in row:
            lines.append(f"batch {row['batch']}: {kernels_text(row['kernels'])}")
    return lines


def kernels_text(kernels: Sequence[dict[str, Any]]) -> str:
    """`Conv2D 12 x 80.1 ms, ...`: calls and milliseconds in all."""
    return ", ".join(f"{k['name']} {k['calls']} x, {k['ms']:.1f} ms" for k in kernels)


def geometric_mean(
    names: Sequence[str], batch: int, cache: Path = CACHE, target: str = ""
) -> tuple[float, int]:
    """The mean ratio to ONNX Runtime Web at one batch size, and of how many models.

    A model that was also measured for `target` counts with that ratio.
    """
    logs = []
    for name in names:
        found = {
            row.get("target", ""): math.log(row["ours"] / row["theirs"])
            for row in speed_of(name, cache).get("rows", ())
            if row["against"] == ORT_WEB and row["batch"] == batch and "ours" in row
        }
        if found:
            logs.append(found.get(target, found.get("", math.nan)))
    return (math.exp(sum(logs) / len(logs)) if logs else math.nan), len(logs)
