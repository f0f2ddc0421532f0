"""What operators compute in the real TensorFlow.js, on its wasm backend."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.importing.single_node import Case, Fed, require_packages
from tests.importing.tfjs_truth import (
    Check,
    case_checks,
    failures,
    node_test_checks,
    random_form_checks,
)

require_packages()
pytestmark = pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")

# Where TensorFlow.js has surprised somebody: dtypes it lacks, indices, signs, several outputs.
OPERATORS = {
    "ArgMax", "BatchNormalization", "Cast", "Clip", "CumSum", "Div", "GRU", "GatherElements",
    "GatherND", "LSTM",
    "MaxPool", "Mod", "Not", "OneHot", "Pow", "RNN", "Range", "ReduceProd", "Round", "ScatterND",
    "Slice", "Split", "TopK", "Trilu", "Where", "Xor",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _with_tfjs(node_packages: Path) -> None:
    """Every test here runs TensorFlow.js."""


def test_node_tests_and_random_forms_hold_in_tensorflow_js() -> None:
    fractions = Case("Cast", (Fed((2, 9), lowest=-0.9, highest=0.9),), {"to": 9})
    checks = [*node_test_checks(OPERATORS), *random_form_checks(1)]
    checks += case_checks({"truth of fractions": fractions})
    assert checks[-1].name == "truth of fractions"
    assert len(checks) > 100
    assert failures(checks) == {}


def test_a_wrong_result_is_told_from_right_ones() -> None:
    first, second, *_ = node_test_checks({"Not"})
    expected = {name: ~value for name, value in second.expected.items()}
    wrong = Check("wrong", second.model, second.inputs, expected, 0, 0)
    assert list(failures([first, wrong])) == ["wrong"]
