"""ONNX's own backend node tests through onnx-tf alone and through sigfix's import.

    python -m tests.importing.node_tests      writes docs/onnx-operators.md

Counted are the tests of operators that sigfix implements, at opset 18 or below, of dtypes that
TensorFlow.js can hold (float32, integers that fit int32, bool). A test passes where every output
is within the test's own tolerance; it is refused where sigfix says by name that it cannot; any
other outcome is an error, and a result that differs is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

DOCUMENT = Path(__file__).parents[2] / "docs" / "onnx-operators.md"
HIGHEST_OPSET = 18
HELD = {"float32", "int32", "int64", "bool"}
PASSED, REFUSED, WRONG, FAILED = "passed", "refused", "wrong", "error"


def cases(operators: set[str]) -> Iterator[tuple[str, Any, list[Any], Any]]:
    """(operator, model, data sets, test) of every node test that is counted."""
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.loader import load_model_tests

    for test in load_model_tests(kind="node"):
        folder = Path(test.model_dir)
        model = onnx.load(folder / "model.onnx")
        nodes = model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in operators or nodes[0].domain:
            continue
        if model.opset_import[0].version > HIGHEST_OPSET:
            continue
        if not all(
            v.type.HasField("tensor_type") for v in (*model.graph.input, *model.graph.output)
        ):
            continue  # sequences and optionals
        sets = []
        for place in sorted(folder.glob("test_data_set_*")):
            read = []
            for kind in ("input", "output"):
                files = sorted(place.glob(f"{kind}_*.pb"), key=lambda p: int(p.stem.split("_")[1]))
                protos = [onnx.TensorProto.FromString(f.read_bytes()) for f in files]
                read.append([numpy_helper.to_array(p) for p in protos])
            sets.append(tuple(read))
        if all(a.dtype.name in HELD for s in sets for group in s for a in group):
            yield nodes[0].op_type, model, sets, test


def run_plain(model: Any, inputs: list[Any]) -> list[Any]:
    """onnx-tf as installed; only right before sigfix's operators are imported."""
    from sigfix.importing.onnx_tf_backend import plain_onnx_tf

    backend = plain_onnx_tf().TensorflowBackend
    return list(backend.prepare(model, logging_level="ERROR").run(inputs))


def run_sigfix(model: Any, inputs: list[Any]) -> list[Any]:
    """sigfix's import; what the test declares as an initial input stays one."""
    from tests.importing.single_node import sigfix_outputs

    # An attribute-like input (axes, sizes) is a constant in every exported model.
    fed = dict(zip((i.name for i in model.graph.input), inputs, strict=True))
    return list(sigfix_outputs(_with_constants(model, fed), fed_only(model, fed)).values())


def _is_parameter(model: Any, name: str) -> bool:
    position = list(model.graph.node[0].input).index(name)
    kind = model.graph.node[0].op_type
    weights = ("Conv", "ConvTranspose", "BatchNormalization", "LSTM", "Gemm")
    return position > 0 and (kind in weights or kind in PARAMETERS or kind.startswith("Reduce"))


PARAMETERS = {
    "Clip", "CumSum", "Expand", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Tile", "Trilu",
    "Unsqueeze", "Upsample",
}  # fmt: skip


def fed_only(model: Any, fed: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in fed.items() if not _is_parameter(model, n)}


def _with_constants(model: Any, fed: dict[str, Any]) -> Any:
    import onnx
    from onnx import numpy_helper

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    left = fed_only(model, fed)
    kept = [i for i in copy.graph.input if i.name in left]
    values = [numpy_helper.from_array(np.asarray(v), n) for n, v in fed.items() if n not in left]
    inputs = [onnx.ValueInfoProto.FromString(i.SerializeToString()) for i in kept]
    del copy.graph.input[:]
    copy.graph.input.extend(inputs)
    copy.graph.initializer.extend(values)
    return copy


def outcome(run: Any, model: Any, sets: list[Any], test: Any) -> str:
    from sigfix.errors import ConversionError

    try:
        for inputs, expected in sets:
            found = run(model, inputs)
            for value, wanted in zip(found, expected, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=test.rtol, atol=max(test.atol, 1e-6))
                if np.shape(value) != wanted.shape:
                    return WRONG
    except AssertionError:
        return WRONG
    except ConversionError:
        return REFUSED
    except Exception:
        return FAILED
    return PASSED


def measure(names: set[str] | None = None) -> dict[str, dict[str, Counter[str]]]:
    """Operator -> {"onnx-tf": outcomes, "sigfix": outcomes}; onnx-tf is measured first."""
    found = list(cases(OPERATOR_NAMES if names is None else names))
    result: dict[str, dict[str, Counter[str]]] = {}
    for column, run in (("onnx-tf", run_plain), ("sigfix", run_sigfix)):
        for operator, model, sets, test in found:
            counts = result.setdefault(operator, {"onnx-tf": Counter(), "sigfix": Counter()})
            counts[column][outcome(run, model, sets, test)] += 1
    return result


def document(result: dict[str, dict[str, Counter[str]]]) -> str:
    from sigfix.version import __version__

    kinds = (PASSED, REFUSED, WRONG, FAILED)
    lines = [
        "# ONNX operators",
        "",
        f"ONNX's backend node tests, by operator: onnx-tf 1.10.0 as installed against sigfix "
        f"{__version__}.",
        "Written by `python -m tests.importing.node_tests`, which says what is counted.",
        "",
        "| operator | tests | onnx-tf passed | sigfix passed | refused | wrong | error |",
        "|---|---|---|---|---|---|---|",
    ]
    totals = {"onnx-tf": Counter[str](), "sigfix": Counter[str]()}
    for operator in sorted(result):
        both = result[operator]
        totals["onnx-tf"] += both["onnx-tf"]
        totals["sigfix"] += both["sigfix"]
        own = " | ".join(str(both["sigfix"][k]) for k in kinds)
        tests = sum(both["sigfix"].values())
        lines.append(f"| {operator} | {tests} | {both['onnx-tf'][PASSED]} | {own} |")
    own = " | ".join(str(totals["sigfix"][k]) for k in kinds)
    tests = sum(totals["sigfix"].values())
    lines.append(f"| all | {tests} | {totals['onnx-tf'][PASSED]} | {own} |")
    return "\n".join([*lines, ""])


# Listed, not taken from the registry: reading that would register them before onnx-tf is measured.
OPERATOR_NAMES = {
    "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil",
    "Clip", "Concat", "ConstantOfShape", "Conv", "ConvTranspose", "CumSum", "Div", "Equal", "Erf",
    "Exp", "Expand", "Flatten", "Floor", "Gather", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
    "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "LSTM",
    "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "MatMul",
    "MaxPool", "Mul", "Neg", "Not", "Or", "Pow", "Range", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
    "ReduceSumSquare", "Relu", "Reshape", "Resize", "ScatterND", "Shape", "Sigmoid", "Slice",
    "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Tanh", "Tile", "Transpose", "Trilu",
    "Unsqueeze", "Upsample", "Where", "Xor",
}  # fmt: skip


if __name__ == "__main__":
    DOCUMENT.write_text(document(measure()), "utf-8")
    print(f"wrote {DOCUMENT.name}")
