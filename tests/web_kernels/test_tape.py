"""Tapes: the same numbers as the graph executor's, and none where attributes come of values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.web_kernels.running import planted, run_script

try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

PLAYED = {
    "steady": 4, "filled": 4, "parts": 4, "two": 2, "itself": 4, "weight": 4, "twice": 0,
    "shaped": 4,
}  # fmt: skip
NEVER = {"begins": 0, "drawn": 0}


def faults(found: dict[str, Any]) -> set[str]:
    """What is not as it should be; random numbers differ, and are drawn anew each time."""
    expected = {**PLAYED, **NEVER}
    assert set(found) == set(expected)
    return {
        name
        for name, (apart, played, left) in found.items()
        if played != expected[name] or left != 0 or (apart == 0) == (name == "drawn")
    }


def test_what_is_played_is_what_the_executor_computes() -> None:
    assert faults(run_script("tape.mjs")) == set()


@pytest.mark.parametrize(
    ("right", "wrong", "at_fault"),
    [
        ("if (this.depth === 0 && this.computed.has(dataId)) this.fits = false;", "", "begins"),
        ("place(tensor, isFixed)", "place(tensor)", "shaped"),
        ("place(tensor, isFixed)", "place(tensor, true)", "begins"),
        ("&& !DRAWN.test(op)", "", "drawn"),
        (".size < starts.length) recorder.fits = false;", ".size < 0) return found;", "twice"),
        ("backend.disposeData(values[slot].dataId);", "", "parts"),
        ("tapes.get(key)?.kept.forEach((tensor) => tensor.dispose());", "", "filled"),
    ],
)
def test_a_planted_fault_is_found(right: str, wrong: str, at_fault: str, tmp_path: Path) -> None:
    copied = planted(tmp_path, "tape.mjs", right, wrong)
    assert at_fault in faults(run_script("tape.mjs", kernels=copied))
