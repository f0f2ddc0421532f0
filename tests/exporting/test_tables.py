"""Lookup tables in TensorFlow.js models: what they hold goes along, words and numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ConversionError, ParityError
from sigfix.exporting import tables
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepare import SourceChoice
from sigfix.verifying.runners import tfjs

WORDS = np.array([["a", "b"], ["the quick brown fox", "zz"]], object)


@pytest.fixture(scope="module", autouse=True)
def _with_tfjs(node_packages):
    """Every test here runs TensorFlow.js."""


class Lookups(tf.Module):
    """Words to numbers, numbers to words, and a table that is filled later."""

    def __init__(self):
        super().__init__()
        keys = tf.constant(["a", "b", "the quick brown fox"])
        of_words = tf.lookup.KeyValueTensorInitializer(keys, tf.constant([5, 7, 9], tf.int64))
        self.words = tf.lookup.StaticHashTable(of_words, tf.constant(-1, tf.int64))
        of_places = tf.lookup.KeyValueTensorInitializer(tf.constant([5, 7], tf.int64), ["x", "y"])
        self.places = tf.lookup.StaticHashTable(of_places, "?")
        self.late = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, 0.5)
        self.late.insert(["a", "zz"], [1.5, 2.5])
        self.names = tf.constant(["first", "second", "third"])

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string, "word")])
    def serve(self, word):
        found = self.words.lookup(word)
        return {
            "index": found,
            "label": self.places.lookup(found),
            "late": self.late.lookup(word),
            "size": tf.cast(self.words.size(), tf.int32) + tf.zeros([1], tf.int32),
            "name": tf.gather(self.names, tf.argmax(self.late.lookup(word), -1)),
        }


@pytest.fixture(scope="module")
def lookups(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables") / "model"
    module = Lookups()
    tf.saved_model.save(module, str(folder), module.serve)
    return folder


EXPECTED = {
    "index": [[5, 7], [9, -1]],
    "label": [[b"x", b"y"], [b"?", b"?"]],
    "late": [[1.5, 0.5], [0.5, 2.5]],
    "size": [3],
    "name": [b"first", b"second"],
}


@pytest.mark.parametrize("quantize", [None, pytest.param("float16", marks=pytest.mark.matrix)])
def test_words_and_numbers(lookups, quantize, tmp_path):
    result = convert(lookups, tmp_path / "web", ConvertOptions(quantize=quantize))
    assert result.mode == "executeAsync"
    assert all(item.parity.ok for item in result.comparisons)
    for backend in ("cpu", "wasm"):
        found = tfjs.run(tmp_path / "web", [{"word": WORDS}], list(EXPECTED), backend=backend)
        for name, value in EXPECTED.items():
            assert found.outputs[0][name].tolist() == value, (backend, name)
    model = json.loads((tmp_path / "web" / "model.json").read_text())
    assert "LookupTableImportV2" in str(model["modelInitializer"])
    assert "LookupTableImportV2" not in str(model["modelTopology"])


def test_a_file_of_words_in_a_graph_of_tf1(tmp_path):
    v1 = tf.compat.v1
    (tmp_path / "words.txt").write_text("a\nb\n42\n")
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        words = v1.placeholder(tf.string, [None], name="words")
        twice = v1.identity(words)
        file, line = str(tmp_path / "words.txt"), tf.lookup.TextFileIndex.LINE_NUMBER
        whole = tf.lookup.TextFileIndex.WHOLE_LINE
        words_of = tf.lookup.TextFileInitializer(file, tf.string, whole, tf.int64, line)
        result = tf.lookup.StaticHashTable(words_of, 7).lookup(twice)
        session.run(v1.tables_initializer())
        make = v1.saved_model.predict_signature_def
        builder = v1.saved_model.Builder(str(tmp_path / "model"))
        signature = {"serving_default": make({"words": words}, {"index": result})}
        builder.add_meta_graph_and_variables(
            session, ["serve"], signature, main_op=v1.tables_initializer()
        )
        builder.save()
    options = ConvertOptions(SourceChoice(trust=True))  # it reads a file outside
    convert(tmp_path / "model", tmp_path / "web", options)
    fed = {"words": np.array(["42", "b", "none"], object)}
    found = tfjs.run(tmp_path / "web", [fed], ["index"])
    assert found.outputs[0]["index"].tolist() == [2, 1, 7]


def test_a_table_that_holds_something_else_is_seen(lookups, monkeypatch, tmp_path):
    fill = tables._filled

    def wrong(definition, table, *rest):
        name = fill(definition, table, *rest)
        keys = next(node for node in definition.node if node.name == f"{table.name}/keys")
        keys.attr["value"].tensor.string_val[:] = [
            b"" for _ in keys.attr["value"].tensor.string_val
        ]
        return name

    monkeypatch.setattr(tables, "_filled", wrong)
    with pytest.raises(ParityError):
        convert(lookups, tmp_path / "web")


def test_a_table_of_vectors_is_named(tmp_path):
    class Vectors(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.lookup.experimental.MutableHashTable(tf.string, tf.float32, [0.0, 1.0])
            self.table.insert(["a"], [[1.0, 2.0]])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "word")])
        def serve(self, word):
            return {"y": self.table.lookup(word)}

    module = Vectors()
    tf.saved_model.save(module, str(tmp_path / "model"), module.serve)
    with pytest.raises(ConversionError, match="table of vectors"):
        convert(tmp_path / "model", tmp_path / "web")
