"""ONNX's own node tests with other element types, through sigfix's import and ONNX Runtime.

    python -m tests.importing.type_checks OPERATOR...

Every type that the operator's schema admits for its first input: imported with ONNX Runtime's
numbers, or refused by sigfix. Printed is JSON: operator -> {"compared", "refused", "faults"}.
"""

from __future__ import annotations

import itertools
import json
import sys
import warnings
from typing import Any

import numpy as np

from sigfix.errors import SigfixError
from tests.importing.node_cases import NodeCase, cases, constants_of, with_constants

MOST = 2  # cases of one operator
TOLERANCE = {"float16": 4e-3, "bfloat16": 2e-2, "float32": 1e-4, "float64": 1e-4}
OF_WAVES = {"DFT", "STFT"}
"""Their sums are of terms that take each other away, which ONNX Runtime rounds one by one."""
PLAIN = {"float": "FLOAT", "double": "DOUBLE"}


def admitted(case: NodeCase) -> list[int]:
    """Element types of the first input that the operator's schema admits at the case's opset."""
    import onnx

    schema = onnx.defs.get_schema(case.operator, case.model.opset_import[0].version)
    if not schema.inputs:
        return []
    wanted = schema.inputs[0].type_str
    constraint = next((c for c in schema.type_constraints if c.type_param_str == wanted), None)
    spelled = [wanted] if constraint is None else list(constraint.allowed_type_strs)
    names = [s[len("tensor(") : -1] for s in spelled if s.startswith("tensor(")]
    kinds = [onnx.TensorProto.DataType.Value(PLAIN.get(n, n.upper())) for n in names]
    return sorted(k for k in kinds if k != onnx.TensorProto.STRING)


def retyped(case: NodeCase, kind: int) -> tuple[Any, dict[str, Any]]:
    """The case's model and first inputs with another type wherever the first input's type is."""
    import onnx
    from onnx import helper

    model = onnx.ModelProto.FromString(case.model.SerializeToString())
    schema = onnx.defs.get_schema(case.operator, model.opset_import[0].version)
    same = schema.inputs[0].type_str
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    inputs = dict(case.sets[0][0])
    for place, name in enumerate(model.graph.node[0].input):
        declared = schema.inputs[min(place, len(schema.inputs) - 1)].type_str
        if not name or declared != same:
            continue
        array = inputs[name]
        unsigned = np.dtype(dtype).kind == "u" or "uint" in np.dtype(dtype).name
        inputs[name] = (np.abs(array) if unsigned and array.dtype != bool else array).astype(dtype)
        value = next(v for v in model.graph.input if v.name == name)
        value.type.tensor_type.elem_type = kind
    outputs = [helper.make_empty_tensor_value_info(o.name) for o in model.graph.output]
    del model.graph.output[:]
    model.graph.output.extend(outputs)
    constants = {n: v for n, v in inputs.items() if n in constants_of(case)}
    fed = {n: v for n, v in inputs.items() if n not in constants}
    inferred = onnx.shape_inference.infer_shapes(with_constants(model, constants))
    return inferred, fed


def outcome(case: NodeCase, kind: int) -> str:
    """`compared`, `refused`, `unknown` (ONNX itself or ONNX Runtime cannot), or the fault."""
    from tests.importing.single_node import is_own_fault, onnx_runtime_outputs, sigfix_outputs

    try:
        model, fed = retyped(case, kind)
    except Exception:  # the type cannot be written as this case needs it
        return "unknown"
    try:
        expected = onnx_runtime_outputs(model, fed)
    except Exception:  # ONNX Runtime has no kernel: the import may do what it likes but crash
        expected = None
    try:
        found = sigfix_outputs(model, fed)
    except SigfixError as error:
        return str(error) if is_own_fault(error) else "refused"
    except RuntimeError as error:
        if "TensorFlow.js does not run" in str(error):
            return "refused"  # by `convert`, with the operator's name
        return f"{type(error).__name__}: {error}"[:300]
    except Exception as error:  # a fault, whatever it is
        return f"{type(error).__name__}: {error}"[:300]
    if expected is None:
        return "unknown"
    for name, value in expected.items():
        other = found[name]
        if other.dtype != value.dtype or other.shape != value.shape:
            return f"{other.dtype}{other.shape} instead of {value.dtype}{value.shape}"
        rtol = TOLERANCE.get(value.dtype.name, 0)
        left, right = other.astype(np.float64), value.astype(np.float64)
        # The steps of half a float, and of waves, are those of the largest terms, not of their sum.
        largest = np.abs(right, where=np.isfinite(right), out=np.ones_like(right)).max(initial=1)
        is_of_terms = value.dtype.itemsize == 2 or case.operator in OF_WAVES
        atol = rtol * (largest if is_of_terms else 0.25)
        near = np.allclose(left, right, rtol, atol, equal_nan=True)
        if not near:
            return f"{other.reshape(-1)[:6]} instead of {value.reshape(-1)[:6]}"
    return "compared"


def check(operators: set[str]) -> dict[str, Any]:
    import onnx

    found: dict[str, Any] = {}
    every = sorted(cases(operators), key=lambda case: case.operator)
    for operator, group in itertools.groupby(every, lambda case: case.operator):
        counts: dict[str, Any] = {"compared": 0, "refused": 0, "unknown": 0, "faults": []}
        for case in itertools.islice(group, MOST):
            for kind in admitted(case):
                what = outcome(case, kind)
                if what in counts:
                    counts[what] += 1
                else:
                    shown = onnx.TensorProto.DataType.Name(kind)
                    counts["faults"].append(f"{case.name} {shown}: {what}")
        found[operator] = counts
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(check(set(sys.argv[1:]))))
