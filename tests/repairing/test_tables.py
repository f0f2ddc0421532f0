"""Tables that functions look words up in survive, and are the right ones, through both loaders."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.reading.saved_model import load_message
from sigfix.repairing.captures import tensors_of_captures
from tests.loaders import run_both

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


def test_tables_that_nothing_tells_are_refused(saved, tmp_path):
    message, _ = load_message(saved("stored_tables"))
    message.meta_graphs[0].saver_def.restore_op_name = ""
    path = tmp_path / "untold"
    path.mkdir()
    (path / "saved_model.pb").write_bytes(message.SerializeToString())
    for name in ("variables.index", "variables.data-00000-of-00001"):
        (path / "variables").mkdir(exist_ok=True)
        (path / "variables" / name).write_bytes(
            (saved("stored_tables") / "variables" / name).read_bytes()
        )
    with pytest.raises(BlockedError, match="no tensor that is known to hold it"):
        repair(path, tmp_path / "out", options=UNCOMPARED)
    assert not (tmp_path / "out").exists()
