"""What a first visit of a bundle transfers, broken down -> a part of docs/browser.md."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from pathlib import Path

from sigfix.pipeline.bundle_form import files_below

TRANSFER = "transfer"
MOST = 9.0
"""Megabytes of all that the wasm backend needs, as gzip."""
LEVEL = 6
"""What servers compress with."""
ROWS: dict[str, tuple[str, ...]] = {
    "detector": ("models/detection/",),
    "recogniser": ("models/recognition/",),
    "TensorFlow.js": ("tfjs/tf.es2017.min.js",),
    "its wasm backend": (
        "tfjs/tf-backend-wasm.es2017.min.js",
        "tfjs/tfjs-backend-wasm-simd.wasm",
    ),
    "page, sigfix-ocr, kernels": ("index.html", "bundle.json", "page/", "ocr/", "kernels/"),
}
"""What is fetched, by the beginnings of the files' names."""
FEW = 0.05
LATER = ("page/sample.png",)
"""What is fetched when it is asked for."""


def sizes(site: Path) -> dict[str, tuple[float, float]]:
    """Megabytes of each row, as they are and as gzip.

    Raises `AssertionError` where a row has no file.
    """
    found = {}
    for row, beginnings in ROWS.items():
        names = [
            name for name in (*files_below(site), "bundle.json") if name.startswith(beginnings)
        ]
        assert names, row
        contents = [(site / name).read_bytes() for name in sorted({*names} - {*LATER})]
        packed = sum(len(gzip.compress(content, LEVEL, mtime=0)) for content in contents)
        found[row] = sum(map(len, contents)) / 1e6, packed / 1e6
    return found


def stored_as(site: Path, task: str) -> str:
    """How the numbers of a model are stored: `float16`, `uint8 and float16`, the most first.

    `float32` is as they were; what holds less than a part of `FEW` is not named.
    """
    document = json.loads((site / "models" / task / "model.json").read_text("utf-8"))
    weights = [weight for group in document["weightsManifest"] for weight in group["weights"]]
    numbers: Counter[str] = Counter()
    for weight in weights:
        if weight["dtype"] == "float32":
            stored = weight.get("quantization", {}).get("dtype", weight["dtype"])
            numbers[stored] += math.prod(weight["shape"])
    most = numbers.most_common()
    return " and ".join(name for name, number in most if number >= FEW * numbers.total())


def part(site: Path) -> str:
    """The table."""
    found = sizes(site)
    detector, recogniser = (stored_as(site, task) for task in ("detection", "recognition"))
    whole = [sum(each) for each in zip(*found.values(), strict=True)]
    lines = [
        "Written by `python -m tests.documents`: megabytes that a first visit transfers for the",
        f"wasm backend, of a bundle of both sample models: a detector of {detector},",
        f"a recogniser of {recogniser}. The aim for all of it is {MOST:g} as gzip.",
        "",
        "| | as it is | as gzip |",
        "|---|---|---|",
        *(f"| {row} | {plain:.2f} | {packed:.2f} |" for row, (plain, packed) in found.items()),
        f"| all of it | {whole[0]:.1f} | {whole[1]:.1f} |",
    ]
    return "\n".join(lines)


def too_large(site: Path) -> list[str]:
    """A line where the aim is not met."""
    whole = sum(packed for _, packed in sizes(site).values())
    return [f"transfer: {whole:.1f} MB as gzip, more than {MOST:g}"] if whole > MOST else []
