"""Tables that functions look words up in survive, and are the right ones, through both loaders."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.codec import read_plan, write_plan
from sigfix.reading import read
from sigfix.reading.saved_model import load_message
from sigfix.repairing.captures import tensors_of_captures
from tests.loaders import fingerprint, run_both

UNCOMPARED = RepairOptions(verify=False)


def test_tables_that_the_checkpoint_fills(saved, tmp_path):
    out = repair(saved("stored_tables"), tmp_path / "out", options=UNCOMPARED).output
    got = run_both(out, {"words": np.array([b"a", b"b", b"c"])})
    assert {name: list(found) for name, found in got.items()} == {
        "first": [0, 1, -1], "second": [10, 11, -2], "dense": [20, 21, -3],
    }  # fmt: skip


def test_the_words_of_a_text_layer(saved, tmp_path):
    import tensorflow as tf

    source = saved("text_layer")
    out = repair(source, tmp_path / "out", options=UNCOMPARED).output
    text = np.array([b"three two", b"nothing"])
    (got,) = run_both(out, {"text": text}).values()
    np.testing.assert_array_equal(got, tf.saved_model.load(str(source))(tf.constant(text)))
    assert got[0][0] != got[1][0], "words that it knows and one that it does not"


def _tables(message):
    nodes = message.meta_graphs[0].object_graph_def.nodes
    return [number for number, node in enumerate(nodes) if node.WhichOneof("kind") == "resource"]


def test_a_table_that_its_creator_alone_tells(saved, tmp_path):
    message, _ = load_message(saved("stored_tables"))
    graph = message.meta_graphs[0]
    before = tensors_of_captures(graph)
    graph.saver_def.restore_op_name = ""
    left = tensors_of_captures(graph)
    dense = [node for node in _tables(message) if node in left]
    assert [left[node] for node in dense] == [before[node] for node in dense]
    assert len(dense) == 1, "of two alike none is told"


@pytest.fixture
def untold(saved, tmp_path):
    """A model whose graph does not tell which of two alike tables is which."""
    source, path = saved("stored_tables"), tmp_path / "untold"
    shutil.copytree(source, path)
    message, _ = load_message(source)
    message.meta_graphs[0].saver_def.restore_op_name = ""
    (path / "saved_model.pb").write_bytes(message.SerializeToString())
    return path


def test_tables_that_nothing_tells_are_refused_with_the_way_out(untold, tmp_path):
    with pytest.raises(BlockedError, match="no tensor that is known to hold it") as caught:
        repair(untold, tmp_path / "out", options=UNCOMPARED)
    assert caught.value.hint == "--rebuild"
    assert not (tmp_path / "out").exists()


def test_saved_anew_they_are_the_right_ones(untold, tmp_path):
    before = fingerprint(untold)
    choices = Choices(rebuild=True, rename=(("first", "one"),))
    result = repair(untold, tmp_path / "out", choices)
    assert [item.verdict for item in result.parity] == ["same"], "compared with the model itself"
    assert "assets.extra" in result.plan.lost[0]
    assert fingerprint(untold) == before
    got = run_both(result.output, {"words": np.array([b"a", b"b", b"c"])})
    assert {name: list(found) for name, found in got.items()} == {
        "one": [0, 1, -1], "second": [10, 11, -2], "dense": [20, 21, -3],
    }  # fmt: skip
    (meta,) = read(result.output).meta_graphs
    assert [item.key for item in meta.user_signatures] == ["serving_default"]
    assert read_plan(write_plan(result.plan), "plan") == result.plan


def test_saving_anew_is_for_functions_and_runs_the_model(saved, tmp_path):
    found = plan(saved("several_signatures"), Choices(rebuild=True, from_key=("double",)))
    assert (found.verdict, found.hint) == ("blocked", "leave --rebuild out")
    with pytest.raises(BlockedError, match="ReadFile") as caught:
        repair(saved("reads_files"), tmp_path / "out", Choices(rebuild=True), UNCOMPARED)
    assert caught.value.hint == "--trust   # runs it"
