"""The table of presets, and one of them in full, as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import Any

from sigfix.presets import Preset


def presets_text(presets: Iterable[Preset]) -> str:
    """One line a preset, by task: name, image, output and how it is read."""
    rows = [
        (p.task, ("  " + p.name, f"{p.height} x {p.width}", p.output, p.decoder)) for p in presets
    ]
    heading = ("NAME", "IMAGE", "OUTPUT", "READ BY")
    widths = [max(len(row[i]) for row in [heading, *(r for _, r in rows)]) for i in range(4)]
    lines = [_line(heading, widths)]
    for task, found in groupby(rows, key=itemgetter(0)):
        lines += [task, *(_line(row, widths) for _, row in found)]
    return "\n".join([*lines, "", "One in full: sigfix presets NAME", ""])


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip()


def preset_text(preset: Preset) -> str:
    """Everything that the table says of one preset."""
    triples = {k: "/".join(f"{v:g}" for v in t) for k, t in _normalisation(preset).items()}
    rows = [
        ("task", preset.task),
        ("input", f"float32[?,{preset.height},{preset.width},3], RGB, NHWC, normalised"),
        ("mean", triples["mean"]),
        ("std", triples["std"]),
    ]
    if preset.boxes is not None:
        boxes = preset.boxes
        rows += [
            ("output", f"{preset.output} float32[?,{preset.height},{preset.width},1]"),
            ("", "(logits with --raw-logits; another side with --size)"),
            ("boxes", f"binarised at {boxes.binarise_at:g} after a 3 x 3 opening, kept from a"),
            ("", f"mean of {boxes.least_score:g} on, grown by {boxes.unclip:g}"),
        ]
    elif preset.classes:
        rows += [
            ("output", f"{preset.output} float32[?,{len(preset.classes)}]"),
            ("classes", f"{', '.join(map(str, preset.classes))} (degrees)"),
            ("decoder", preset.decoder),
        ]
    else:
        rows += [
            ("output", f"{preset.output} float32[?,{preset.steps},classes]"),
            ("classes", f"one a character, then {', '.join(_special_classes(preset))}"),
            ("vocabulary", f"{preset.vocabulary} (another with --vocab)"),
            ("decoder", preset.decoder),
        ]
    rows.append(("opset", str(preset.opset)))
    lines = [preset.name, *(f"  {name:11} {value}" for name, value in rows), ""]
    return "\n".join([*lines, f"Build it: sigfix repair --preset {preset.name}", ""])


def _special_classes(preset: Preset) -> list[str]:
    """What stands behind the characters, in its order: none where nothing is read."""
    named = (
        ["the blank"] if preset.decoder == "ctc" else ["the end of a word", "its start", "padding"]
    )
    return named[: preset.extra_classes]


def _normalisation(preset: Preset) -> dict[str, tuple[float, float, float]]:
    return {"mean": preset.mean, "std": preset.std}


def preset_json(preset: Preset) -> dict[str, Any]:
    """The preset's row as plain values, with what is the same in every row.

    A recogniser's classes are the characters of its vocabulary, then its `special_classes`.
    """
    return {
        **asdict(preset),
        "extra_classes": preset.extra_classes,
        "input": "input",
        "layout": "nhwc",
        "special_classes": _special_classes(preset),
    }
