"""ONNX's backend node tests through onnx-tf as it comes and through sigfix's adapter of it.

    python -m tests.importing.onnx_tf_table      writes docs/onnx-tf.md; 15 minutes

Every test of `onnx.backend.test` of the kind "node" is run through `prepare(model).run(inputs)`, at
opset 18 where it can be brought there (see `node_cases.py`), for onnx-tf knows no newer operators.
ONNX's own test runner says whether the outputs are right; shapes must be equal, too. Each side has
processes of its own. A test whose process ends, or takes two minutes of a processor, is lost.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.importing.node_cases import at_highest_opset

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "onnx-tf.md"
PLAIN, ADAPTER = "onnx-tf", "adapter"
PASSED, WRONG, FAILED, LOST = "passed", "wrong", "error", "lost"
SECONDS = 120
AT_ONCE = 200  # tests in one process, whose memory grows
READY = "= ready"
SEVERAL = "(several nodes)"
Outcomes = dict[str, dict[str, str]]
EXAMPLE = (
    "import onnx",
    "from sigfix.importing.onnx_tf_adapter import prepare",
    "",
    'prepare(onnx.load("model.onnx")).export_graph("saved_model")',
)


@dataclass(frozen=True)
class Test:
    """One of ONNX's tests: where it lies, its tolerances and the operator that it is of."""

    name: str
    operator: str
    folder: Path
    rtol: float
    atol: float


def node_tests(operators: set[str] | None = None) -> list[Test]:
    """ONNX's node tests in the order of their names; of these operators, or all."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    found = []
    for test in sorted(load_model_tests(kind="node"), key=lambda t: str(t.name)):
        nodes = onnx.load(Path(test.model_dir) / "model.onnx").graph.node
        operator = nodes[0].op_type if len(nodes) == 1 else SEVERAL
        if operators is None or operator in operators:
            atol = max(test.atol, 1e-6)
            found.append(Test(test.name, operator, Path(test.model_dir), test.rtol, atol))
    return found


def measure(operators: set[str] | None = None) -> tuple[list[Test], Outcomes]:
    """The tests, and side -> test -> outcome."""
    tests = node_tests(operators)
    return tests, {side: _outcomes(side, [t.name for t in tests]) for side in (PLAIN, ADAPTER)}


def _outcomes(side: str, names: list[str]) -> dict[str, str]:
    """Each test's outcome, in processes that are started again where one is lost."""
    found: dict[str, str] = {}
    while len(found) < len(names):
        left = names[len(found) :][:AT_ONCE]
        ran = subprocess.run(
            [sys.executable, "-m", "tests.importing.onnx_tf_table", side],
            input="\n".join(left), capture_output=True, text=True, cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )  # fmt: skip
        if READY not in ran.stdout:  # not a test's fault
            raise RuntimeError(ran.stderr[-2000:])
        lines = [line.split("\t") for line in ran.stdout.splitlines() if line.startswith("=\t")]
        told = {name: outcome for _, name, outcome in lines}
        for name in left:
            found[name] = told.get(name, LOST)
            if name not in told:
                break  # the next process begins behind it
    return found


def run_named(side: str, names: list[str]) -> Iterator[tuple[str, str]]:
    """Run these tests here, and tell each one's outcome as it is known."""
    if side == PLAIN:
        from tests.importing.plain_onnx_tf import plain_onnx_tf

        prepare = plain_onnx_tf().prepare
    else:
        from sigfix.importing.onnx_tf_adapter import install

        prepare = install().prepare
    tests = {test.name: test for test in node_tests()}
    print(READY, file=sys.__stdout__, flush=True)
    for name in names:
        # The system ends a process that takes more, wherever it is.
        limit = int(time.process_time()) + SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        yield name, _outcome(prepare, tests[name])


def _outcome(prepare: Any, test: Test) -> str:
    import onnx
    from onnx.backend.test.runner import Runner

    try:
        model = onnx.load(test.folder / "model.onnx")
        sets = [_read_set(model, place) for place in sorted(test.folder.glob("test_data_set_*"))]
        tensors = all(isinstance(a, np.ndarray) for pair in sets for half in pair for a in half)
        named = [
            tuple(
                {v.name: a for v, a in zip(values, half, strict=True)}
                for values, half in zip((model.graph.input, model.graph.output), pair, strict=True)
            )
            for pair in sets
        ]
        model = (at_highest_opset(model, named, test) if tensors else None) or model
        for inputs, expected in sets:
            found = list(prepare(model, logging_level="ERROR").run(inputs))
            Runner.assert_similar_outputs(expected, found, test.rtol, test.atol)
            if [np.shape(a) for a in _flat(found)] != [np.shape(a) for a in _flat(expected)]:
                return WRONG
    except AssertionError:
        return WRONG
    except BaseException as error:  # skips of ONNX's, whatever a handler or TensorFlow meets
        if isinstance(error, KeyboardInterrupt):
            raise
        return FAILED
    return PASSED


def _flat(values: list[Any]) -> list[Any]:
    return [a for value in values for a in (value if isinstance(value, list) else [value])]


