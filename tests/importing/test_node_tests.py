"""docs/onnx-operators.md says what a run of ONNX's node tests says today: a sample of it."""

from __future__ import annotations

import subprocess
import sys

from tests.importing.node_tests import DOCUMENT
from tests.importing.single_node import require_packages

require_packages()

SAMPLE = ("ArgMax", "Clip", "LayerNormalization", "Softmax", "Where")


def test_the_committed_table_is_current() -> None:
    # In a process of its own: onnx-tf alone is measured before sigfix registers its operators.
    code = f"from tests.importing.node_tests import *; print(document(measure(set({SAMPLE}))))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=DOCUMENT.parents[1]
    )
    assert ran.returncode == 0, ran.stderr
    rows = [line for line in ran.stdout.splitlines() if line.startswith(tuple(map(_row, SAMPLE)))]
    assert len(rows) == len(SAMPLE)
    committed = DOCUMENT.read_text("utf-8").splitlines()
    assert [row for row in rows if row not in committed] == []


def _row(operator: str) -> str:
    return f"| {operator} |"


def test_no_number_in_the_table_is_wrong() -> None:
    total = DOCUMENT.read_text("utf-8").splitlines()[-1].split("|")
    assert total[1].strip() == "all"
    assert int(total[6]) == 0, "a result differs from what ONNX expects"
