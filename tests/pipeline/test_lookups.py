"""Tables and texts: what is looked up is compared by words that the model knows."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix import ConvertOptions, convert
from sigfix.errors import ParityError
from sigfix.exporting import tfjs_model
from sigfix.exporting.tables import IMPORT
from sigfix.verifying.runners import tfjs

DAYS = [b"Sunday", b"Monday", b"sunday", b""]


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_texts_are_compared(backend, saved, node_packages, tmp_path):
    tf = pytest.importorskip("tensorflow")
    source, web = saved("days"), tmp_path / "web"
    convert(source, web, ConvertOptions(verify=False))
    signature = tf.saved_model.load(str(source)).signatures["serving_default"]
    expected = signature(day=tf.constant(DAYS))
    fed = {"day": np.array(DAYS, object)}
    found = tfjs.run(web, [fed], list(expected), backend=backend).outputs[0]
    for name, value in expected.items():
        assert found[name].tolist() == value.numpy().tolist()
        assert set(found[name].ravel().tolist()) == {0, 1}


@pytest.mark.parametrize("name", ["days", "looked_up"])
def test_a_table_that_finds_nothing_is_seen(name, saved, node_packages, monkeypatch, tmp_path):
    """Of words that the source does not know either, both would make the same."""
    take = tfjs_model.take_initializer

    def unfilled(definition):
        initializer = take(definition)
        fills = [node for node in initializer.node if node.op == IMPORT]
        assert fills
        for node in fills:
            initializer.node.remove(node)
        return initializer

    monkeypatch.setattr(tfjs_model, "take_initializer", unfilled)
    with pytest.raises(ParityError):
        convert(saved(name), tmp_path / "web")
