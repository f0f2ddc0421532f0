"""Random forms of operators through sigfix's import and ONNX Runtime, in a process of its own.

    python -m tests.importing.form_checks COUNT KIND...

TensorFlow reads TF_ENABLE_ONEDNN_OPTS once, when it is imported, and computes with other kernels
then. Printed is JSON: kind -> how many forms were compared, and what was wrong with the others.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from sigfix.errors import SigfixError
from tests.importing.random_forms import forms
from tests.importing.single_node import Case, inputs_of, model_of, onnx_runtime_outputs
from tests.importing.single_node import sigfix_outputs as imported_outputs


def fault_of(case: Case) -> str | None:
    """What is wrong with an imported form: '' for nothing, None where it cannot be compared."""
    model, inputs = model_of(case), inputs_of(case)
    try:
        expected = onnx_runtime_outputs(model, inputs)
    except Exception:  # a form that ONNX Runtime lacks
        return None
    try:
        found = imported_outputs(model, inputs)
        for name, value in expected.items():
            assert found[name].shape == value.shape
            assert found[name].dtype == value.dtype
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)
    except SigfixError:
        return None
    except Exception as error:  # whatever TensorFlow raises is a fault
        return f"{type(error).__name__}: {str(error).strip()[:200]}"
    return ""


def check(kind: str, count: int) -> dict[str, Any]:
    compared, faults = 0, []
    for case in forms(kind, count):
        fault = fault_of(case)
        compared += fault == ""
        if fault:
            faults.append(f"{case}: {fault}")
    return {"compared": compared, "faults": faults}


if __name__ == "__main__":
    count, *kinds = sys.argv[1:]
    print(json.dumps({kind: check(kind, int(count)) for kind in kinds}))
