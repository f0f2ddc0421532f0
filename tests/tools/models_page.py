"""Which models to choose for a page, from what other pages measured -> a part of docs/browser.md.

    python -m tests.tools.models_page

Sizes and backends are those of docs/matrix.md, times those of docs/speed.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sigfix.presets import PRESETS
from tests.environments import ROOT
from tests.tools.marked import write_part

DOCS = ROOT / "docs"
PAGE, PART = DOCS / "browser.md", "models"
SIZE, BROWSER = "## Size and conversion", "## In Chromium"
MORE = "## In Chromium, by WebGPU and by two threads"
PLAIN, KERNELS = "## Plain TensorFlow.js against ONNX Runtime Web", "## With sigfix's kernels"
BACKENDS = ("wasm", "webgl", "webgpu")


@dataclass(frozen=True)
class Row:
    """A model: megabytes by type, milliseconds and whether they are with the kernels, backends."""

    name: str
    uint8: float
    float16: float
    ms: float
    kernels: bool
    backends: tuple[str, ...]


def table(page: str, title: str) -> dict[str, list[str]]:
    """The rows of the first table below a title, by their first cell.

    Raises `ValueError` where the page has no such title.
    """
    _, found, rest = page.partition(f"{title}\n")
    if not found:
        raise ValueError(f"there is no {title}")
    part = rest.partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return {first: rest for first, *rest in cells}


def rows(matrix: str, speed: str) -> list[Row]:
    """The models that were measured."""
    sizes, browsers, more = (table(matrix, title) for title in (SIZE, BROWSER, MORE))
    plain, kernels = table(speed, PLAIN), table(speed, KERNELS)
    found = []
    for name in PRESETS:
        timed = f"{name}, batch 1"
        if name not in sizes or timed not in plain:
            continue
        whole, half, _, bytes_, *_ = sizes[name]
        fast = kernels[timed][2] if timed in kernels else plain[timed][1]
        # Of the other table its first three columns: the others are the wasm backend once more.
        agrees = browsers[name][2::3] + more.get(name, [""] * 3)[2:3]
        found.append(
            Row(
                name,
                _number(whole) * float(bytes_),
                _number(whole) * float(half),
                _number(fast),
                timed in kernels,
                tuple(b for b, said in zip(BACKENDS, agrees, strict=True) if said == "yes"),
            )
        )
    return sorted(found, key=lambda row: row.ms)


def _number(text: str) -> float:
    found = re.match(r"[\d.,]+", text)
    assert found, text
    return float(found.group().replace(",", ""))


def part(matrix: str, speed: str) -> str:
    """The tables: what finds words, what reads them, what says how they are turned."""
    found = rows(matrix, speed)
    lines = [
        "Written by `python -m tests.tools.models_page` of [matrix.md](matrix.md) and",
        "[speed.md](speed.md): megabytes of weights as uint8 and as float16, of which a bundle",
        "takes the smaller one that keeps the answers; the time of one image on the wasm backend",
        "with one thread (* without sigfix's kernels, with which it was not measured), a",
        "detector's at 512 x 512 (1024 x 1024 takes four times as long); and the backends on which",
        "Chromium computed what TensorFlow does. webgpu was not tried with those that lack it.",
    ]
    for title, kind in (
        ("Detector", lambda row: PRESETS[row.name].is_detector),
        ("Recogniser", lambda row: PRESETS[row.name].is_recogniser),
        ("Classifier", lambda row: not _reads(row.name)),
    ):
        lines += ["", f"| {title} | uint8 | float16 | time | backends |", "|---|---|---|---|---|"]
        lines += [
            f"| {row.name} | {row.uint8:.1f} | {row.float16:.1f} | {row.ms:.0f} ms"
            f"{'' if row.kernels else ' *'} | {', '.join(row.backends)} |"
            for row in found
            if kind(row)
        ]
    return "\n".join(lines)


def _reads(name: str) -> bool:
    return PRESETS[name].is_detector or PRESETS[name].is_recogniser


def measured() -> str:
    """The part of what the pages have now."""
    return part(*((DOCS / name).read_text("utf-8") for name in ("matrix.md", "speed.md")))


if __name__ == "__main__":
    write_part(PAGE, PART, measured())
