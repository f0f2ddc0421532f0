"""A signature that parses tf.Examples is fed behind its parser, for both loaders and converters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import BlockedError, ParityError
from sigfix.model import PREDICT_METHOD
from sigfix.pipeline import applying
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.convert import ConvertOptions, convert
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.commands import choices_of
from sigfix.reading import read
from sigfix.rendering.repair_text import plan_text
from tests.exporting.test_parsed_features import KINDS, example
from tests.loaders import run_both

PARSED = Choices(parsed=True)
EXAMPLES = [example([1, 2], [3, 4, 5]), example([6, 7], [8])]


def save(path: Path, module: tf.Module, function) -> Path:
    tf.saved_model.save(module, str(path), signatures={"serving_default": function})
    return path


@pytest.fixture(scope="module")
def census(tmp_path_factory):
    """Two of each kind of feature, an input beside them, a variable, a table, checks, a counter."""

    class Census(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.stateless_normal([2, 3], [1, 2]))
            pairs = tf.lookup.KeyValueTensorInitializer([3, 4, 8], [0.5, 0.25, 0.125],
                                                        tf.int64, tf.float32)  # fmt: skip
            self.table = tf.lookup.StaticHashTable(pairs, -1.0)
            self.calls = tf.Variable(0)

        @tf.function
        def parse(self, examples):
            with tf.control_dependencies([tf.debugging.assert_rank(examples, 1)]):
                examples = tf.identity(examples)
            return tf.io.parse_example(
                examples,
                {
                    "age": tf.io.FixedLenFeature([2], tf.float32),
                    "a copy/of it": tf.io.FixedLenFeature(
                        [2], tf.float32, default_value=[1.0, 9.0]
                    ),
                    "never": tf.io.FixedLenFeature([], tf.string, default_value=""),
                    "numbers": tf.io.VarLenFeature(tf.int64),
                },
            )

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.string, "examples"),
                tf.TensorSpec([], tf.float32, "bias"),
            ]
        )
        def serve(self, examples, bias):
            found = self.parse(examples)
            self.calls.assign_add(1)
            whole = tf.debugging.check_numerics(found["age"], "an age")
            looked = self.table.lookup(found["numbers"].values)
            return {
                "scores": (whole - 2.0 * found["a copy/of it"]) @ self.weight + bias,
                "values": tf.repeat(looked, 2),
            }

    module = Census()
    path = save(tmp_path_factory.mktemp("census") / "model", module, module.serve)
    return path, module


def test_functions_are_cut_behind_their_parser(census, tmp_path):
    model, module = census
    decided = plan(model, choices_of(["--parsed", "--rename", "a_copy_of_it=copy"]))
    (edit,) = decided.added
    told = {item.name: (item.dtype, item.shape) for item in edit.inputs}
    assert told == {
        "bias": ("float32", ()),
        "age": ("float32", (None, 2)),
        "copy": ("float32", (None, 2)),
        "numbers_values": ("int64", (None,)),
    }
    assert "feeds what it made of examples" in " ".join(plan_text(decided).split())
    again = read_plan(write_plan(decided), "plan.json")
    assert again == decided
    result = repair(model, tmp_path / "out", saved_plan=again)
    assert [item.verdict for item in result.parity] == ["same"]
    fed = {
        "bias": np.float32(0.5),
        "age": np.array([[1, 2], [6, 7]], np.float32),
        "copy": np.array([[1, 9], [1, 9]], np.float32),  # the default of the feature
        "numbers_values": np.array([3, 4, 5, 8]),
    }
    expected = module.serve(tf.constant(EXAMPLES), tf.constant(0.5))
    found = run_both(tmp_path / "out", fed)
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-6)
    loaded = tf.saved_model.load(str(tmp_path / "out"))
    loaded.signatures["serving_default"](**{k: tf.constant(v) for k, v in fed.items()})
    assert int(loaded.calls) == 1  # what is not behind the parser is still done


def test_nothing_is_parsed_in_what_was_cut(census, tmp_path):
    choices = choices_of(["--parsed", "--drop-output", "values"])
    repair(census[0], tmp_path / "out", choices, RepairOptions(verify=False))
    loaded = tf.saved_model.load(str(tmp_path / "out"))
    function = loaded.signatures["serving_default"]
    assert sorted(function.structured_input_signature[1]) == ["a_copy_of_it", "age", "bias"]
    definition = function.graph.as_graph_def()
    called = {node.attr["f"].func.name for node in definition.node if node.attr["f"].func.name}
    (cut,) = (each for each in definition.library.function if each.signature.name in called)
    assert not any("Parse" in node.op or "Assert" in node.op for node in cut.node_def)


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """A graph of TensorFlow 1 with an estimator's signature, which takes tf.Examples alone."""
    path = tmp_path_factory.mktemp("graph") / "model"
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], "input_example_tensor")
        found = v1.parse_example(
            examples,
            {"age": v1.FixedLenFeature([2], tf.float32), "numbers": v1.VarLenFeature(tf.int64)},
        )
        weight = v1.get_variable("weight", initializer=tf.constant([[1.0, 2.0, 3.0]] * 2))
        scores = tf.identity(found["age"] @ weight, "scores")
        counts = tf.cast(found["numbers"].values, tf.float32)
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(path))
        infos = [v1.saved_model.build_tensor_info(each) for each in (examples, scores, counts)]
        signature = v1.saved_model.build_signature_def(
            {"inputs": infos[0]}, {"scores": infos[1], "counts": infos[2]},
            "tensorflow/serving/classify",
        )  # fmt: skip
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return path