def _read_set(model: Any, place: Path) -> tuple[list[Any], list[Any]]:
    import onnx
    from onnx import numpy_helper

    kinds = {
        "tensor_type": (onnx.TensorProto, numpy_helper.to_array),
        "sequence_type": (onnx.SequenceProto, numpy_helper.to_list),
        "optional_type": (onnx.OptionalProto, numpy_helper.to_optional),
    }
    halves = []
    for half, values in (("input", model.graph.input), ("output", model.graph.output)):
        read = []
        for index, value in enumerate(values):
            proto, to_python = kinds[value.type.WhichOneof("value")]
            stored = proto.FromString((place / f"{half}_{index}.pb").read_bytes())
            read.append(to_python(stored))
        halves.append(read)
    return halves[0], halves[1]


def rows(tests: list[Test], outcomes: Outcomes) -> dict[str, str]:
    """Operator -> its row; the last is of all."""
    made = {}
    for operator in sorted({t.operator for t in tests}):
        made[operator] = _row(operator, [t.name for t in tests if t.operator == operator], outcomes)
    made["all"] = _row("all", [t.name for t in tests], outcomes)
    return made


def _row(operator: str, names: list[str], outcomes: Outcomes) -> str:
    plain, adapted = (Counter(outcomes[side][n] for n in names) for side in (PLAIN, ADAPTER))
    own = " | ".join(str(adapted[kind]) for kind in (PASSED, WRONG, FAILED, LOST))
    return f"| {operator} | {len(names)} | {plain[PASSED]} | {own} |"


def lost_to_the_adapter(outcomes: Outcomes) -> list[str]:
    """The tests that onnx-tf passes as it comes, and not with the adapter."""
    plain, adapted = outcomes[PLAIN], outcomes[ADAPTER]
    return [name for name in plain if plain[name] == PASSED != adapted[name]]


def document(tests: list[Test], outcomes: Outcomes) -> str:
    """The page in Markdown: the sum, what the adapter loses, and every operator."""
    table = rows(tests, outcomes)
    passed = {side: Counter(outcomes[side].values())[PASSED] for side in outcomes}
    lost = lost_to_the_adapter(outcomes)
    worse = [n for n, o in outcomes[ADAPTER].items() if o == WRONG != outcomes[PLAIN][n]]
    lines = [
        "# onnx-tf, beside TensorFlow 2.19 and Keras 3",
        "",
        "sigfix does not use onnx-tf: it walks ONNX graphs itself (`sigfix/importing/tracing.py`).",
        "For programs that call onnx-tf 1.10 there is an adapter, with the extra `onnx-tf`:",
        "",
        "```python",
        *EXAMPLE,
        "```",
        "",
        "- Or `install()` once, then `onnx_tf.backend.prepare`. Until one of the two is called,",
        "  nothing is imported and nothing changed; then onnx-tf's own classes are.",
        "- onnx-tf imports tensorflow-addons, which Keras 3 broke, for one function. That one",
        "  stands in for it while onnx-tf is imported.",
        "- sigfix's operators are registered over onnx-tf's, which take what those refuse.",
        "- `export_graph` writes a `serving_default` with the names of the ONNX model (`input.1`",
        "  becomes `input_1`) and its dynamic axes. The batch may be any size.",
        "- onnx-tf tells its handlers the opset when a model is prepared and reads it when one is",
        "  run; here each model keeps its own.",
        "- Nothing is compared: `sigfix verify model.onnx saved_model` does that. What",
        "  `tensorflowjs_converter` makes of the SavedModel may still not run in TensorFlow.js,",
        "  because of what it fuses ([spike.md](spike.md)); `sigfix convert saved_model --tfjs`",
        "  checks what it writes.",
        "",
        "## ONNX's own tests",
        "",
        f"Of ONNX's {len(tests)} backend node tests, onnx-tf 1.10.0 passes {passed[PLAIN]} as it",
        f"comes (made importable), and {passed[ADAPTER]} with the adapter. Written by",
        "`python -m tests.importing.onnx_tf_table`, which says what is counted. ONNX's tests feed",
        "sizes and axes at run time, which sigfix's operators mostly refuse; exported models have",
        "them as constants, and so do the tests in [onnx-operators.md](onnx-operators.md).",
        "",
        "Passed as it comes and not with the adapter: " + (", ".join(lost) or "none") + ".",
        "Wrong with the adapter and not as it comes: " + (", ".join(worse) or "none") + ".",
        "",
        "| operator | tests | passed as it comes | with the adapter | wrong | error | lost |",
        "|---|---|---|---|---|---|---|",
        *table.values(),
    ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    if sys.argv[1:]:
        with contextlib.redirect_stdout(sys.stderr):  # handlers print
            for told in run_named(sys.argv[1], sys.stdin.read().split()):
                print("=", *told, sep="\t", file=sys.__stdout__, flush=True)
    else:
        DOCUMENT.write_text(document(*measure()), "utf-8")
        print(f"wrote {DOCUMENT.name}")
