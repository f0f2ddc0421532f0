"""`.keras` and `.h5` files become SavedModels; Keras' own predictions are the reference."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import BlockedError, UsageError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.parsing import parse_append
from tests.loaders import fingerprint, run_both

UNCOMPARED = RepairOptions(verify=False)
X = np.arange(8, dtype="float32").reshape(2, 4)


def test_compared_with_keras_and_changed(saved, tmp_path):
    source = saved("keras_file") / "model.keras"
    before = fingerprint(source.parent)
    choices = Choices(append=(parse_append("top=argmax(dense)"),))
    name = plan(source).edits[0].inputs[0].partition(":")[0]
    try:
        result = repair(source, tmp_path / "out", choices)
    except BlockedError as error:  # the layer's number depends on what was built before
        choices = Choices(append=(parse_append(f"top=argmax({error.hint.split()[-1]})"),))
        result = repair(source, tmp_path / "out", choices)
    assert [item.verdict for item in result.parity] == ["same", "same"]
    got = run_both(tmp_path / "out", {name: X})
    scores = next(value for key, value in got.items() if key != "top")
    np.testing.assert_array_equal(got["top"], scores.argmax(-1))
    assert fingerprint(source.parent) == before


@pytest.mark.parametrize("name", ["model.h5", "keras2.h5"])
def test_old_files(saved, tmp_path, name):
    import keras
    import tf_keras

    source = saved("keras_file") / name
    repair(source, tmp_path / "out", None, UNCOMPARED)
    library = tf_keras if name == "keras2.h5" else keras
    expected = library.models.load_model(source, compile=False).predict(X, verbose=0)
    fed = plan(source).edits[0].inputs[0].partition(":")[0]
    (got,) = run_both(tmp_path / "out", {fed: X}).values()
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_several_inputs_and_outputs_keep_their_layers_names(saved, tmp_path):
    import keras

    source = saved("keras_file") / "two.keras"
    repair(source, tmp_path / "out", None, UNCOMPARED)
    fed = {"left": X[:, :2], "right": X[:, 1:]}
    got = run_both(tmp_path / "out", fed)
    b, a = keras.models.load_model(source).predict([fed["right"], fed["left"]], verbose=0)
    np.testing.assert_allclose(got["a"], a, rtol=1e-6)
    np.testing.assert_allclose(got["b"], b, rtol=1e-6)


def test_code_in_the_file_needs_trust(saved, tmp_path):
    source = saved("keras_file") / "lambda.keras"
    with pytest.raises(BlockedError, match="Lambda"):
        repair(source, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    result = repair(source, tmp_path / "out", None, RepairOptions(trust=True))
    assert result.parity[0].verdict == "same"


def test_the_plan_names_what_is_lost(saved):
    assert "training configuration" in plan(saved("keras_file") / "model.h5").lost[0]


def test_given_inputs_go_to_inputs_that_are_renamed(saved, tmp_path):
    """`--inputs` names what comes out; without changes that is what Keras' layers are called."""
    source = saved("keras_file") / "two.keras"
    choices = Choices(rename=(("left", "first"), ("right", "second")))
    given = {"first": X[:, :2], "second": X[:, 1:]}
    result = repair(source, tmp_path / "out", choices, RepairOptions(inputs=given))
    assert [item.verdict for item in result.parity] == ["same", "same"]
    assert result.parity[-1].inputs == "given"
    with pytest.raises(UsageError, match="takes left, right"):
        repair(source, tmp_path / "no", None, RepairOptions(inputs=given))
    assert not (tmp_path / "no").exists()


def test_a_stored_plan_has_the_changes(saved, tmp_path):
    source = saved("keras_file") / "two.keras"
    stored = plan(source, Choices(rename=(("a", "score"),)))
    stored = read_plan(write_plan(stored), "plan.json")
    repair(source, tmp_path / "out", None, UNCOMPARED, stored)
    got = run_both(tmp_path / "out", {"left": X[:, :2], "right": X[:, 1:]})
    assert set(got) == {"score", "b"}
