"""webgpu, and wasm with two threads, in Chromium against float64 -> a part of docs/matrix.md.

    python -m tests.matrix.backends [--cache FOLDER] [--write-only] [NAME ...]

What was measured is kept in FOLDER/NAME/backends.json (.matrix by default), way by way: a run that
was cut off goes on, and what another state of sigfix's code measured is measured again. The models
are those of `make matrix` or `make bench`; where they are absent they are built.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from sigfix.presets import PRESETS
from tests.bench.unchecked import build_unchecked
from tests.float64 import exact_of
from tests.matrix import browser, stages
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, code_digest, folder_of
from tests.matrix.sections import row_of
from tests.tools.marked import replaced_section

PAGE = ROOT / "docs" / "matrix.md"
TITLE = "## In Chromium, by WebGPU and by two threads"
THREADS = 2
WAYS: dict[str, dict[str, Any]] = {
    "webgpu": {"backend": "webgpu"},
    "two threads": {"backend": "wasm", "threads": THREADS},
    "with kernels": {"backend": "wasm", "threads": THREADS, "kernels": True},
}
SECONDS = 600.0
EXACT = "float64"

Row = dict[str, Any]


def measure(name: str, cache: Path = CACHE) -> None:
    """Bring every way of one model up to date."""
    digest = code_digest()
    for way in WAYS:
        found = known(name, cache)
        if found.get(way, {}).get("code") == digest and not found[way]["error"]:
            continue
        row = {**_row(name, way, cache), "code": digest}
        file = folder_of(name, cache) / "backends.json"
        file.write_text(json.dumps({**known(name, cache), way: row}, indent=1) + "\n", "utf-8")
        said = row["error"] or f"{row['relative']:.1e}"
        print(f"{name:36} {way:14} {row['seconds']:6.1f} s  {said}", flush=True)


def _row(name: str, way: str, cache: Path) -> Row:
    preset = stages.options_of(name).preset(name)
    _, model = build_unchecked(name, folder_of(name, cache))
    reference = exact_of(name, cache)
    asked = WAYS[way]
    run = browser.run(
        model, {"input": reference.images}, [preset.output], time_limit=SECONDS, **asked
    )
    wanted = {preset.output: reference.exact.astype("float32")}
    (comparison,) = stages.compare_stage(
        (EXACT, stages.TFJS), [wanted], [run.outputs], preset, reference.noise
    )
    compared = stages.row(comparison)
    as_asked = (run.backend, run.threads, run.kernels) == (
        asked["backend"], asked.get("threads", 1), asked.get("kernels", False),
    )  # fmt: skip
    return row_of(run, compared, model, asked["backend"], as_asked)


def known(name: str, cache: Path = CACHE) -> dict[str, Row]:
    """What was measured of a model, by way."""
    file = folder_of(name, cache) / "backends.json"
    found: dict[str, Row] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    return found


def line(name: str, rows: dict[str, Row]) -> str:
    """A row of the table."""
    cells = [name]
    for way in WAYS:
        row = rows.get(way)
        if row is None:
            cells += ["not measured", "-", "-"]
            continue
        relative = row["relative"]
        cells += [
            row["mode"] or "failed",
            "-" if relative is None else f"{relative:.1e}",
            "yes" if row["agrees"] else "no",
        ]
    return "| " + " | ".join(cells) + " |"


def failures(name: str, rows: dict[str, Row]) -> list[str]:
    """A line for each way that is not as it should be."""
    found = []
    for way, row in rows.items():
        if not row["works"]:
            reason = row["error"] or f"off by {row['relative']:.2g}, or another backend ran"
            found.append(f"{name}, {way}: {reason}")
        if not row["agrees"]:
            said = "; ".join(row["inspect"]) or "nothing"
            found.append(f"{name}, {way}: sigfix inspect found {said}")
        if row["mode"] == "executeAsync":
            found.append(f"{name}, {way}: needs executeAsync")
    return found


def section(found: dict[str, dict[str, Row]]) -> str:
    """The part of the page, of what was measured of each model."""
    measured = {name: rows for name, rows in found.items() if rows}
    absent = [name for name, rows in found.items() if not rows]
    wrong = [text for name, rows in measured.items() for text in failures(name, rows)]
    renderers = sorted(
        {row["renderer"] for rows in measured.values() for row in rows.values() if row["renderer"]}
    )
    head = [cell for way in WAYS for cell in (way, "difference", "agrees")]
    return "\n".join(
        [
            TITLE,
            "",
            "Written by `python -m tests.matrix.backends`. " + "\n".join(describe_machine()),
            "",
            f"Batch 1 in a headless Chromium: webgpu, by {' and '.join(renderers) or '-'};",
            f"wasm with {THREADS} threads, in an isolated page (COOP and COEP); and the same with",
            "sigfix's kernels (docs/kernels.md). `difference` is the largest from docTR's model",
            "in float64 (PyTorch), in parts of the range; allowed are 0.001, or 4 times",
            "what ONNX Runtime's float32 is away. `agrees`: as above.",
            "",
            f"| preset | {' | '.join(head)} |",
            "| --- " * (1 + len(head)) + "|",
            *(line(name, rows) for name, rows in measured.items()),
            "",
            "Wrong: " + ("nothing." if not wrong else ""),
            *(f"- {text}" for text in wrong),
            "",
            f"Not measured: {', '.join(absent) or 'nothing'}.",
        ]
    )


def main() -> int:
    """Measure the named models, or all, and write the page after each; 1 where one is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix.backends", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: every preset")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    parser.add_argument("--write-only", action="store_true", help="measure nothing")
    given = parser.parse_args()
    names = given.names or list(PRESETS)
    for name in names:
        if not given.write_only:
            measure(name, given.cache)
        found = {each: known(each, given.cache) for each in PRESETS}
        page = PAGE.read_text("utf-8")
        PAGE.write_text(replaced_section(page, TITLE, section(found)), "utf-8")
    return int(any(failures(name, known(name, given.cache)) for name in names))


if __name__ == "__main__":
    raise SystemExit(main())
