"""`sigfix convert` against plain `tensorflowjs_converter`: time and memory of whole commands.

Both sides in turns on the same SavedModel; sigfix once with its check of the result, in
TensorFlow.js, and once without. Memory is that of all processes of a command together.
"""

from __future__ import annotations

import math
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.footprint import Footprint, measured
from tests.bench.ratio import Ratio
from tests.corpus import CORPUS
from tests.matrix.machine import describe_machine

PLAIN = "tensorflowjs_converter"
CHECKED, UNCHECKED = "checked", "--no-verify"
AIM_TIME, AIM_MEMORY = 1.0, 0.7
ROUNDS = 3
MEAN = "geometric mean"
CORPUS_MODELS = {
    "basic_pitch": "serving_default",
    "half_plus_two_tf2": "serving_default",
    "redundant_inputs": "serving_default",
    "triton_mismatch_key": "serving_default",
    "tfjs_multi_sig": "serving_default",
}


def _dense(path: Path) -> None:
    from tests.saved_models import SAVERS

    SAVERS["healthy"](path)


def _keras(build: Callable[[Any], Any]) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        import keras

        keras.utils.set_random_seed(0)
        build(keras).export(str(path), verbose=False)

    return save


def _words(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input([64], dtype="int32"),
            layers.Embedding(5000, 64),
            layers.Conv1D(64, 5, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


MADE: dict[str, Callable[[Path], None]] = {
    "a dense layer": _dense,
    "a network of words": _keras(_words),
    "MobileNetV2": _keras(lambda keras: keras.applications.MobileNetV2(weights=None)),
    "EfficientNetB0": _keras(lambda keras: keras.applications.EfficientNetB0(weights=None)),
    "ResNet50": _keras(lambda keras: keras.applications.ResNet50(weights=None)),
}


def measure(temporary: Path, rounds: int = ROUNDS) -> list[Ratio]:
    """Two ratios of time and two of memory for each model, then their geometric means."""
    found: list[Ratio] = []
    for name, (path, key) in models(temporary / "models").items():
        sides = {
            PLAIN: lambda out, path=path, key=key: _plain(path, key, out),
            CHECKED: lambda out, path=path, key=key: _ours(path, key, out),
            UNCHECKED: lambda out, path=path, key=key: _ours(path, key, out, "--no-verify"),
        }
        runs: dict[str, list[Footprint]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, command in sides.items():
                runs[side].append(_fresh(command, temporary / "out"))
        found += _ratios(name, runs)
        for ratio in found[-4:]:
            print(ratio.line(), flush=True)
    return [*found, *_means(found)]


def models(folder: Path) -> dict[str, tuple[Path, str]]:
    """Name -> a SavedModel and the signature to convert."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, save in MADE.items():
        path = folder / name.replace(" ", "_")
        if not path.exists():
            save(path)
        found[name] = (path, "serving_default")
    if CORPUS.is_dir():
        found |= {name: (CORPUS / name, key) for name, key in CORPUS_MODELS.items()}
    return found


def _fresh(command: Callable[[Path], Sequence[str]], out: Path) -> Footprint:
    shutil.rmtree(out, ignore_errors=True)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled
    return measured(command(out), environment)


def _plain(path: Path, key: str, out: Path) -> list[str]:
    program = str(Path(sys.executable).with_name(PLAIN))
    options = ["--input_format=tf_saved_model", f"--signature_name={key}"]
    return [program, *options, str(path), str(out)]


def _ours(path: Path, key: str, out: Path, *more: str) -> list[str]:
    own = [sys.executable, "-m", "sigfix", "convert", str(path), "--signature", key]
    return [*own, "-o", str(out), "--quiet", *more]


def _ratios(name: str, runs: dict[str, list[Footprint]]) -> list[Ratio]:
    seconds = {
        side: statistics.median(run.seconds for run in found) for side, found in runs.items()
    }
    memory = {
        side: statistics.median(run.gigabytes for run in found) for side, found in runs.items()
    }
    found = []
    for side in (CHECKED, UNCHECKED):
        what = f"{name}, {side}"
        found.append(Ratio(what, PLAIN, seconds[side], seconds[PLAIN], AIM_TIME))
        found.append(Ratio(f"{what}, memory", PLAIN, memory[side], memory[PLAIN], AIM_MEMORY, "MB"))
    return found


def _means(found: Sequence[Ratio]) -> list[Ratio]:
    """The geometric means, as ratios to one second and one gigabyte."""
    means = []
    for at, (what, aim, unit) in enumerate(
        (
            (f"{MEAN}, {CHECKED}", AIM_TIME, "ms"),
            (f"{MEAN}, {CHECKED}, memory", AIM_MEMORY, "MB"),
            (f"{MEAN}, {UNCHECKED}", AIM_TIME, "ms"),
            (f"{MEAN}, {UNCHECKED}, memory", AIM_MEMORY, "MB"),
        )
    ):
        logs = [math.log(ratio.ours / ratio.theirs) for ratio in found[at::4]]
        means.append(Ratio(what, PLAIN, math.exp(sum(logs) / len(logs)), 1.0, aim, unit))
    return means


def page(found: Sequence[Ratio], rounds: int) -> str:
    """docs/conversion-speed.md."""
    lines = ["| what | ratio | sigfix | the converter | |", "| --- | --- | --- | --- | --- |"]
    for ratio in found:
        value = ratio.ours / ratio.theirs
        mark = "" if value <= ratio.aim else f"above {ratio.aim:g}"
        sides = f"{_shown(ratio, ratio.ours)} | {_shown(ratio, ratio.theirs)}"
        if ratio.what.startswith(MEAN):
            sides = " | "
        lines.append(f"| {ratio.what} | {value:.2f} | {sides} | {mark} |")
    parts = [
        "# Converting, against plain tensorflowjs_converter",
        "Written by `make bench` (`python -m tests.bench conversion --write`). "
        + "\n".join(describe_machine()),
        f"Whole commands on the same SavedModel, both sides in turns, medians of {rounds} rounds. "
        "Checked: the source and the result are run and compared, which the converter does not. "
        "Memory is what all processes of a command hold at one time; what two of them share counts "
        f"twice. The aims: {AIM_TIME:g} of the time, {AIM_MEMORY:g} of the memory.",
        "\n".join(lines),
        "What was done: the source's process starts before the model is frozen, so that both "
        "import TensorFlow at the same time; TensorFlow is imported without JAX, pandas and "
        "OpenCV, which it only looks for (`sigfix/lean.py`: 684 to 521 MB after the import). What "
        "is left is TensorFlow itself, in two processes where the result is checked: a model in "
        "sigfix's own process would see what was loaded for the conversion.",
    ]
    return "\n\n".join(parts) + "\n"


def _shown(ratio: Ratio, value: float) -> str:
    return f"{value * 1e3:.0f} MB" if ratio.unit == "MB" else f"{value:.1f} s"
