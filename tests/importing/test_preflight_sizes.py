"""What is refused before TensorFlow is imported is what the operators refuse, and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.random_forms import GENERATORS, forms
from tests.importing.single_node import Case, Fed, model_of, require_packages

require_packages()

import onnx  # noqa: E402

from sigfix.importing.onnx_to_graph import trace_onnx  # noqa: E402
from sigfix.importing.preflight import refusals  # noqa: E402
from sigfix.importing.preflight_sizes import CONSTANTS, SIZE_FORMS, size_refusals  # noqa: E402

COUNT = 2
IMAGE, VOLUME = Fed((2, 4, 6, 6)), Fed((2, 4, 6, 6, 6))
BYTES = Fed(IMAGE.shape, "uint8", 0, 9)
STEP = (np.array(0.5, np.float32), np.array(1, np.uint8))
BOXES, SCORES = Fed((1, 5, 4), dynamic=False), Fed((1, 2, 5), dynamic=False)


def _kernel(*shape: int) -> np.ndarray[Any, Any]:
    return np.ones(shape, np.float32)


# One case for each row of the table, which is refused with its sizes open.
OPENED: tuple[Case, ...] = (
    Case("Conv", (VOLUME, _kernel(3, 4, 2, 2, 2))),
    Case("ConvTranspose", (IMAGE, _kernel(4, 3, 2, 2)), {"output_shape": [7, 7]}),
    Case("Resize", (IMAGE, None, np.array([1, 1, 0.5, 0.5], np.float32)),
         {"mode": "linear", "antialias": 1}, 18),
    Case("NonMaxSuppression", (BOXES, SCORES)),
    Case("GatherND", (IMAGE, Fed((2, 1), "int64", 0, 1))),
    Case("DepthToSpace", (IMAGE,), {"blocksize": 2}),
    Case("DFT", (Fed((2, 6, 1)),)),
    Case("STFT", (Fed((2, 12, 1)), np.array(2), _kernel(4))),
    Case("Det", (Fed((2, 3, 3)),), {}, 11),
    Case("Col2Im", (Fed((2, 12, 4)), np.array([3, 3]), np.array([2, 2])), {}, 18),
    Case("MaxUnpool", (
        Fed((1, 1, 2, 2), dynamic=False), np.array([[[[0, 3], [8, 11]]]]), np.array([1, 1, 4, 4]),
    ), {"kernel_shape": [2, 2], "strides": [2, 2]}, 11),
    Case("EyeLike", (Fed((3, 4), dynamic=False),)),
    Case("Hardmax", (Fed((3, 4)),)),
    Case("Squeeze", (Fed((2, 1, 3)),)),
    Case("GroupNormalization", (IMAGE, _kernel(4), _kernel(4)), {"num_groups": 2}, 21),
)  # fmt: skip


def opened(case: Case, axes: tuple[int, ...] | None = None) -> onnx.ModelProto:
    """The case with every axis of its inputs dynamic, or those alone."""
    model = model_of(case)
    for value in model.graph.input:
        dims = value.type.tensor_type.shape.dim
        for axis, dim in enumerate(dims):
            if axes is None or axis in axes:
                dim.dim_param = f"{value.name}_{axis}"
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    return model


def early(model: onnx.ModelProto) -> str:
    """What is refused before TensorFlow is imported; '' for nothing."""
    found = [str(refusal) for refusal in refusals(model)]
    found += [reason for _, reason, _ in size_refusals(model, model.graph.node)]
    return "; ".join(found)


def late(model: onnx.ModelProto) -> str:
    """What is refused while the graph is traced; '' for nothing."""
    try:
        trace_onnx(model)
    except ConversionError as error:
        return error.message
    return ""


def test_each_row_of_the_table_has_a_case() -> None:
    reasons = {early(opened(case)) for case in OPENED}
    assert reasons == {form.reason for form in SIZE_FORMS}


@pytest.mark.parametrize("case", OPENED, ids=str)
def test_sizes_are_refused_early_and_late_or_not_at_all(case: Case) -> None:
    reason = early(opened(case))
    assert reason and reason in late(opened(case))
    assert early(model_of(case)) == "" == late(model_of(case))


def _constant_cases() -> list[tuple[Case, int]]:
    """For each input that has to be a constant a case where it is fed instead."""
    recurrent = {"LSTM": 4, "GRU": 3, "RNN": 1}
    x, axis = Fed((2, 3, 4), dynamic=False), np.array([1], np.int64)
    steps = Fed((5, 2, 3), dynamic=False)
    whole: dict[str, Case] = {
        "Conv": Case("Conv", (IMAGE, _kernel(3, 4, 2, 2), _kernel(3))),
        "ConvTranspose": Case("ConvTranspose", (IMAGE, _kernel(4, 3, 2, 2), _kernel(3))),
        "ConvInteger": Case("ConvInteger", (BYTES, _kernel(3, 4, 2, 2).astype(np.uint8))),
        "QLinearConv": Case("QLinearConv", (
            BYTES, *STEP, _kernel(3, 4, 2, 2).astype(np.uint8), *STEP, *STEP,
            _kernel(3).astype(np.int32),
        )),
        "OneHot": Case("OneHot", (Fed((2,), "int64"), axis + 4, np.array([0, 1], np.float32))),
        "Compress": Case("Compress", (x, np.array([True, False])), {"axis": 0}),
        "CumSum": Case("CumSum", (x, np.array(1, np.int64))),
        "Col2Im": Case("Col2Im", (Fed((2, 12, 4)), np.array([3, 3]), np.array([2, 2])), {}, 18),
        "MaxUnpool": Case("MaxUnpool", (
            Fed((1, 1, 2, 2), dynamic=False), np.array([[[[0, 3], [8, 11]]]]),
            np.array([1, 1, 4, 4]),
        ), {"kernel_shape": [2, 2], "strides": [2, 2]}, 11),
        "DFT": Case("DFT", (Fed((2, 6, 1), dynamic=False), np.array(6), np.array(1)), {}, 20),
        "STFT": Case("STFT", (
            Fed((2, 12, 1), dynamic=False), np.array(2), _kernel(4), np.array(4),
        )),
        "Pad": Case("Pad", (x, np.array([1, 1]), None, axis), {}, 18),
        "Slice": Case("Slice", (x, axis, axis + 1, axis, axis)),
        "Split": Case("Split", (x, np.array([1, 2])), {"axis": 1}, outputs=2),
        "Squeeze": Case("Squeeze", (Fed((2, 1, 3)), axis)),
        "Unsqueeze": Case("Unsqueeze", (x, axis)),
        "Trilu": Case("Trilu", (x, np.array(0, np.int64))),
        **{
            name: Case(name, (
                steps, _kernel(1, 4 * gates, 3), _kernel(1, 4 * gates, 4), _kernel(1, 8 * gates),
                *([None] * 3 + [_kernel(1, 12)] if name == "LSTM" else []),
            ), {"hidden_size": 4})
            for name, gates in recurrent.items()
        },
        **{n: Case(n, (x, axis), {}, 18) for n in CONSTANTS if n.startswith("Reduce")},
    }  # fmt: skip
    return [(whole[name], place) for name in CONSTANTS for place in CONSTANTS[name]]


@pytest.mark.parametrize(
    ("case", "place"), _constant_cases(), ids=lambda v: v.operator if isinstance(v, Case) else v
)
def test_an_input_that_has_to_be_a_constant_is_refused_early_and_late(
    case: Case, place: int
) -> None:
    assert early(model_of(case)) == "" == late(model_of(case))
    value = case.inputs[place]
    fed = Fed(value.shape, str(value.dtype), 1, 1, dynamic=False)
    inputs = (*case.inputs[:place], fed, *case.inputs[place + 1 :])
    model = model_of(Case(case.operator, inputs, case.attributes, case.opset, case.outputs))
    reason = early(model)
    assert CONSTANTS[case.operator][place] in reason and reason in late(model)


@pytest.mark.parametrize("kind", GENERATORS)
@pytest.mark.parametrize("axes", [None, (2,), (3,)])
def test_random_forms_with_open_sizes_are_refused_early_and_late_or_not_at_all(
    kind: str, axes: tuple[int, ...] | None
) -> None:
    for case in forms(kind, COUNT):
        model = opened(case, axes)
        said, found = early(model), late(model)
        assert bool(said) == bool(found), f"{case}: early {said!r}, late {found!r}"
