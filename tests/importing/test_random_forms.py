"""Random forms of operators compute what ONNX Runtime computes, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import SigfixError
from tests.importing.random_forms import GENERATORS, forms
from tests.importing.single_node import (
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
)

require_packages()

COUNT = 6
WIDER = {"resize": 12}  # more ways than any other, and some are refused or unknown to ONNX Runtime


@pytest.mark.parametrize("kind", GENERATORS)
def test_equals_onnx_runtime(kind: str) -> None:
    compared = 0
    for case in forms(kind, WIDER.get(kind, COUNT)):
        model, inputs = model_of(case), inputs_of(case)
        try:
            expected = onnx_runtime_outputs(model, inputs)
            found = sigfix_outputs(model, inputs)
        except SigfixError:
            continue
        except Exception as error:  # forms that ONNX Runtime lacks
            if type(error).__module__.startswith("onnxruntime"):
                continue
            raise
        compared += 1
        for name, value in expected.items():
            assert found[name].shape == value.shape, case
            assert found[name].dtype == value.dtype, case
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5, err_msg=str(case))
    assert compared, "no form was compared"
