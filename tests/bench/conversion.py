"""`sigfix convert` against plain `tensorflowjs_converter`: time and memory of whole commands.

Both sides in turns on the same SavedModel; sigfix once with its check of the result, in
TensorFlow.js, and once without. Memory is that of all processes of a command together.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tests.bench.footprint import Footprint, measured
from tests.bench.ratio import Ratio
from tests.corpus import CORPUS
from tests.matrix.machine import describe_machine

PLAIN = "tensorflowjs_converter"
CHECKED, UNCHECKED = "checked", "--no-verify"
AIM_TIME, AIM_MEMORY = 1.0, 0.7
FIGURES = (
    ("", "seconds", AIM_TIME, "ms"),
    (", work", "work", AIM_TIME, "ms"),
    (", memory", "gigabytes", AIM_MEMORY, "MB"),
)
"""What is measured of a command: what a row says of it, `Footprint`'s name, its aim and unit."""
ROUNDS = 3
MEAN = "geometric mean"
Runs = dict[str, dict[str, list[list[float]]]]
"""Model -> side -> the figures of a `Footprint`, a round each."""
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


def measure(temporary: Path, rounds: int, names: Sequence[str], cache: Path) -> Runs:
    """Footprints of each model's commands; those of `names` are measured, others as they were.

    What is measured is kept in `cache`, so that a long run can be made in parts.
    """
    place = cache / "conversion.json"
    kept: Runs = json.loads(place.read_text("utf-8")) if place.exists() else {}
    known = models(cache / "conversion-models")
    runs = {name: kept[name] for name in known if name in kept}
    for name in names or known:
        path, key = known[name]
        sides = {
            PLAIN: lambda out, path=path, key=key: _plain(path, key, out),
            CHECKED: lambda out, path=path, key=key: _ours(path, key, out),
            UNCHECKED: lambda out, path=path, key=key: _ours(path, key, out, "--no-verify"),
        }
        found: dict[str, list[Footprint]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, command in sides.items():
                found[side].append(_fresh(command, temporary / "out"))
        runs[name] = {side: [list(astuple(one)) for one in each] for side, each in found.items()}
        cache.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(runs), "utf-8")
        for ratio in _ratios(name, runs[name]):
            print(ratio.line(), flush=True)
    return {name: runs[name] for name in known if name in runs}


def ratios(runs: Runs) -> list[Ratio]:
    """The ratios of `FIGURES`, checked and not, for each model, then their geometric means."""
    found = [ratio for name, sides in runs.items() for ratio in _ratios(name, sides)]
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


def _ratios(name: str, runs: dict[str, list[list[float]]]) -> list[Ratio]:
    def median(side: str, figure: str) -> float:
        return statistics.median(getattr(Footprint(*run), figure) for run in runs[side])

    return [
        Ratio(
            f"{name}, {side}{what}", PLAIN, median(side, figure), median(PLAIN, figure), aim, unit
        )
        for side in (CHECKED, UNCHECKED)
        for what, figure, aim, unit in FIGURES
    ]


def _means(found: Sequence[Ratio]) -> list[Ratio]:
    """The geometric means, as ratios to one second and one gigabyte."""
    means = []
    kinds = [(side, *figure) for side in (CHECKED, UNCHECKED) for figure in FIGURES]
    for at, (side, what, _, aim, unit) in enumerate(kinds):
        logs = [math.log(ratio.ours / ratio.theirs) for ratio in found[at :: len(kinds)]]
        mean = math.exp(sum(logs) / len(logs))
        means.append(Ratio(f"{MEAN}, {side}{what}", PLAIN, mean, 1.0, aim, unit))
    return means


def page(runs: Runs) -> str:
    """docs/conversion-speed.md."""
    found = ratios(runs)
    rounds = min(len(each) for sides in runs.values() for each in sides.values())
    lines = ["| what | ratio | sigfix | the converter | |", "| --- | --- | --- | --- | --- |"]
    means = [ratio for ratio in found if ratio.what.startswith(MEAN)]
    for ratio in [*means, *(ratio for ratio in found if ratio not in means)]:
        value = ratio.ours / ratio.theirs
        mark = "" if value <= ratio.aim else f"above {ratio.aim:g}"
        sides = f"{_shown(ratio, ratio.ours)} | {_shown(ratio, ratio.theirs)}"
        if ratio in means:
            sides = " | "
        lines.append(f"| {ratio.what} | {value:.2f} | {sides} | {mark} |")
    parts = [
        "# Converting, against plain tensorflowjs_converter",
        "Written by `make bench` (`python -m tests.bench conversion --write`). "
        + "\n".join(describe_machine()),
        "Whole commands on the same SavedModel, both sides in turns, "
        f"{f'medians of {rounds} rounds' if rounds > 1 else 'one round only'}. "
        "Checked: the source and the result are run and compared, which the converter does not. "
        "Time is what passes on a clock, which depends on what else the machine does; work is the "
        "seconds of processors that a command and its processes use, and says more than time where "
        "other work shared the machine. Memory is what all of them "
        "hold at one time; what they share, which is there once, counts once.",
        f"The aims: {AIM_TIME:g} of the time, {AIM_MEMORY:g} of the memory.",
        "\n".join(lines),
        "What was done. TensorFlow is imported in a process that ends before Node.js starts "
        "(`apart` in `sigfix/forking.py`, on Linux), for it holds its memory until its process "
        "ends. Copies of that process, made when TensorFlow is imported and nothing is loaded, "
        "do the rest, one after the other: one freezes, optimises and writes, the next runs the "
        "source. Each sees what a new process would see, the import is paid for once, and no two "
        "hold a model at one time. TensorFlow is imported without what "
        "it only looks for (`sigfix/lean.py`: 700 to 490 MB), and without collecting garbage "
        "meanwhile. Of tensorflowjs only the lists of operators and the arithmetic of quantised "
        "weights are imported (`sigfix/exporting/tensorflowjs_parts.py`), not TensorFlow Hub, "
        "JAX and decision forests. A model that was saved with its optimizer (basic_pitch) is "
        "loaded without Keras (`sigfix/describing/optimizers.py`). Grappler, which copies a graph "
        "some ten times, gets no weights that it could fold nothing into "
        "(`sigfix/optimising/graph/setting_aside.py`: ResNet50 1.9 to 1.5 GB). "
        "Weights are written one at a time. No process takes TensorFlow "
        "apart when it ends, which takes a second.",
        "What is left. TensorFlow alone is some 480 MB after its import, which is 0.6 of what the "
        "converter holds for a small model. With it stand sigfix's first process and what a copy "
        "writes to: 20 MB for the counts of references in what Python shares with it, and the "
        "model. Time above the aim is that of "
        "running: TensorFlow.js runs large networks in one thread, as they are and with sigfix's "
        "kernels (a quarter of ResNet50's time), and TensorFlow the source. "
        "The converter runs nothing.",
        "basic_pitch differs by more than the tolerance allows, because its arithmetic is so "
        "sensitive that TensorFlow differs from itself by more. To know that, the source is run "
        "again: as it was, and with TensorFlow's other kernels, each in a new process that imports "
        "TensorFlow. The kernels that this processor has by default are not run a third time. Its "
        "functions are many and its weights few, so that what is loaded, twice, is not small "
        "beside the import.",
    ]
    return "\n\n".join(parts) + "\n"


def _shown(ratio: Ratio, value: float) -> str:
    return f"{value * 1e3:.0f} MB" if ratio.unit == "MB" else f"{value:.1f} s"
