"""LSTM, GRU and RNN against ONNX Runtime, in every direction, and what is refused of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import (
    Case,
    Fed,
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
    traced,
)

require_packages()

import tensorflow as tf  # noqa: E402
from onnx import helper  # noqa: E402

from sigfix.importing.onnx_opening import fix_sizes  # noqa: E402
from sigfix.importing.onnx_to_graph import trace_onnx  # noqa: E402

STEPS, BATCH, SIZE, HIDDEN = 5, 2, 3, 4
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
DIRECTIONS = ("forward", "reverse", "bidirectional")


def _random(seed: int, *shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(scale=0.5, size=shape).astype(np.float32)


def recurrent(
    operator: str,
    direction: str = "forward",
    bias: bool = True,
    initial: bool = False,
    lengths: tuple[int, ...] | None = None,
    **attributes: Any,
) -> Case:
    """A node with random weights; `initial` feeds its first states, else they are zero."""
    count, rows = (2 if direction == "bidirectional" else 1), GATES[operator] * HIDDEN
    states = 2 if operator == "LSTM" else 1
    state = Fed((count, BATCH, HIDDEN), lowest=-1, highest=1, dynamic=False)
    inputs = (
        Fed((STEPS, BATCH, SIZE), dynamic=False),
        _random(1, count, rows, SIZE),
        _random(2, count, rows, HIDDEN),
        _random(3, count, 2 * rows) if bias else None,
        None if lengths is None else np.array(lengths, np.int32),
        *([state] * states if initial else []),
    )
    known = {"hidden_size": HIDDEN, "direction": direction, **attributes}
    return Case(operator, inputs, known, outputs=1 + states)


def _activations(*names: str, direction: str) -> dict[str, Any]:
    return {"activations": list(names) * (2 if direction == "bidirectional" else 1)}


CASES = [
    *(recurrent(name, direction) for name in GATES for direction in DIRECTIONS),
    *(recurrent(name, d, initial=True) for name in GATES for d in DIRECTIONS),
    *(recurrent(name, "bidirectional", bias=False) for name in GATES),
    *(
        recurrent("GRU", d, bias, initial, linear_before_reset=1)
        for d in DIRECTIONS
        for bias in (True, False)
        for initial in (True, False)
    ),
    *(recurrent(name, lengths=(STEPS, STEPS)) for name in GATES),
    *(recurrent("RNN", d, **_activations("Relu", direction=d)) for d in DIRECTIONS),
    recurrent("RNN", "bidirectional", activations=["Tanh", "Tanh"]),
    recurrent("GRU", activations=["Sigmoid", "Relu"]),
    recurrent("GRU", linear_before_reset=1, activations=["tanh", "relu"]),
    recurrent("LSTM", activations=["Sigmoid", "Relu", "Tanh"]),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_onnx_runtime(case: Case) -> None:
    model, inputs = model_of(case), inputs_of(case)
    expected, found = onnx_runtime_outputs(model, inputs), sigfix_outputs(model, inputs)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape
        np.testing.assert_allclose(found[name], value, rtol=2e-5, atol=2e-6)


def of_lengths(model: Any, name: str = "x4") -> Any:
    """The same with the lengths as an input of the graph."""
    (given,) = (each for each in model.graph.initializer if each.name == name)
    model.graph.initializer.remove(given)
    model.graph.input.append(helper.make_tensor_value_info(name, given.data_type, ["sequences"]))
    return model


@pytest.mark.parametrize("fed", [True, False], ids=["fed", "fixed"])
@pytest.mark.parametrize("initial", [True, False], ids=["initial", "zero"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("operator", GATES)
def test_sequences_of_different_lengths(
    operator: str, direction: str, initial: bool, fed: bool
) -> None:
    case = recurrent(operator, direction, initial=initial, lengths=(STEPS, 2))
    model, inputs = model_of(case), inputs_of(case)
    several = [(STEPS, 2)] if not fed else [(STEPS, 2), (1, STEPS - 1), (0, 3)]
    model = of_lengths(model) if fed else model
    for lengths in several:
        given = {**inputs, **({"x4": np.array(lengths, np.int32)} if fed else {})}
        expected, found = onnx_runtime_outputs(model, given), sigfix_outputs(model, given)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("operator", GATES)
def test_lengths_of_a_dynamic_number_of_steps(operator: str) -> None:
    model = of_lengths(model_of(recurrent(operator, "bidirectional", lengths=(STEPS, 2))))
    for axis, called in enumerate(("steps", "batch")):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = called
    for steps, lengths in ((4, (4, 1, 3)), (6, (2, 5))):
        inputs = {
            "x0": _random(steps, steps, len(lengths), SIZE),
            "x4": np.array(lengths, np.int32),
        }
        fed = {name: tf.constant(value) for name, value in inputs.items()}
        found = traced(model)(**fed)
        for name, value in onnx_runtime_outputs(model, inputs).items():
            np.testing.assert_allclose(found[name].numpy(), value, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("operator", GATES)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_batch_first(operator: str, direction: str) -> None:
    """ONNX Runtime has no `layout` 1, so it runs `layout` 0 with the axes turned."""
    case = recurrent(operator, direction, initial=True)
    model, inputs = model_of(case), inputs_of(case)
    expected = onnx_runtime_outputs(model, inputs)
    swapped = {n: np.swapaxes(v, 0, 1) for n, v in inputs.items()}
    fed = iter(Fed(v.shape, dynamic=False) for v in swapped.values())
    first = Case(
        operator,
        tuple(next(fed) if isinstance(i, Fed) else i for i in case.inputs),
        {**case.attributes, "layout": 1},
        outputs=case.outputs,
    )
    found = sigfix_outputs(model_of(first), swapped)
    sequence = np.transpose(expected.pop("y0"), (2, 0, 1, 3))
    np.testing.assert_allclose(found["y0"], sequence, rtol=2e-5, atol=2e-6)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], np.swapaxes(value, 0, 1), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("operator", ["GRU", "RNN"])
def test_the_batch_may_be_dynamic(operator: str) -> None:
    case = recurrent(operator, "bidirectional")
    model = model_of(case)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "batch"
    for batch in (1, 3):
        inputs = {"x0": _random(batch, STEPS, batch, SIZE)}
        expected, found = onnx_runtime_outputs(model, inputs), sigfix_outputs(model, inputs)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        *((recurrent(name, clip=1.0), "clipping") for name in GATES),
        (recurrent("LSTM", input_forget=1), "coupled gates"),
        (recurrent("GRU", activations=["HardSigmoid", "Tanh"]), "activations other than"),
        (
            recurrent("RNN", "bidirectional", activations=["Relu", "Tanh"]),
            "different activations",
        ),
    ],
    ids=str,
)
def test_other_forms_are_refused_by_name(case: Case, words: str) -> None:
    with pytest.raises(ConversionError, match=f"{case.operator}.*{words}"):
        traced(model_of(case))


@pytest.mark.parametrize("operator", GATES)
def test_a_dynamic_number_of_steps_becomes_a_loop(operator: str) -> None:
    model = model_of(recurrent(operator))
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "steps"
    kinds = {node.op for node in trace_onnx(model, flat=True).graph.node}
    assert {"Enter", "TensorListStack"} <= kinds
    fix_sizes(model, {"x0": [STEPS, BATCH, SIZE]})
    assert "Enter" not in {node.op for node in trace_onnx(model, flat=True).graph.node}


def test_the_activations_that_pass_the_check_are_those_there_are() -> None:
    from sigfix.importing.operators.unrolling import ACTIVATIONS
    from sigfix.importing.refusal_reasons import RECURRENT_ACTIVATIONS

    assert {name.encode() for name in ACTIVATIONS} == RECURRENT_ACTIVATIONS
