"""docs/onnx-operators.md says what a run of ONNX's node tests says today: a sample of it."""

from __future__ import annotations

import importlib
import subprocess
import sys

from tests.importing.node_tests import DOCUMENT
from tests.importing.operators_in_use import operators_in_use
from tests.importing.single_node import require_packages

require_packages()

SAMPLE = ("ArgMax", "Flatten", "LayerNormalization", "Softmax", "Where")


def test_the_committed_table_is_current() -> None:
    # In a process of its own: onnx-tf alone is measured before sigfix registers its operators.
    code = (
        f"from tests.importing.node_tests import *; print(document(measure(set({SAMPLE})), set()))"
    )
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


def test_nearly_all_pass_and_none_is_wrong() -> None:
    rows = DOCUMENT.read_text("utf-8").splitlines()
    (total,) = (row for row in rows if row.startswith(_row("all")))
    tests, _, passed, refused, wrong, failed = (int(n) for n in total.split("|")[2:8])
    assert (wrong, failed) == (0, 0)
    assert passed + refused == tests
    assert passed >= 0.98 * tests


def test_every_operator_in_use_is_supported_or_refused_for_a_reason() -> None:
    import onnx

    importlib.import_module("sigfix.importing.operators")
    from sigfix.importing.operators.registry import OPERATORS
    from sigfix.importing.preflight import REASONS

    versions = {n: onnx.defs.get_schema(n, 18).since_version for n in operators_in_use()}
    missing = {n for n, version in versions.items() if (n, version) not in OPERATORS}
    assert missing <= set(REASONS)
