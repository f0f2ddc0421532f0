"""ONNX's own backend node tests through onnx-tf alone and through sigfix's import.

    python -m tests.importing.node_tests      writes docs/onnx-operators.md

`node_cases.py` says which tests are counted, `operators_in_use.json` of which operators. A test
passes where every output is within its own tolerance and every TensorFlow operator that was
emitted is one that TensorFlow.js runs, synchronously, on its wasm backend. It is refused where
sigfix says by name that it cannot; any other outcome is an error, and a result that differs is
wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.importing.node_cases import Arrays, NodeCase, cases, constants_of, with_constants
from tests.importing.operators_in_use import operators_in_use

DOCUMENT = Path(__file__).parents[2] / "docs" / "onnx-operators.md"
PASSED, REFUSED, WRONG, FAILED = "passed", "refused", "wrong", "error"
# Operators of other people's models, whose sibling is among those in use.
ALSO = {"GRU", "RNN"}
Outcomes = dict[str, dict[str, Counter[str]]]


def run_plain(case: NodeCase, inputs: Arrays) -> list[Any]:
    """onnx-tf as installed; only right before sigfix's operators are imported."""
    from tests.importing.plain_onnx_tf import plain_onnx_tf

    backend = plain_onnx_tf().TensorflowBackend
    return list(backend.prepare(case.model, logging_level="ERROR").run(list(inputs.values())))


def run_sigfix(case: NodeCase, inputs: Arrays) -> list[Any]:
    """sigfix's import, checked for what TensorFlow.js has."""
    import tensorflow as tf

    from tests.importing.single_node import refuse_foreign_operators, traced

    constants = {n: v for n, v in inputs.items() if n in constants_of(case)}
    function = traced(with_constants(case.model, constants))
    refuse_foreign_operators(function)
    fed = {n: tf.constant(v) for n, v in inputs.items() if n not in constants}
    found = function(**fed)
    return [found[o.name].numpy() for o in case.model.graph.output]


def outcome(run: Callable[[NodeCase, Arrays], list[Any]], case: NodeCase) -> str:
    from sigfix.errors import SigfixError

    try:
        for inputs, expected in case.sets:
            for value, wanted in zip(run(case, inputs), expected.values(), strict=True):
                np.testing.assert_allclose(value, wanted, rtol=case.rtol, atol=case.atol)
                if np.shape(value) != wanted.shape or value.dtype != wanted.dtype:
                    return WRONG
    except AssertionError:
        return WRONG
    except SigfixError:
        return REFUSED
    except Exception:  # whatever a handler or TensorFlow meets
        return FAILED
    return PASSED


def measure(names: set[str] | None = None) -> Outcomes:
    """Operator -> {"onnx-tf": outcomes, "sigfix": outcomes}; onnx-tf is measured first."""
    found = list(cases(set(operators_in_use()) | ALSO if names is None else names))
    result: Outcomes = {}
    for column, run in (("onnx-tf", run_plain), ("sigfix", run_sigfix)):
        for case in found:
            counts = result.setdefault(case.operator, {"onnx-tf": Counter(), "sigfix": Counter()})
            counts[column][outcome(run, case)] += 1
    return result


def document(result: Outcomes, names: set[str]) -> str:
    """The table in Markdown; `names` are all operators in use, tested by ONNX or not."""
    from sigfix.version import __version__

    lines = [
        "# ONNX operators",
        "",
        f"ONNX's backend node tests, by operator: onnx-tf 1.10.0 as installed against sigfix "
        f"{__version__}.",
        "Written by `python -m tests.importing.node_tests`, which says what is counted. The",
        "operators are those of docTR's models and of torchvision's classification and",
        "segmentation models, as `tests/importing/operators_in_use.json` has them, and "
        f"{' and '.join(sorted(ALSO))}.",
        "",
        "| operator | tests | onnx-tf passed | sigfix passed | refused | wrong | error |",
        "|---|---|---|---|---|---|---|",
    ]
    totals = {"onnx-tf": Counter[str](), "sigfix": Counter[str]()}
    for operator in sorted(result):
        both = result[operator]
        totals["onnx-tf"] += both["onnx-tf"]
        totals["sigfix"] += both["sigfix"]
        lines.append(_row(operator, both))
    lines.append(_row("all", totals))
    share = 100 * totals["sigfix"][PASSED] / max(sum(totals["sigfix"].values()), 1)
    lines += ["", f"sigfix passes {share:.1f} % of them."]
    untested = sorted(names - set(result))
    if untested:
        lines += ["", "In use, and without such a test: " + ", ".join(untested) + "."]
    return "\n".join([*lines, ""])


def _row(operator: str, both: dict[str, Counter[str]]) -> str:
    own = " | ".join(str(both["sigfix"][k]) for k in (PASSED, REFUSED, WRONG, FAILED))
    return f"| {operator} | {sum(both['sigfix'].values())} | {both['onnx-tf'][PASSED]} | {own} |"


if __name__ == "__main__":
    DOCUMENT.write_text(document(measure(), set(operators_in_use())), "utf-8")
    print(f"wrote {DOCUMENT.name}")
