"""What stands in front of a model is cut off, what comes of it is an input, and it is verified."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ConversionError, ParityError
from sigfix.exporting import cutting
from sigfix.exporting.freezing import freeze
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepared import PARSED, STRINGS, SourceChoice
from sigfix.verifying.runners import tfjs
from tests.exporting.printed_ways import exit_code, printed, saved

pytestmark = pytest.mark.usefixtures("node_packages")


@pytest.fixture(scope="module")
def parsing(tmp_path_factory):
    """tf.Examples with dense, sparse and ragged features, and labels as texts beside scores."""

    class Parsing(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.stateless_normal([3, 4], [1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def serve(self, examples):
            found = tf.io.parse_example(
                examples,
                {
                    "age": tf.io.FixedLenFeature([2], tf.float32),
                    "hours": tf.io.FixedLenFeature([], tf.int64, default_value=40),
                    "never used": tf.io.FixedLenFeature([], tf.string, default_value=""),
                },
            )
            hours = tf.cast(found["hours"], tf.float32)[:, None]
            scores = tf.concat([found["age"], hours / 40.0], 1) @ self.weight
            return {"scores": scores, "classes": tf.strings.as_string(tf.argmax(scores, 1))}

    module = Parsing()
    return saved(tmp_path_factory.mktemp("parsing") / "model", module, module.serve)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """Sentences are lowered, split and looked up; the ids are embedded."""

    class Words(tf.Module):
        def __init__(self):
            super().__init__()
            keys = tf.constant(["a", "the", "quick", "fox"])
            pairs = tf.lookup.KeyValueTensorInitializer(keys, tf.range(1, 5, dtype=tf.int64))
            self.table = tf.lookup.StaticHashTable(pairs, tf.constant(0, tf.int64))
            self.rows = tf.Variable(tf.random.stateless_normal([5, 4], [1, 2]))

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, "text"),
                tf.TensorSpec([None, 4], tf.float32, "more"),
            ]
        )
        def serve(self, text, more):
            split = tf.strings.split(tf.strings.lower(text))
            ids = self.table.lookup(split.to_tensor(shape=[None, 6]))
            embedded = tf.gather(self.rows, ids)
            return {"y": tf.reduce_mean(embedded, 1) + more}

    module = Words()
    return saved(tmp_path_factory.mktemp("words") / "model", module, module.serve)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory):
    """As text embeddings are made: words as a ragged tensor, as a sparse one, embedded together."""

    class Sentences(tf.Module):
        def __init__(self):
            super().__init__()
            keys = tf.constant(["a", "the", "quick", "fox"])
            pairs = tf.lookup.KeyValueTensorInitializer(keys, tf.range(1, 5, dtype=tf.int64))
            self.table = tf.lookup.StaticHashTable(pairs, tf.constant(0, tf.int64))
            self.rows = tf.Variable(tf.random.stateless_normal([5, 4], [1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def serve(self, text):
            split = tf.strings.split(tf.strings.regex_replace(tf.strings.lower(text), "[.]", ""))
            ids = tf.ragged.map_flat_values(self.table.lookup, split).to_sparse()
            found = tf.nn.safe_embedding_lookup_sparse(self.rows, ids, combiner="sqrtn")
            return {"y": found}

    module = Sentences()
    return saved(tmp_path_factory.mktemp("sentences") / "model", module, module.serve)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A PNG file is decoded, resized and added up."""

    class Pictures(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.stateless_normal([3, 2], [1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "file")])
        def serve(self, file):
            image = tf.io.decode_png(file, channels=3)
            small = tf.image.resize(tf.cast(image, tf.float32)[None], [8, 8])
            return {"y": tf.reduce_mean(small, [1, 2]) @ self.weight}

    module = Pictures()
    return saved(tmp_path_factory.mktemp("pictures") / "model", module, module.serve)


