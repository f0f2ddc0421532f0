"""sigfix's kernels against ONNX Runtime Web with two threads each -> a part of docs/speed.md.

    python -m tests.bench.threads [--cache FOLDER] [--rounds N] [--batches 1 16] [NAME ...]

In headless Chromium, a page of its own for each turn: threads of one side must not wait, spinning,
while the other is timed. The clock's time, so the machine should do nothing else. Kept in
FOLDER/NAME/threads.json, as `tests.bench.kernels` keeps what it measures.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigfix.pipeline.serving import TYPES, served
from sigfix.presets import PRESETS
from tests.bench.inference import WEB, batches
from tests.bench.unchecked import build_unchecked
from tests.browsers import opened
from tests.made_up import channels_first, preset_images
from tests.matrix import browser
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, folder_of
from tests.matrix.stages import options_of
from tests.npm_packages import installed
from tests.tools.marked import replaced_section

PAGE = ROOT / "docs" / "speed.md"
TITLE = "## With two threads"
THREADS, ROUNDS, AIM = 2, 3, 1.0
TURN_MS, FEWEST, MOST = 4000.0, 3, 60
"""Milliseconds of executions in a turn, at least and at most so many."""
SECONDS = 400.0
RUNTIME = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")

Row = dict[str, Any]


def _ours(web: Path, image: Any, output: str, repeat: int) -> list[float]:
    """Milliseconds of each execution with the kernels.

    Raises `RuntimeError` where the page fails, or had fewer threads.
    """
    run = browser.run(
        web, {"input": image}, [output], "wasm", SECONDS,
        kernels=True, threads=THREADS, repeat=repeat,
    )  # fmt: skip
    if run.error or not run.kernels or run.threads != THREADS:
        raise RuntimeError(run.error or f"kernels {run.kernels}, {run.threads} threads")
    return list(run.times_ms)


def _theirs(onnx_file: Path, shape: Sequence[int], repeat: int) -> list[float]:
    """The same of ONNX Runtime Web. Raises `RuntimeError` where its page fails."""
    request = {"shape": list(shape), "threads": THREADS, "repeat": repeat}
    modules = installed(WEB) / "onnxruntime-web" / "dist"
    files = {name: (modules / name).read_bytes() for name in RUNTIME}
    files |= {name: (WEB / name).read_bytes() for name in ("onnx_runtime.html", "onnx_runtime.js")}
    files |= {
        "model.onnx": onnx_file.read_bytes(),
        "request.json": json.dumps(request).encode(),
    }
    extra = {
        f"/{name}": (TYPES.get(Path(name).suffix, TYPES[".bin"]), content)
        for name, content in files.items()
    }
    done, posted = threading.Event(), []

    def take(result: Any) -> None:
        posted.append(result)
        done.set()

    with (
        tempfile.TemporaryDirectory(prefix="sigfix-bench-") as empty,
        served(Path(empty), extra=extra, take=take) as address,
    ):
        opened(f"{address}onnx_runtime.html", done, SECONDS)
    if not posted or "error" in posted[0]:
        raise RuntimeError(posted[0]["error"] if posted else "the page posted nothing")
    found: list[float] = posted[0]["times_ms"]
    return found


def measure(name: str, sizes: Sequence[int], rounds: int, cache: Path = CACHE) -> None:
    """Both sides of one model at each batch size, kept with what is known of other sizes."""
    folder, preset = folder_of(name, cache), options_of(name).preset(name)
    onnx_file, web = build_unchecked(name, folder)
    for batch in [size for size in batches(preset) if size in sizes]:
        image = preset_images(preset, batch)
        shape = channels_first(image).shape
        once = min(_theirs(onnx_file, shape, 1))
        repeat = max(FEWEST, min(MOST, int(TURN_MS / once)))
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(rounds):
            ours += _ours(web, image, preset.output, repeat)
            theirs += _theirs(onnx_file, shape, repeat)
        row = {
            "batch": batch,
            "ours": statistics.median(ours),
            "theirs": statistics.median(theirs),
        }
        rows = [each for each in known(name, cache) if each["batch"] != batch] + [row]
        rows.sort(key=lambda each: each["batch"])
        (folder / "threads.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        print(line(name, row), flush=True)


def known(name: str, cache: Path = CACHE) -> list[Row]:
    """What was measured of a model."""
    file = folder_of(name, cache) / "threads.json"
    found: list[Row] = json.loads(file.read_text("utf-8")) if file.is_file() else []
    return found


def line(name: str, row: Row) -> str:
    """A row of the table."""
    ratio = row["ours"] / row["theirs"]
    mark = f"above {AIM:g}" if ratio > AIM else ""
    times = " | ".join(f"{row[side]:.0f} ms" for side in ("ours", "theirs"))
    return f"| {name}, batch {row['batch']} | {ratio:.2f} | {times} | {mark} |"


def section(cache: Path = CACHE) -> str:
    """The part of the page, of all that was measured."""
    rows = [(name, row) for name in PRESETS for row in known(name, cache)]
    missing = [name for name in PRESETS if not known(name, cache)]
    logs = [math.log(row["ours"] / row["theirs"]) for _, row in rows]
    mean = f"{math.exp(sum(logs) / len(logs)):.2f} in the geometric mean. " if logs else ""
    lines = [
        TITLE,
        "",
        "Written by `python -m tests.bench.threads`. " + "\n".join(describe_machine()),
        "",
        f"{THREADS} threads each, in headless Chromium, medians by the clock, a page of its own",
        f"for each turn. {mean}The aim is at most {AIM:g} for each.",
        "",
        "| two threads | kernels / ONNX Runtime Web | kernels | ONNX Runtime Web | |",
        "| --- | --- | --- | --- | --- |",
        *(line(name, row) for name, row in rows),
        "",
        f"Not measured: {', '.join(missing) or 'nothing'}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the named models, or all, and write the page anew after each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.threads", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16])
    given = parser.parse_args()
    for name in given.names or PRESETS:
        measure(name, given.batches, given.rounds, given.cache)
        page = PAGE.read_text("utf-8")
        PAGE.write_text(replaced_section(page, TITLE, section(given.cache)), "utf-8")


if __name__ == "__main__":
    main()
