"""sigfix/web/kernels against plain TensorFlow.js and ONNX Runtime Web -> a part of docs/speed.md.

    python -m tests.bench.kernels [--cache FOLDER] [--seconds N] [--batches 1 16] [NAME ...]

One process for each model and batch runs the three in turns. What was measured is kept in
FOLDER/NAME/kernels.json (.matrix by default); the page shows what is there. The models are those of
`make matrix`; where they are absent they are built, and not compared.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigfix.presets import PRESETS
from sigfix.verifying.runners import node as nodejs
from tests.bench.inference import WEB, batches, kernels_text
from tests.bench.unchecked import build_unchecked
from tests.made_up import preset_images
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, folder_of
from tests.matrix.stages import options_of
from tests.npm_packages import installed
from tests.tools.marked import replaced_section

PAGE = ROOT / "docs" / "speed.md"
TITLE = "## With sigfix's kernels"
AIM_ALONE, AIMS = 1.0, {1: 0.8, 16: 0.9}
PROFILED = 0.9
"""The ratio above which the page shows what takes the time."""
SECONDS = 20.0

Row = dict[str, Any]


def measure(name: str, sizes: Sequence[int], seconds: float, cache: Path = CACHE) -> None:
    """The three ways of one model at each batch size, kept with what is known of other sizes."""
    folder, preset = folder_of(name, cache), options_of(name).preset(name)
    onnx_file, web = build_unchecked(name, folder)
    node = nodejs.find_node()
    for batch in [size for size in batches(preset) if size in sizes]:
        images = preset_images(preset, batch)
        with tempfile.TemporaryDirectory(prefix="sigfix-kernels-") as place:
            pixels = Path(place) / "images.bin"
            pixels.write_bytes(images.tobytes())
            command = [node.program, *node.flags, WEB / "three_ways.mjs"]
            command += [nodejs.packages_directory(node), installed(WEB), nodejs.WEB / "kernels"]
            command += [web, onnx_file, preset.output, pixels]
            command += [",".join(map(str, images.shape)), str(seconds)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=900)
        row = {"batch": batch, **json.loads(done.stdout)}
        rows = [each for each in _known(name, cache) if each["batch"] != batch] + [row]
        rows.sort(key=lambda each: each["batch"])
        (folder / "kernels.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        print(_line(name, row), flush=True)


def section(cache: Path = CACHE) -> str:
    """The part of the page, of all that was measured."""
    known = {name: _known(name, cache) for name in PRESETS}
    rows = [(name, row) for name, found in known.items() for row in found]
    missing = [name for name, found in known.items() if not found]
    lines = [
        f"{TITLE}",
        "",
        "Written by `python -m tests.bench.kernels`. " + "\n".join(describe_machine()),
        "",
        "Medians in Node.js, wasm backend, one thread: the same model.json with the kernels of",
        "`sigfix/web/kernels` (docs/kernels.md), in TensorFlow.js as it is, and the ONNX file in",
        "ONNX Runtime Web, in turns in one process. Times are the processor's, which other work on",
        "the machine hardly lengthens. Below 1 the kernels are faster.",
        "",
        *(_mean(batch, rows) for batch in AIMS),
        "",
        "The limit is what XNNPACK's largest convolution multiplies in the same minutes, with one",
        "thread; the last column is how much faster than it the kernels are with the products that",
        "the model's operators ask for. Above 1 they need fewer products than that.",
        "",
        "| what | kernels / ONNX Runtime Web | plain / ONNX Runtime Web | kernels | plain | ONNX "
        "Runtime Web | difference | plain to ONNX Runtime Web | loading, of plain | products | of "
        "the limit |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_line(name, row) for name, row in rows),
        "",
        f"What takes the time where the ratio is above {PROFILED}:",
        "",
        *(
            [
                f"- {name}, batch {row['batch']}: {kernels_text(row['kernels'])}"
                for name, row in rows
                if row["fast"] / row["ort"] > PROFILED
            ]
            or ["- none is"]
        ),
        "",
        f"Not measured: {', '.join(missing) or 'nothing'}.",
    ]
    return "\n".join(lines)


def _mean(batch: int, rows: list[tuple[str, Row]]) -> str:
    ratios = [row["fast"] / row["ort"] for _, row in rows if row["batch"] == batch]
    if not ratios:
        return f"- batch {batch}: not measured"
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return (
        f"- batch {batch}: {mean:.2f} in the geometric mean of {len(ratios)} models (aim: "
        f"{AIMS[batch]}), {sum(ratio > AIM_ALONE for ratio in ratios)} above {AIM_ALONE:g}"
    )


def _line(name: str, row: Row) -> str:
    fast, plain, ort = row["fast"], row["plain"], row["ort"]
    times = " | ".join(f"{value:.0f} ms" for value in (fast, plain, ort))
    loading = row["load"][0] / row["load"][1]
    return (
        f"| {name}, batch {row['batch']} | {fast / ort:.2f} | {plain / ort:.2f} | {times} | "
        f"{row['difference']:.1e} | {row['noise']:.1e} | {loading:.2f} | "
        f"{row['products'] / 1e6:,.0f} million | "
        f"{row['products'] / row['limit'] / fast:.2f} of {row['limit'] / 1e6:.1f} a ns |"
    )


def _known(name: str, cache: Path) -> list[Row]:
    file = folder_of(name, cache) / "kernels.json"
    found: list[Row] = json.loads(file.read_text("utf-8")) if file.is_file() else []
    return found


def main() -> None:
    """Measure the named models, or all, and write the page anew after each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kernels", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for each model and batch")
    parser.add_argument("--batches", type=int, nargs="+", default=list(AIMS))
    given = parser.parse_args()
    for name in given.names or PRESETS:
        measure(name, given.batches, given.seconds, given.cache)
        page = PAGE.read_text("utf-8")
        PAGE.write_text(replaced_section(page, TITLE, section(given.cache)), "utf-8")


if __name__ == "__main__":
    main()