def test_the_printed_way_of_a_parser_is_followed_to_the_end(parsing, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    steps = printed(capsys, "convert", parsing, "--tfjs", "-o", tmp_path / "no")
    assert steps[0][:1] == ["repair"] and "--drop-output" in steps[0]
    assert PARSED in steps[1]
    for step in steps:
        assert exit_code(step) == 0, capsys.readouterr()
    web = tmp_path / "model_repaired_tfjs"
    age, hours = np.ones([2, 2], np.float32), np.array([40, 80])
    found = tfjs.run(web, [{"age": age, "hours": hours}], ["scores"])
    weight = tf.random.stateless_normal([3, 4], [1, 2]).numpy()
    expected = np.concatenate([age, hours[:, None] / 40], 1) @ weight
    np.testing.assert_allclose(found.outputs[0]["scores"], expected, rtol=1e-5)


def test_the_printed_way_of_words_is_followed_to_the_end(words, capsys, tmp_path):
    (step,) = printed(capsys, "convert", words, "--tfjs", "-o", tmp_path / "no")
    assert step[-1] == STRINGS
    assert exit_code([*step, "-o", str(tmp_path / "web")]) == 0
    out = capsys.readouterr()
    assert "the page computes text_ids: int64[?,6], which the model makes of text" in out.err
    fed = {"text_ids": np.array([[2, 3, 4, 0, 0, 0]]), "more": np.zeros([1, 4], np.float32)}
    found = tfjs.run(tmp_path / "web", [fed], ["y"])
    assert found.mode == "execute"
    rows = tf.random.stateless_normal([5, 4], [1, 2]).numpy()
    expected = rows[[2, 3, 4, 0, 0, 0]].mean(0)
    np.testing.assert_allclose(found.outputs[0]["y"][0], expected, rtol=1e-5)


def test_words_in_rows_become_their_ids_and_where_each_is(sentences, capsys, tmp_path):
    """Nothing brings what the words are split into together again: all of it is an input."""
    (step,) = printed(capsys, "convert", sentences, "--tfjs", "-o", tmp_path / "no")
    assert step[-1] == STRINGS
    assert exit_code([*step, "-o", str(tmp_path / "web")]) == 0
    fed = {
        "text_ids": np.array([2, 3, 4, 1]),
        "text_indices": np.array([[0, 0], [0, 1], [0, 2], [2, 0]]),
        "text_shape": np.array([4, 3]),
    }
    found = tfjs.run(tmp_path / "web", [fed], ["y"])
    rows = tf.random.stateless_normal([5, 4], [1, 2]).numpy()
    nothing = np.zeros(4)
    expected = [rows[[2, 3, 4]].sum(0) / np.sqrt(3), nothing, rows[1], nothing]
    np.testing.assert_allclose(found.outputs[0]["y"], expected, rtol=1e-5)


def test_parts_that_an_operator_has_a_list_of_are_inputs():
    """The parts have no names of their own in the operator's definition."""

    @tf.function(input_signature=[tf.TensorSpec([4], tf.float32, "x")])
    def serve(x):
        found = tf.raw_ops.SparseSplit(
            split_dim=np.int64(0), indices=np.int64([[0], [1], [2], [3]]), values=x,
            shape=np.int64([4]), num_split=2,
        )  # fmt: skip
        low, high = found.output_values
        return {"low": low * 2, "high": high * 3}

    with tempfile.TemporaryDirectory() as folder:
        module = tf.Module()
        module.serve = serve
        cut = cutting.cut_strings(freeze(saved(folder, module, serve), "serving_default"))
    assert all(name.startswith("x_numbers") for name in cut.rest.inputs)
    (fed,) = cutting.fed_behind(cut, [{"x": np.float32([1, -2, 3, -4])}])
    assert sorted(map(list, fed.values())) == [[1, -2], [3, -4]]


def test_a_file_becomes_its_pixels(pictures):
    cut = cutting.cut_strings(freeze(pictures, "serving_default"))
    assert list(cut.rest.inputs) == ["file_pixels"]
    image = np.random.default_rng(0).integers(0, 256, [5, 7, 3]).astype(np.uint8)
    file = tf.io.encode_png(image).numpy()
    (fed,) = cutting.fed_behind(cut, [{"file": np.array(file, object)}])
    np.testing.assert_array_equal(fed["file_pixels"], image)


def test_a_cut_at_the_wrong_place_is_seen(words, monkeypatch, tmp_path):
    """What is fed behind the cut is computed by the whole: another tensor gives other results."""
    behind = cutting.fed_behind
    monkeypatch.setattr(
        cutting,
        "fed_behind",
        lambda *given: [{**case, "text_ids": case["text_ids"] * 0} for case in behind(*given)],
    )
    with pytest.raises(ParityError):
        convert(words, tmp_path / "web", ConvertOptions(SourceChoice(cut=STRINGS), tolerance=1e-3))


@pytest.mark.parametrize("how", [PARSED, STRINGS])
def test_nothing_to_cut_is_an_error(how, tmp_path):
    module = tf.Module()
    module.serve = tf.function(
        lambda x: {"y": x + 1}, input_signature=[tf.TensorSpec([None], tf.float32, "x")]
    )
    model = saved(tmp_path / "model", module, module.serve)
    with pytest.raises(ConversionError, match=how):
        convert(model, tmp_path / "web", ConvertOptions(SourceChoice(cut=how)))
