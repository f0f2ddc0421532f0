"""Graphs of TensorFlow 1: files beside the model, iterators, serving receivers, recurrent loops."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow
from tests.saved_models.tf1 import _dense, _tf1


def tf1_assets(path: Path) -> None:
    """A vocabulary in a file that goes along with the model, no signature."""
    _of_words(path, goes_along=True)


def tf1_file_left_behind(path: Path) -> None:
    """A vocabulary in a file that stayed where the model was made."""
    _of_words(path, goes_along=False)


def _of_words(path: Path, *, goes_along: bool) -> None:
    tf = tensorflow()
    vocabulary = path.parent / f"{path.name}_vocabulary.txt"
    vocabulary.write_text("the\ncat\nsat\n")
    assets: list = []

    def build(v1):
        words = v1.placeholder("string", [None], name="words")
        table = tf.lookup.StaticVocabularyTable(
            tf.lookup.TextFileInitializer(
                str(vocabulary),
                tf.string,
                tf.lookup.TextFileIndex.WHOLE_LINE,
                tf.int64,
                tf.lookup.TextFileIndex.LINE_NUMBER,
            ),
            2,
        )
        rows = v1.get_variable("rows", [5, 4], initializer=v1.initializers.random_normal(seed=1))
        tf.identity(tf.gather(rows, table.lookup(words)), name="embedding")
        if goes_along:
            assets.extend(v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS))

    _tf1(path, build, [["serve"]], assets_collection=assets)


def tf1_iterator(path: Path) -> None:
    """A dataset in front of the graph, with a placeholder in front of the dataset."""
    tf = tensorflow()

    def build(v1):
        data = v1.placeholder("float32", [None, 4], name="data")
        dataset = v1.data.Dataset.from_tensor_slices(data).batch(2)
        iterator = v1.data.make_initializable_iterator(dataset)
        x = iterator.get_next()
        weight = v1.get_variable("weight", [4, 3], initializer=v1.ones_initializer())
        tf.nn.softmax(v1.matmul(x, weight), name="probabilities")

    _tf1(path, build, [["serve"]])


def tf1_receiver(path: Path) -> None:
    """An Estimator's raw serving receiver: three signatures on one graph, one for regression."""
    tf = tensorflow()

    def build(v1):
        x, logits = _dense(v1)
        scores = tf.nn.softmax(logits, name="scores")
        price = tf.reduce_sum(logits, 1, name="price")
        make = v1.saved_model.signature_def_utils
        info = v1.saved_model.utils.build_tensor_info
        regress = make.build_signature_def(
            {"inputs": info(x)}, {"outputs": info(price)}, "tensorflow/serving/regress"
        )
        return {
            "predict": make.predict_signature_def({"x": x}, {"scores": scores, "price": price}),
            "serving_default": regress,
            "eval": make.predict_signature_def({"x": x}, {"metrics/mean": tf.reduce_mean(scores)}),
        }

    _tf1(path, build, [["serve"]])


def tf1_recurrent(path: Path) -> None:
    """A loop over the steps of a sentence, of which a placeholder tells the length."""
    tf = tensorflow()

    def build(v1):
        v1.disable_control_flow_v2()
        x = v1.placeholder("float32", [None, None, 4], name="frames")
        length = v1.placeholder("int32", [None], name="length")
        weight = v1.get_variable("w", [4, 3], initializer=v1.initializers.random_normal(seed=1))

        def body(step, state):
            new = tf.tanh(v1.matmul(x[:, step], weight) + state)
            alive = tf.cast(step < length, tf.float32)[:, None]
            return step + 1, new * alive + state * (1.0 - alive)

        start = tf.zeros([tf.shape(x)[0], 3])
        _, last = v1.while_loop(
            lambda step, _: step < tf.shape(x)[1], body, [0, start],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])],
        )  # fmt: skip
        tf.identity(last, name="encoding")

    _tf1(path, build, [["serve"]])


def tf1_batch_norm(path: Path) -> None:
    """Batch normalisation that a placeholder switches, with its update operators; no signature."""
    tf = tensorflow()

    def build(v1):
        x = v1.placeholder("float32", [None, 8, 8, 3], name="image")
        training = v1.placeholder("bool", [], name="is_training")
        mean = v1.get_variable(
            "moving_mean", [3], initializer=v1.zeros_initializer(), trainable=False
        )
        spread = v1.get_variable(
            "moving_variance", [3], initializer=v1.ones_initializer(), trainable=False
        )

        def trained():
            here, other = tf.nn.moments(x, [0, 1, 2])
            with tf.control_dependencies([v1.assign(mean, 0.9 * mean + 0.1 * here)]):
                return tf.identity(here), tf.identity(other)

        used, width = v1.cond(training, trained, lambda: (tf.identity(mean), tf.identity(spread)))
        normal = (x - used) / tf.sqrt(width + 1e-3)
        flat = tf.reshape(normal, [-1, 192])
        weight = v1.get_variable("w", [192, 5], initializer=v1.initializers.random_normal(seed=1))
        tf.nn.softmax(v1.matmul(flat, weight), name="Predictions")

    _tf1(path, build, [["serve"]])
