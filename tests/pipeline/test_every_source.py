"""Every kind of source: repaired once it is healthy, and TensorFlow's loaders see the signature."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.choices import NewSignature
from sigfix.reading import read
from tests.loaders import fingerprint, run_both
from tests.saved_models import SAVERS

UNCOMPARED = RepairOptions(verify=False)

CHOICES = {
    "two_functions": Choices(function="decode"),
    "dict_like": Choices(function="__call__"),
    "several_signatures": Choices(from_key=("double",)),
    "tf1_dropout": Choices(outputs=(("scores", "probabilities:0"),), bind=(("keep_prob", 1.0),)),
    "tf1_heads": Choices(from_key=("scores", "classes")),
    "estimator": Choices(signatures=(NewSignature("serving_default", None, ("predict",)),)),
}
"""What the models need that do not say enough themselves."""

LEFT_OUT = {
    "unlike_traces": "ambiguous",
    "never_called": "nothing to call",
    "same_input_twice": "the loader of TensorFlow 2 refuses it",
    "keras_file": "several files",
    "onnx_file": "imported, not edited",
}
SOURCES = sorted(set(SAVERS) - set(LEFT_OUT))


@pytest.mark.parametrize("name", SOURCES)
def test_once_repaired_it_is_healthy_for_sigfix_and_both_loaders(saved, tmp_path, name):
    import tensorflow as tf

    choices = CHOICES.get(name, Choices())
    first = repair(saved(name), tmp_path / "first", choices, UNCOMPARED).output
    again = repair(first, tmp_path / "second", None, UNCOMPARED)
    assert again.plan.verdict == "healthy"
    one, other = (path / "saved_model.pb" for path in (first, again.output))
    assert one.read_bytes() == other.read_bytes()
    (tags,) = {item.tags for item in read(first).meta_graphs if "gpu" not in item.tags} - {
        ("train",)
    }
    seen = tf.saved_model.load(str(first), tags=list(tags)).signatures["serving_default"]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.loader.load(session, list(tags), str(first))
    definition = loaded.signature_def["serving_default"]
    assert set(seen.structured_outputs) == set(definition.outputs)


@pytest.mark.parametrize("name", ["wrapper", "tf1", "image", "several_signatures"])
def test_the_same_repair_gives_the_same_bytes(saved, tmp_path, name):
    choices = CHOICES.get(name, Choices())
    one, other = (repair(saved(name), tmp_path / out, choices, UNCOMPARED).output for out in "ab")
    assert (one / "saved_model.pb").read_bytes() == (other / "saved_model.pb").read_bytes()


def test_asking_again_for_what_is_there_changes_nothing(saved, tmp_path):
    """A signature that would be built as it is already is left alone."""
    choices = Choices(rename=(("x", "features"),), layout=None)
    out = repair(saved("tf1"), tmp_path / "out", choices, UNCOMPARED).output
    found = plan(out, Choices(outputs=(("logits", "logits"),)))
    assert found.verdict == "healthy"
    third = repair(out, tmp_path / "third", Choices(rename=(("features", "x"),)), UNCOMPARED)
    x = np.ones((1, 4), "f")
    before, after = run_both(out, {"features": x}), run_both(third.output, {"x": x})
    np.testing.assert_array_equal(before["logits"], after["logits"])


def test_healthy_changes_nothing(saved, tmp_path):
    source = saved("healthy")
    result = repair(source)
    assert (result.plan.verdict, result.output) == ("healthy", None)
    assert not source.with_name("healthy_repaired").exists()
    out = repair(source, tmp_path / "copy").output
    before, after = fingerprint(source), fingerprint(out)
    assert set(after) == set(before) - {"fingerprint.pb"}
    assert run_both(out, {"x": np.float32([[1, 1]])})["y"] == 3


@pytest.mark.parametrize("name", ["wrapper", "several_signatures", "tf1_heads", "hub"])
def test_nothing_is_hard_linked(saved, tmp_path, name):
    out = repair(saved(name), tmp_path / "out", CHOICES.get(name), UNCOMPARED).output
    for path in out.rglob("*"):
        assert path.is_dir() or path.stat().st_nlink == 1
