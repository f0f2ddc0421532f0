"""Rounding errors of whole models, plain and with the kernels, told by float64 -> docs/speed.md.

    python -m tests.bench.rounding [--cache FOLDER] [NAME ...]

Kept in FOLDER/NAME/rounding.json, as `tests.bench.kernels` keeps what it measures.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path

from sigfix.presets import PRESETS
from sigfix.verifying.runners import tfjs
from tests.bench.unchecked import build_unchecked
from tests.float64 import apart, exact_of
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, folder_of
from tests.matrix.stages import options_of
from tests.tools.marked import replaced_section

PAGE = ROOT / "docs" / "speed.md"
TITLE = "## Rounding errors"
AIM = 1e-5

Row = dict[str, float]


def measure(name: str, cache: Path = CACHE) -> None:
    """What one model loses at batch 1, kept in its folder."""
    folder = folder_of(name, cache)
    output = options_of(name).preset(name).output
    _, web = build_unchecked(name, folder)
    reference = exact_of(name, cache)
    run = tfjs.run(web, [{"input": reference.images}], [output], kernels=True)
    assert run.fast is not None
    plain, fast = run.outputs[0][output], run.fast[0][output]
    row = {
        "plain": apart(plain, reference.exact),
        "fast": apart(fast, reference.exact),
        "ort": reference.noise,
        "between": apart(fast, plain),
    }
    (folder / "rounding.json").write_text(json.dumps(row, indent=1) + "\n", "utf-8")
    print(line(name, row), flush=True)


def known(name: str, cache: Path = CACHE) -> Row | None:
    """What was measured of a model."""
    file = folder_of(name, cache) / "rounding.json"
    found: Row | None = json.loads(file.read_text("utf-8")) if file.is_file() else None
    return found


def line(name: str, row: Row) -> str:
    """A row of the table."""
    cells = " | ".join(f"{row[key]:.1e}" for key in ("fast", "plain", "ort"))
    return f"| {name} | {cells} | {row['fast'] / row['plain']:.2f} | {row['between']:.1e} |"


def section(find: Callable[[str], Row | None] = known) -> str:
    """The part of the page, of all that was measured."""
    rows = {name: row for name in PRESETS if (row := find(name))}
    missing = [name for name in PRESETS if name not in rows]
    logs = [math.log(row["fast"] / row["plain"]) for row in rows.values()]
    mean = f"{math.exp(sum(logs) / len(logs)):.2f}" if logs else "not measured"
    above = [name for name, row in rows.items() if row["between"] > AIM]
    lines = [
        TITLE,
        "",
        "Written by `python -m tests.bench.rounding`. " + "\n".join(describe_machine()),
        "",
        "How far each is from docTR's own model in float64 (PyTorch) at batch 1: the",
        "largest difference of any element, in parts of the range. What the kernels lose, of what",
        f"plain TensorFlow.js loses: {mean} in the geometric mean. The weights are random; those",
        "of a detector make logits of about -1 to 1, where its sigmoid multiplies nothing.",
        f"Plain and kernels are to be at most {AIM:g} apart; further are: "
        f"{', '.join(above) or 'none'}.",
        "",
        "| away from float64 | kernels | plain | ONNX Runtime | kernels / plain | between both |",
        "| --- | --- | --- | --- | --- | --- |",
        *(line(name, row) for name, row in rows.items()),
        "",
        f"Not measured: {', '.join(missing) or 'nothing'}.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure the named models, or all, and write the page anew after each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rounding", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    given = parser.parse_args()
    for name in given.names or PRESETS:
        measure(name, given.cache)
        page = PAGE.read_text("utf-8")
        text = section(lambda each: known(each, given.cache))
        PAGE.write_text(replaced_section(page, TITLE, text), "utf-8")


if __name__ == "__main__":
    main()