@pytest.mark.usefixtures("node_packages")
def test_a_graph_is_fed_behind_its_parser_and_converted(graph, tmp_path):
    result = repair(graph, tmp_path / "out", choices_of(["--parsed", "--drop-output", "counts"]))
    assert [item.verdict for item in result.parity] == ["same"]
    (signature,) = read(tmp_path / "out").meta_graphs[0].user_signatures
    assert [(item.key, item.spec.shape) for item in signature.inputs] == [("age", (None, 2))]
    assert signature.method_name == PREDICT_METHOD  # `classify` takes tf.Examples alone
    found = run_both(tmp_path / "out", {"age": np.array([[1, 2], [6, 7]], np.float32)})
    np.testing.assert_allclose(found["scores"], [[3, 6, 9], [13, 26, 39]])
    converted = convert(tmp_path / "out", tmp_path / "web", ConvertOptions())
    assert converted.comparisons and all(each.parity.ok for each in converted.comparisons)


def test_what_is_fed_wrongly_is_seen(graph, monkeypatch, tmp_path):
    """The source parses tf.Examples itself: other numbers behind the cut are a difference."""
    behind = applying._behind_parsers

    def wrong(*given):
        feed = behind(*given)
        first = dict.fromkeys(feed.fetches, "ParseExample/ParseExampleV2:1")
        return type(feed)(feed.graph, feed.feeds, first | {"age": "zeros:0"}, feed.kept)

    monkeypatch.setattr(applying, "_behind_parsers", wrong)
    with pytest.raises(ParityError):
        repair(graph, tmp_path / "out", PARSED)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--parsed", "--input", "age=float32[1,2]"], "second run"),
        (["--parsed", "--input", "size=float32[?,2]"], "no such input"),
        (["--parsed", "--bind", "size=1"], "no such argument"),
    ],
)
def test_other_changes_of_the_inputs_are_for_a_second_run(graph, census, options, said):
    for model in (graph, census[0]):
        decided = plan(model, choices_of(options))
        assert decided.verdict == "blocked" and said in decided.reason, decided


def test_nothing_to_cut_is_an_error(tmp_path):
    module = tf.Module()
    module.serve = tf.function(
        lambda x: {"y": x + 1}, input_signature=[tf.TensorSpec([None], tf.float32, "x")]
    )
    model = save(tmp_path / "model", module, module.serve)
    with pytest.raises(BlockedError, match="nothing in this signature parses"):
        repair(model, tmp_path / "out", PARSED)


@pytest.mark.matrix
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_rest_computes_what_the_whole_does(kind, tmp_path):
    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def serve(self, examples):
            one, other = kind(examples)
            return {"one": one + 1.0, "other": other * 2.0}

    module = Model()
    result = repair(save(tmp_path / "m", module, module.serve), tmp_path / "out", PARSED)
    assert [item.verdict for item in result.parity] == ["same"]
    inputs = read(tmp_path / "out").meta_graphs[0].user_signatures[0].inputs
    assert {item.key for item in inputs} == KINDS[kind]
