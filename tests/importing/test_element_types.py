"""Every operator with every element type: ONNX Runtime's numbers, or sigfix's refusal."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.importing.refusal_reasons import HELD, is_held
from sigfix.importing.supported import SUPPORTED
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402

from sigfix.errors import ConversionError  # noqa: E402

HERE = Path(__file__).parents[2]
# ONNX has no node test of these that TensorFlow.js's types can hold at opset 18.
WITHOUT_CASES = {
    "Cast", "CastLike", "ConvInteger", "CumSum", "DeformConv", "DequantizeLinear",
    "DynamicQuantizeLinear", "Einsum", "Gelu", "GlobalLpPool", "GroupNormalization",
    "LpNormalization", "MatMulInteger", "QLinearConv", "QLinearMatMul", "QuantizeLinear",
}  # fmt: skip


@functools.cache
def checked() -> dict[str, Any]:
    """What `type_checks.py` finds, in a process of its own: it makes a graph for each case."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.importing.type_checks", *SUPPORTED],
        capture_output=True, text=True, cwd=HERE, timeout=1800,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_none_is_wrong_and_none_crashes() -> None:
    faults = [fault for counts in checked().values() for fault in counts["faults"]]
    assert faults == []


def test_every_operator_is_compared() -> None:
    assert set(SUPPORTED) - set(checked()) == WITHOUT_CASES
    unseen = {k for k, counts in checked().items() if not counts["compared"]}
    # No input; what TensorFlow.js runs asynchronously, compared in test_open_sizes.py; and what
    # takes its sizes as constants alone, compared in test_random_forms.py.
    assert unseen <= {"Col2Im", "Constant", "Loop", "NonMaxSuppression", "NonZero", "Scan"}


def test_every_type_is_held_or_named() -> None:
    from sigfix.importing.preflight import check

    for kind in TensorProto.DataType.values():
        if kind in (TensorProto.UNDEFINED, TensorProto.STRING):
            continue
        node = helper.make_node("Cast", ["x"], ["y"], to=kind)
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            [node], "g", [value("x", TensorProto.FLOAT, [2])], [value("y", kind, [2])]
        )
        for model in (
            helper.make_model(graph, opset_imports=[helper.make_opsetid("", 23)]),
            helper.make_model(
                helper.make_graph(
                    [helper.make_node("Identity", ["x"], ["y"])],
                    "g",
                    [value("x", kind, [2])],
                    [value("y", kind, [2])],
                )
            ),
        ):
            if is_held(kind):
                check(model)
            else:
                with pytest.raises(ConversionError, match="does not compute with"):
                    check(model)


@pytest.mark.parametrize("source", sorted(HELD))
def test_casts_are_those_of_onnx_runtime(source: str) -> None:
    """Fractions towards zero, integers that wrap, anything but 0 is true."""
    from tests.importing.single_node import onnx_runtime_outputs, sigfix_outputs

    warnings.simplefilter("ignore")
    kind = TensorProto.DataType.Value(source)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    small = np.array([0, 1, 2, 3.7, 100.5], np.float64)
    values = (small if np.dtype(dtype).kind in "ub" else np.append(small, [-1, -2.5])).astype(dtype)
    for wanted in sorted(HELD):
        target = TensorProto.DataType.Value(wanted)
        if np.dtype(dtype).kind in "fi" and wanted.startswith("UINT"):
            fed = np.abs(values)  # of negative ones the result is not defined
        else:
            fed = values
        graph = helper.make_graph(
            [helper.make_node("Cast", ["x"], ["y"], to=target)],
            "g",
            [helper.make_tensor_value_info("x", kind, ["n"])],
            [helper.make_tensor_value_info("y", target, ["n"])],
        )
        opset = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=8)
        expected = onnx_runtime_outputs(model, {"x": fed})["y"]
        try:
            found = sigfix_outputs(model, {"x": fed})["y"]
        except RuntimeError as error:
            assert "TensorFlow.js does not run" in str(error)
            continue
        assert found.dtype == expected.dtype, wanted
        np.testing.assert_array_equal(found, expected, err_msg=wanted)


def test_an_operator_that_tensorflow_lacks_names_its_node() -> None:
    """ONNX admits uint8 quotients, TensorFlow has no absolute value of them."""
    from tests.importing.single_node import traced

    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (uint8[n] x, bool[n, 3] b) => (uint8[n] y, bool[n] z) {
        [quotient] y = Div(x, x)
        z = ReduceMax<axes = [1], keepdims = 0>(b)
    }""")
    with pytest.raises(ConversionError, match=r"^ONNX Div \(node quotient\): TensorFlow"):
        traced(model)
