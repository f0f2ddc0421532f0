"""Random forms of operators compute what ONNX Runtime computes, or are refused.

With TensorFlow's oneDNN off and on: which one is the default depends on the processor.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.importing.random_forms import GENERATORS
from tests.importing.single_node import require_packages

require_packages()

COUNT = 12
HERE = Path(__file__).parents[2]


@functools.cache
def checked(onednn: str) -> dict[str, Any]:
    """What `form_checks.py` finds of every kind in one setting."""
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": onednn, "PYTHONPATH": str(HERE)}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.importing.form_checks", str(COUNT), *GENERATORS],
        capture_output=True, text=True, cwd=HERE, env=environment, timeout=900,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("onednn", ["0", "1"])
def test_equals_onnx_runtime(onednn: str, kind: str) -> None:
    found = checked(onednn)[kind]
    assert found["faults"] == []
    assert found["compared"], "no form was compared"


def test_no_depthwise_kernel_has_unequal_strides() -> None:
    """TensorFlow's own takes none; only oneDNN's does."""
    from tests.importing.random_forms import forms
    from tests.importing.single_node import model_of, traced

    found = 0
    for case in forms("depthwise", COUNT):
        for operation in traced(model_of(case)).graph.get_operations():
            if operation.type == "DepthwiseConv2dNative":
                found += 1
                across, down = operation.get_attr("strides")[1:3]
                assert across == down, case
    assert found


@pytest.mark.parametrize(
    ("strides", "steps", "kept"),
    [
        ((2, 1), (1, 1), (2, 1)),
        ((1, 2), (1, 1), (1, 2)),
        ((2, 4), (2, 2), (1, 2)),
        ((6, 2), (2, 2), (3, 1)),
        ((2, 3), (1, 1), (2, 3)),
        ((2, 2), (2, 2), None),
    ],
)
def test_every_nth_row_and_column_is_kept(strides: Any, steps: Any, kept: Any) -> None:
    """A convolution of the common stride, and a StridedSlice of all of it from 0 on."""
    import numpy as np
    import tensorflow as tf

    from tests.importing.single_node import Case, Fed, model_of, traced

    case = Case(
        "Conv",
        (Fed((1, 4, 9, 12)), np.ones((4, 1, 3, 3), np.float32)),
        {"group": 4, "strides": list(strides), "pads": [1, 1, 1, 1]},
    )
    operations = traced(model_of(case)).graph.get_operations()
    (kernel,) = (o for o in operations if o.type == "DepthwiseConv2dNative")
    assert kernel.get_attr("strides") == [1, *steps, 1]
    assert kernel.get_attr("padding") == b"VALID"
    assert kernel.inputs[0].op.type == "Pad"
    cuts = [o for o in operations if o.type == "StridedSlice"]
    if kept is None:
        assert cuts == []
        return
    (cut,) = cuts
    assert cut.inputs[0].op is kernel
    assert tf.get_static_value(cut.inputs[3]).tolist() == [1, *kept, 1]
    assert (cut.get_attr("begin_mask"), cut.get_attr("end_mask")) == (15, 15)
