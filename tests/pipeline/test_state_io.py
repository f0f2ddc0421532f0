"""`convert --state io`: offered where it works, compared over several calls, said in the card."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from sigfix.cli.main import main
from sigfix.errors import ParityError, UsageError
from sigfix.exporting import state_threading
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepared import STRINGS, SourceChoice
from sigfix.reading import read_any
from sigfix.verifying.runners import tfjs
from tests.exporting import test_state as models
from tests.exporting.test_state_threading import LIFTED
from tests.keras_zoo.recurrent import FEATURES, STATEFUL

pytestmark = pytest.mark.usefixtures("node_packages")
KEEPING = ConvertOptions(SourceChoice(states=True))


def exit_code(*arguments):
    with pytest.raises(SystemExit) as caught:
        main([str(item) for item in arguments])
    return caught.value.code


def test_the_printed_command_makes_the_state_an_input_and_an_output(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = STATEFUL["lstm_stateful"](keras)
    model.save("talker.keras")
    assert exit_code("convert", "talker.keras", "--tfjs") == 1
    said = capsys.readouterr().err
    (line,) = (line for line in said.splitlines() if "--state io" in line)
    command = line.partition("sigfix ")[2].partition("#")[0]
    assert exit_code(*shlex.split(command)) == 0
    told = capsys.readouterr()
    assert "memory_rnn_state_next of the call before, at first with 0 everywhere" in told.err
    assert "compared over 4 calls, each with the state of the one before" in told.out
    card = json.loads((tmp_path / "talker_tfjs" / "model.json").read_text("utf-8"))
    fed = card["userDefinedMetadata"]["sigfix"]["state"]
    assert [item["next"] for item in fed.values()] == [f"{key}_next" for key in fed]
    assert len(fed) == 2
    held = {key: np.full((1, 6), item["start"], np.float32) for key, item in fed.items()}
    random = np.random.default_rng(4)
    for _ in range(3):
        x = random.standard_normal((1, 1, FEATURES)).astype(np.float32)
        names = ["y", *(item["next"] for item in fed.values())]
        (found,) = tfjs.run(tmp_path / "talker_tfjs", [{"x": x, **held}], names, "cpu").outputs
        np.testing.assert_allclose(found["y"], model(x), atol=1e-5)
        held = {key: found[item["next"]] for key, item in fed.items()}


def added_at_the_end(module, x):
    y = x * module.calls
    module.calls.assign_add(1.0)
    return y


@pytest.mark.matrix
def test_a_wrong_state_is_seen_behind_the_first_step(tmp_path, monkeypatch):
    path = models.saved(added_at_the_end, tmp_path / "m")
    convert(path, tmp_path / "right", KEEPING)
    monkeypatch.setitem(state_threading.STEPS, "AssignAddVariableOp", "Sub")
    with pytest.raises(ParityError, match="at batch 1: calls_next: off by"):
        convert(path, tmp_path / "wrong", KEEPING)


def seen_late(module, x):
    """What is counted shows in no output of the calls that are compared."""
    module.calls.assign_add(1.0)
    return tf.cond(module.calls > 100.0, lambda: x * 0.0, lambda: x)


def test_a_state_that_no_compared_output_shows_is_compared(tmp_path, monkeypatch):
    path = models.saved(seen_late, tmp_path / "m")
    result = convert(path, tmp_path / "right", KEEPING)
    assert [{o.name for o in c.parity.outputs} for c in result.comparisons] == (
        [{"y", "calls_next"}] * 4
    )
    monkeypatch.setitem(state_threading.STEPS, "AssignAddVariableOp", "Sub")
    with pytest.raises(ParityError, match="calls_next: off by"):
        convert(path, tmp_path / "wrong", KEEPING)


WEIGHTS = np.random.default_rng(1).standard_normal((2, 3, 128)).astype(np.float32) / 10


def weighed_in_a_loop(module, x):
    for _ in tf.range(3):
        if tf.reduce_sum(x) > 0.0:
            module.calls.assign_add(0.5)
        x = tf.tanh(x @ WEIGHTS[0] @ WEIGHTS[1].T * module.calls) + 0.1
    return x


@pytest.mark.matrix
def test_a_quantised_model_with_a_state_in_a_loop_is_compared_over_the_steps(tmp_path):
    path = models.saved(weighed_in_a_loop, tmp_path / "m")
    result = convert(path, tmp_path / "web", replace(KEEPING, quantize="uint8"))
    stages = {(c.reference, c.result) for c in result.comparisons}
    assert {("the dequantised graph", "TensorFlow.js")} < stages and len(stages) == 2
    assert len([c for c in result.comparisons if c.result == "TensorFlow.js"]) == 4
    stored = next(c for c in result.comparisons if c.result == "TensorFlow.js")
    assert {output.name for output in stored.parity.outputs} == {"y", "calls_next"}
    assert all(c.parity.ok for c in result.comparisons)
    lost = [output.relative for c in result.losses for output in c.parity.outputs]
    assert len(lost) == 4 and 0.0 < max(lost) < 0.1
    assert any("compared over 4 calls" in line for line in result.measured)
    with pytest.raises(ParityError, match="Quantising the weights changes too much"):
        convert(path, tmp_path / "less", replace(KEEPING, quantize="uint8", max_loss=1e-6))


@pytest.mark.matrix
@pytest.mark.parametrize("quantize", ["uint8", "float16"])
def test_a_wrong_state_shows_in_a_quantised_model(quantize, tmp_path, monkeypatch):
    path = models.saved(weighed_in_a_loop, tmp_path / "m")
    monkeypatch.setitem(state_threading.STEPS, "AssignAddVariableOp", "Sub")
    with pytest.raises(ParityError, match="the optimised graph differs from SavedModel"):
        convert(path, tmp_path / "wrong", replace(KEEPING, quantize=quantize))


@pytest.mark.matrix
def test_the_type_is_chosen_by_what_it_loses_over_the_steps(tmp_path):
    path = models.saved(weighed_in_a_loop, tmp_path / "m")
    np.savez(tmp_path / "in.npz", x=np.array([[1.0, -0.5, 0.25]], np.float32))
    options = replace(KEEPING, quantize="auto", samples=tmp_path / "in.npz")
    result = convert(path, tmp_path / "web", options)
    assert (result.trials[0].dtype, result.trials[0].count) == ("uint8", 4)
    assert result.trials[-1].accepted and result.quantize == result.trials[-1].dtype
    lost = [output.relative for c in result.losses for output in c.parity.outputs]
    assert max(lost) < 0.05


@pytest.mark.matrix
@pytest.mark.parametrize("body", LIFTED, ids=lambda body: body.__name__)
def test_states_in_loops_and_branches(body, tmp_path):
    path = models.saved(body, tmp_path / "m")
    result = convert(path, tmp_path / "web", KEEPING)
    assert len(result.comparisons) == 4 and all(c.parity.ok for c in result.comparisons)


@pytest.mark.matrix
def test_what_the_card_says_is_no_card_of_a_preset(tmp_path):
    path = models.saved(models.after_it_was_read, tmp_path / "m")
    result = convert(path, tmp_path / "web", KEEPING)
    assert any("at first with 1." in note for note in result.notes)
    assert read_any(tmp_path / "web").card is None
    written = json.loads((tmp_path / "web" / "model.json").read_text("utf-8"))
    assert written["userDefinedMetadata"]["sigfix"] == {
        "state": {"calls": {"next": "calls_next", "start": 1.0}}
    }


@pytest.mark.parametrize(
    ("more", "named"),
    [({"bisect": True}, "--bisect-passes"),
     ({"choice": SourceChoice(states=True, cut=STRINGS)}, "--cut-strings")],
    ids=["bisect", "cut"],
)  # fmt: skip
def test_what_is_not_compared_over_steps_is_refused(more, named, tmp_path):
    path = models.saved(models.after_it_was_read, tmp_path / "m")
    with pytest.raises(UsageError, match=f"{named} is not compared over several steps"):
        convert(path, tmp_path / "web", replace(KEEPING, **more))


def a_loop_in_a_branch(module, x):
    def loop():
        steps = tf.cast(tf.reduce_max(x), tf.int32)
        return tf.while_loop(
            lambda i, y: i < steps, lambda i, y: (i + 1, y + 1.0), (tf.constant(0), x)
        )[1]

    return tf.cond(tf.reduce_sum(x) > 3.0, loop, lambda: x - 1.0)


def test_a_loop_in_a_branch_stays_and_the_card_says_how_it_is_called(tmp_path):
    path = models.saved(a_loop_in_a_branch, tmp_path / "m")
    x = {"x": np.array([[1.0, 2.0, 4.0]], np.float32)}
    np.savez(tmp_path / "in.npz", **x)
    result = convert(path, tmp_path / "web", ConvertOptions(inputs=tmp_path / "in.npz"))
    written = json.loads((tmp_path / "web" / "model.json").read_text("utf-8"))
    said = written["userDefinedMetadata"]["sigfix"]["call"]
    assert said == {"function": "executeAsync", "loops": 1}
    assert result.mode == "executeAsync"
    assert any("1 loop left in the graph" in note for note in result.notes)
    for factor in (1.0, -1.0):
        fed = {"x": x["x"] * np.float32(factor)}
        found = tfjs.run(tmp_path / "web", [fed], ["y"], "cpu").outputs[0]["y"]
        expected = models.Counting(a_loop_in_a_branch).serve(fed["x"])["y"]
        np.testing.assert_allclose(found, expected, atol=1e-6)
