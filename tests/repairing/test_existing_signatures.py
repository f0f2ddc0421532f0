"""Signatures that exist: aliased, renamed, removed, changed, merged; what both loaders see."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from sigfix.planning.parsing import parse_append
from sigfix.reading import read
from tests.loaders import run_both, run_v1, run_v2

UNCOMPARED = RepairOptions(verify=False)
X = np.arange(8, dtype="float32").reshape(2, 4)
ROW = np.float32([1, 2, 3])


def _mend(source, target, **choices):
    return repair(source, target, Choices(**choices), UNCOMPARED).output


def test_alias_is_seen_by_both_loaders(saved, tmp_path):
    out = _mend(saved("several_signatures"), tmp_path / "out", from_key=("double",))
    np.testing.assert_array_equal(run_both(out, {"x": ROW})["y"], [2, 4, 6])
    np.testing.assert_array_equal(run_both(out, {"x": ROW}, "double")["y"], [2, 4, 6])
    np.testing.assert_array_equal(run_both(out, {"x": ROW}, "square")["z"], [1, 4, 9])


def test_which_signature_is_asked_and_ranked(saved, tmp_path):
    with pytest.raises(BlockedError, match="2 signatures could be serving_default"):
        _mend(saved("several_signatures"), tmp_path / "out")
    with pytest.raises(BlockedError, match="no signature triple") as caught:
        _mend(saved("several_signatures"), tmp_path / "out", from_key=("triple",))
    assert "double" in caught.value.hint


def test_removed_and_renamed(saved, tmp_path):
    import tensorflow as tf

    out = _mend(
        saved("several_signatures"),
        tmp_path / "out",
        remove=("square",),
        rename_signatures=(("double", "serving_default"),),
    )
    assert list(tf.saved_model.load(str(out)).signatures) == ["serving_default"]
    np.testing.assert_array_equal(run_both(out, {"x": ROW})["y"], [2, 4, 6])
    assert [item.key for item in read(out).meta_graphs[0].user_signatures] == ["serving_default"]


def test_a_signature_that_only_the_v1_loader_knew(saved, tmp_path):
    """Somebody edited the signature map alone; both loaders see it after the repair."""
    import shutil

    import tensorflow as tf

    from sigfix.reading import load_message

    whole = _mend(saved("wrapper"), tmp_path / "whole")
    broken = tmp_path / "broken"
    shutil.copytree(whole, broken)
    message, _ = load_message(broken)
    objects = message.meta_graphs[0].object_graph_def
    holder = next(c.node_id for c in objects.nodes[0].children if c.local_name == "signatures")
    del objects.nodes[holder].children[:]
    (broken / "saved_model.pb").write_bytes(message.SerializeToString())
    assert not tf.saved_model.load(str(broken)).signatures
    result = repair(broken, tmp_path / "out", None, RepairOptions(run=True))
    assert [type(edit).__name__ for edit in result.plan.edits] == ["AttachSignature"]
    assert result.parity[0].verdict == "same"
    got, expected = run_both(tmp_path / "out", {"x": X}), run_v2(whole, {"x": X})
    for name in expected:
        np.testing.assert_array_equal(got[name], expected[name])


def test_arranging_signatures_asks_nothing_more(saved, tmp_path):
    source = saved("several_signatures")
    out = _mend(source, tmp_path / "renamed", rename_signatures=(("double", "twice"),))
    keys = [item.key for item in read(out).meta_graphs[0].user_signatures]
    assert keys == ["square", "twice"]
    out = _mend(
        source,
        tmp_path / "left",
        remove=("square",),
        rename_signatures=(("double", "twice"),),
    )
    np.testing.assert_array_equal(run_both(out, {"x": ROW})["y"], [2, 4, 6])
    np.testing.assert_array_equal(run_both(out, {"x": ROW}, "twice")["y"], [2, 4, 6])
    out = _mend(saved("healthy"), tmp_path / "none", remove=("serving_default",))
    assert read(out).meta_graphs[0].user_signatures == ()


def test_names_clash(saved, tmp_path):
    with pytest.raises(BlockedError, match="square exists already"):
        _mend(
            saved("several_signatures"),
            tmp_path / "out",
            rename_signatures=(("double", "square"),),
        )


def test_metadata_repair_needs_no_tensorflow(saved, tmp_path):
    """With TensorFlow and numpy unimportable the alias is written all the same."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('tensorflow', 'numpy', 'keras')))\n"
        "from sigfix.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "repair",
            saved("several_signatures"),
            "--from",
            "square",
            "-o",
            tmp_path / "out",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "numbers not verified: only metadata changed" in " ".join(done.stdout.split())
    np.testing.assert_array_equal(run_both(tmp_path / "out", {"x": ROW})["z"], [1, 4, 9])


def test_run_compares_numbers_of_an_alias(saved, tmp_path):
    result = repair(
        saved("several_signatures"),
        tmp_path / "out",
        Choices(from_key=("square",)),
        RepairOptions(run=True),
    )
    assert (result.parity[0].verdict, result.parity[0].batches) == ("same", (1, 4))


def test_renamed_tensors_of_an_existing_signature(saved, tmp_path):
    out = _mend(saved("healthy"), tmp_path / "out", rename=(("x", "zebra"), ("y", "apple")))
    got = run_both(out, {"zebra": np.float32([[1, 1]])})
    assert set(got) == {"apple"}
    assert got["apple"] == 3
    with pytest.raises(BlockedError, match="no such input or output"):
        _mend(saved("healthy"), tmp_path / "no", rename=(("a", "b"),))


def test_outputs_appended_to_an_existing_signature(saved, tmp_path):
    out = _mend(saved("healthy"), tmp_path / "out", append=(parse_append("p=sigmoid(y)"),))
    got = run_both(out, {"x": np.float32([[1, 1]])})
    np.testing.assert_allclose(got["p"], 1 / (1 + np.exp(-3.0)), rtol=1e-6)


def test_method_name(saved, tmp_path):
    out = _mend(saved("healthy"), tmp_path / "out", method_name="tensorflow/serving/regress")
    (signature,) = read(out).meta_graphs[0].user_signatures
    assert signature.method_name == "tensorflow/serving/regress"
    assert run_v2(out, {"x": np.float32([[1, 1]])})["y"] == 3


def test_tags_set(saved, tmp_path):
    out = _mend(saved("healthy"), tmp_path / "out", set_tags=("serve", "tpu"))
    got = run_v1(out, {"x": np.float32([[1, 1]])}, tags=("serve", "tpu"))
    assert got["y"] == 3


def test_bound_placeholder_is_compared_and_unbound_dropout_is_not_passed(saved, tmp_path):
    from sigfix.errors import ParityError

    outputs = (("probabilities", "probabilities:0"),)
    with pytest.raises(ParityError, match=r"random|refuses"):
        repair(saved("tf1_dropout"), tmp_path / "out", Choices(outputs=outputs))
    assert list(tmp_path.iterdir()) == []
    bound = Choices(outputs=outputs, bind=(("keep_prob", 1.0),))
    result = repair(saved("tf1_dropout"), tmp_path / "out", bound)
    assert result.parity[0].verdict == "same"


def test_heads_of_a_tf2_model_merged(saved, tmp_path):
    result = repair(
        saved("several_signatures"), tmp_path / "out", Choices(from_key=("double", "square"))
    )
    assert result.parity[0].verdict == "same"
    got = run_both(tmp_path / "out", {"x": ROW})
    np.testing.assert_array_equal(got["y"], [2, 4, 6])
    np.testing.assert_array_equal(got["z"], [1, 4, 9])
