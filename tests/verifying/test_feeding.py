"""What a callable is fed, and what is expected of a planned signature, by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.planning.edits import (
    AddSignature,
    BoundInput,
    FunctionSource,
    GraphSource,
    InputPlan,
    MergedSource,
    OutputPlan,
)
from sigfix.planning.steps import Activation, Cast, Normalize, Transpose
from sigfix.verifying.feeding import (
    AsTheyAre,
    Renamed,
    ThroughSteps,
    expected_outputs,
    stepped,
)

IMAGE = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 4, 5, 3)


def test_inputs_go_as_they_are_but_for_those_that_the_callable_lacks() -> None:
    fed = {"a": np.ones(1), "b": np.ones(2)}
    assert AsTheyAre()(fed) == fed
    assert list(AsTheyAre(("a",))(fed)) == ["b"]


def test_renamed_inputs_are_turned_to_the_callable_s_layout() -> None:
    feed = Renamed({"image:0": "image", "n": "count"}, {"image:0": (0, 3, 1, 2)})
    fed = feed({"image": IMAGE, "count": np.int64(3), "unused": np.ones(1)})
    assert list(fed) == ["image:0", "n"]
    assert fed["image:0"].shape == (2, 3, 4, 5)
    assert fed["image:0"].flags.c_contiguous
    np.testing.assert_array_equal(fed["image:0"][1, 2], IMAGE[1, :, :, 2])
    with pytest.raises(KeyError):
        feed({"image": IMAGE})


def edit(inputs: list[InputPlan], outputs: list[OutputPlan], **more: object) -> AddSignature:
    return AddSignature("serving_default", GraphSource(), tuple(inputs), tuple(outputs), **more)


@pytest.mark.parametrize("feed", [AsTheyAre(("a",)), Renamed({"x": "y"}, {"x": (1, 0)}),
                                  ThroughSteps(edit([], []), 1)])  # fmt: skip
def test_a_feed_travels_to_another_process(feed: object) -> None:
    assert pickle.loads(pickle.dumps(feed)) == feed


def test_steps_are_applied_in_their_order() -> None:
    steps = (
        Cast("float32"),
        Normalize((1.0, 2.0, 3.0), (2.0, 4.0, 8.0), 0.5),
        Transpose((0, 3, 1, 2)),
    )
    plan = InputPlan("image", "uint8", (None, 4, 5, 3), "x:0", steps=steps)
    image = np.arange(120, dtype=np.uint8).reshape(2, 4, 5, 3)
    fed = ThroughSteps(edit([plan], []))({"image": image})
    assert list(fed) == ["x:0"] and fed["x:0"].dtype == np.float32
    channel = (image[..., 1].astype(np.float32) * 0.5 - 2) / 4
    np.testing.assert_allclose(fed["x:0"][:, 1], channel)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_normalising_keeps_the_dtype(dtype: str) -> None:
    value = stepped(np.ones((1, 2), dtype), Normalize((0.5, 0.25), (0.5, 0.5), 1.0))
    assert value.dtype == dtype
    assert value.tolist() == [[1.0, 1.5]]


def test_activations_are_those_of_the_book() -> None:
    logits = np.array([[0.0, np.log(3.0)], [1000.0, -1000.0]], np.float32)
    sigmoid = stepped(np.float32([0.0, np.log(3.0)]), Activation("sigmoid"))
    np.testing.assert_allclose(sigmoid, [0.5, 0.75], rtol=1e-6)
    softmax = stepped(logits, Activation("softmax"))
    np.testing.assert_allclose(softmax, [[0.25, 0.75], [1, 0]], rtol=1e-6)
    assert softmax.dtype == sigmoid.dtype == np.float32
    assert stepped(logits, Activation("argmax")).tolist() == [1, 0]


def test_expected_outputs_of_the_graph_are_by_name() -> None:
    outputs = [
        OutputPlan("probability", "float32", (None,), "logit:0", steps=(Activation("sigmoid"),)),
        OutputPlan("logit", "float32", (None,), "logit:0"),
    ]
    found = expected_outputs(edit([], outputs), {"logit:0": np.float32([0.0])})
    assert found["probability"].tolist() == [0.5] and found["logit"].tolist() == [0.0]


def heads() -> AddSignature:
    """Two functions: the input feeds the first one's 0 and the second one's 1."""
    functions = (FunctionSource("encode", "f"), FunctionSource("decode", "g"))
    return AddSignature(
        "both",
        MergedSource(functions),
        (InputPlan("x", "float32", (None,), "0:0,1:1"),),
        (
            OutputPlan("encoded", "float32", (None,), "0:0"),
            OutputPlan("decoded", "float32", (None,), "1:0"),
        ),
        bound=(BoundInput("1:0", "bool", (), False), BoundInput("0:1", "string", (None,), "text")),
    )


def test_every_head_is_fed_by_its_own_positions_constants_included() -> None:
    fed = {"x": np.float32([1, 2])}
    one, other = (ThroughSteps(heads(), head)(fed) for head in (0, 1))
    assert sorted(one) == sorted(other) == ["0", "1"]
    assert one["0"].tolist() == other["1"].tolist() == [1, 2]
    assert one["1"].tolist() == [b"text"]
    assert other["0"].dtype == bool and other["0"].tolist() is False


def test_expected_outputs_of_heads_are_not_swapped() -> None:
    found = expected_outputs(heads(), {(0, 0): np.float32([1]), (1, 0): np.float32([2])})
    assert found["encoded"].tolist() == [1] and found["decoded"].tolist() == [2]


def test_an_output_that_the_source_did_not_answer_is_no_answer() -> None:
    with pytest.raises(NotVerifiedError, match="did not answer what decoded is made of"):
        expected_outputs(heads(), {(0, 0): np.float32([1])})
    with pytest.raises(NotVerifiedError, match="did not answer what logit is made of"):
        expected_outputs(edit([], [OutputPlan("logit", "float32", (None,), "logit:0")]), {})
