"""What TF1 and its libraries wrote: MetaGraphs, tensorflow_hub modules, frozen graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.saved_models.seeded import tensorflow


def _tf1(path: Path, build: Callable, tags: list[list[str]], **more) -> None:
    tf = tensorflow()
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        signatures = build(v1)
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        if v1.get_collection(v1.GraphKeys.TABLE_INITIALIZERS):
            more["main_op"] = v1.tables_initializer()
        builder = v1.saved_model.builder.SavedModelBuilder(str(path))
        for number, tag in enumerate(tags):
            add = builder.add_meta_graph if number else builder.add_meta_graph_and_variables
            arguments = {} if number else {"sess": session}
            add(tags=tag, signature_def_map=signatures, **arguments, **more)
        builder.save()


def _dense(v1):
    x = v1.placeholder("float32", [None, 4], name="x")
    weight = v1.get_variable("weight", [4, 3], initializer=v1.initializers.random_normal(seed=1))
    return x, v1.matmul(x, weight, name="logits")


def tf1(path: Path) -> None:
    """TF1 without a signature: a placeholder, a variable, one sink."""
    _tf1(path, lambda v1: _dense(v1) and None, [["serve"]])


def tf1_dropout(path: Path) -> None:
    """TF1 with a `keep_prob` placeholder and two sinks."""

    def build(v1):
        import tensorflow as tf

        _, logits = _dense(v1)
        keep_prob = v1.placeholder("float32", [], name="keep_prob")
        dropped = tf.nn.dropout(logits, rate=1.0 - keep_prob, seed=3)
        v1.nn.softmax(dropped, name="probabilities")
        v1.argmax(dropped, 1, name="class")

    _tf1(path, build, [["serve"]])


def tf1_collection(path: Path) -> None:
    """TF1 whose author kept the outputs in a collection; one of them is no sink."""

    def build(v1):
        _, logits = _dense(v1)
        classes = v1.argmax(logits, 1, name="head/class")
        v1.reduce_mean(logits, name="statistics")
        v1.add_to_collection("outputs", logits)
        v1.add_to_collection("outputs", classes)

    _tf1(path, build, [["serve"]])


def tf1_unknown_rank(path: Path) -> None:
    """TF1 with a placeholder of unknown rank."""

    def build(v1):
        x = v1.placeholder("float32", name="x")
        v1.multiply(x, 2.0, name="doubled")

    _tf1(path, build, [["serve"]])


def tf1_heads(path: Path) -> None:
    """TF1 with two heads on one input, an Estimator's way."""

    def build(v1):
        x, logits = _dense(v1)
        build_signature = v1.saved_model.signature_def_utils.predict_signature_def
        return {
            "scores": build_signature({"x": x}, {"scores": v1.nn.softmax(logits)}),
            "classes": build_signature({"x": x}, {"classes": v1.argmax(logits, 1)}),
        }

    _tf1(path, build, [["serve"]])


def tf1_meta_graphs(path: Path) -> None:
    """Three MetaGraphs, for training, for serving and for another device."""
    _tf1(path, lambda v1: _dense(v1) and None, [["train"], ["serve"], ["serve", "gpu"]])


def hub(path: Path) -> None:
    """What tensorflow_hub 1.x wrote: no tags, a signature called `default`."""

    def build(v1):
        x, logits = _dense(v1)
        make = v1.saved_model.signature_def_utils.build_signature_def
        info = v1.saved_model.utils.build_tensor_info
        return {"default": make({"x": info(x)}, {"default": info(logits)}, "")}

    _tf1(path, build, [[]])


def same_input_twice(path: Path) -> None:
    """One placeholder under two keys, which the loader of TensorFlow 2 refuses."""

    def build(v1):
        x, logits = _dense(v1)
        make = v1.saved_model.signature_def_utils.predict_signature_def
        return {"serving_default": make({"x": x, "again": x}, {"logits": logits})}

    _tf1(path, build, [["serve"]])


def frozen(path: Path) -> None:
    """A frozen GraphDef: one file."""
    tf = tensorflow()
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder("float32", [None, 2], name="x")
        tf.nn.relu(tf.matmul(x, [[1.0, -1.0], [2.0, 0.5]]), name="y")
    path.mkdir()
    (path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())


def estimator(path: Path) -> None:
    """What `Estimator.export_saved_model` wrote for a canned classifier.

    Its serving input receiver parses tf.Example protos; a `classification` signature returns
    the classes' names, from a table, and the scores; `predict` returns everything.
    """

    def build(v1):
        import tensorflow as tf

        serialized = v1.placeholder(tf.string, [None], name="input_example_tensor")
        features = v1.parse_example(
            serialized, {"x": v1.FixedLenFeature([4], tf.float32)}, name="ParseExample"
        )
        with v1.variable_scope("linear/head"):
            weight = v1.get_variable("weights", [4, 3], initializer=v1.ones_initializer())
            bias = v1.get_variable("bias", [3], initializer=v1.random_normal_initializer(seed=2))
            logits = tf.add(v1.matmul(features["x"], weight), bias, name="logits")
            scores = v1.nn.softmax(logits, name="predictions/probabilities")
            ids = v1.argmax(logits, 1, name="predictions/class_ids")
            words = tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(
                    tf.constant([0, 1, 2], tf.int64), ["setosa", "versicolor", "virginica"]
                ),
                "unknown",
            )
            classes = words.lookup(tf.expand_dims(ids, -1))
        signatures = v1.saved_model.signature_def_utils
        return {
            "classification": signatures.classification_signature_def(
                serialized, classes, tf.reduce_max(scores, 1, keepdims=True)
            ),
            "predict": signatures.predict_signature_def(
                {"examples": serialized},
                {
                    "logits": logits,
                    "probabilities": scores,
                    "class_ids": v1.expand_dims(ids, -1),
                    "classes": classes,
                },
            ),
        }

    _tf1(path, build, [["serve"]])


def sparse(path: Path) -> None:
    """A signature with a sparse input and a sparse output, as TF Transform writes them."""

    def build(v1):
        import tensorflow as tf

        words = v1.sparse_placeholder(tf.float32, [None, 5], name="words")
        doubled = tf.SparseTensor(words.indices, words.values * 2.0, words.dense_shape)
        total = tf.sparse.reduce_sum(words, 1)
        info = v1.saved_model.utils.build_tensor_info
        make = v1.saved_model.signature_def_utils.build_signature_def
        return {
            "transform": make(
                {"words": info(words)}, {"doubled": info(doubled), "total": info(total)}, ""
            )
        }

    _tf1(path, build, [["serve"]])
