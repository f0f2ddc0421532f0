"""Models whose graph holds more, or less, than TensorFlow.js can run of what is asked of them."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow
from tests.saved_models.tf1 import _dense, _tf1


def looked_up(path: Path) -> None:
    """Words become numbers in a table; `numbers` starts behind it."""
    tf = tensorflow()
    words = tf.lookup.KeyValueTensorInitializer(["cat", "dog"], [1.0, 2.0])

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.lookup.StaticHashTable(words, -1.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "word")])
        def words(self, word):
            return {"y": self.table.lookup(word) * 2.0}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "number")])
        def numbers(self, number):
            return {"y": number * 2.0}

    module = Module()
    signatures = {"serving_default": module.words, "numbers": module.numbers}
    tf.saved_model.save(module, str(path), signatures)


def days(path: Path) -> None:
    """Texts are compared with constant ones, and in a signature of their own with each other."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "day")])
        def __call__(self, day):
            listed = tf.constant(["Monday", "Sunday", "Monday"])[None]
            free, each = day == "Sunday", tf.not_equal(day[:, None], listed)
            return {"free": tf.cast(free, tf.float32), "each": tf.cast(each, tf.float32)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, n) for n in ("a", "b")])
        def same(self, a, b):
            return {"y": tf.cast(a == b, tf.float32)}

    module = Module()
    signatures = {"serving_default": module.__call__, "same": module.same}
    tf.saved_model.save(module, str(path), signatures)


def tokenised(path: Path) -> None:
    """Text is split, looked up in a table, and embedded."""
    tf = tensorflow()
    words = tf.lookup.KeyValueTensorInitializer(["cat", "dog"], tf.constant([1, 2], tf.int64))

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.lookup.StaticHashTable(words, tf.constant(0, tf.int64))
            self.rows = tf.Variable(tf.random.normal([3, 4]))

        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "text")])
        def __call__(self, text):
            split = tf.strings.split(tf.strings.lower(text))
            return {"y": tf.gather(self.rows, self.table.lookup(split))}

    module = Module()
    tf.saved_model.save(module, str(path), module.__call__)


def class_names(path: Path) -> None:
    """The names of classes beside their numbers, and in a signature of their own the numbers."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            scores = x @ self.weight
            best = tf.argmax(scores, 1)
            return {"scores": scores, "class_names": tf.where(best > 0, "go", "no")}

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def numbers(self, x):
            return {"scores": self(x)["scores"]}

    module = Module()
    signatures = {"serving_default": module.__call__, "numbers": module.numbers}
    tf.saved_model.save(module, str(path), signatures)


def trains(path: Path) -> None:
    """A function without a signature beside a training step, in a model that was restored once."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))
            self.steps = tf.Variable(0)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            return tf.nn.relu(x @ self.weight)

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 4], tf.float32, "x"),
                tf.TensorSpec([None], tf.int32, "labels"),
            ]
        )
        def train_step(self, x, labels):
            with tf.GradientTape() as tape:
                scores = tf.math.betainc(0.5, 0.5, tf.sigmoid(self(x)))
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            self.weight.assign_sub(tape.gradient(loss, self.weight))
            self.steps.assign_add(1)
            return tf.reduce_mean(loss)

    module = Module()
    tf.saved_model.save(module, str(path))


def own_gradient(path: Path) -> None:
    """The gradient of an operator is the author's, of operators that TF.js has not."""
    tf = tensorflow()

    @tf.custom_gradient
    def rounded(x):
        return tf.round(x), lambda dy: dy * tf.math.betainc(0.5, 0.5, tf.sigmoid(x))

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            return {"y": rounded(x)}

    module = Module()
    tf.saved_model.save(module, str(path), module.__call__)


def computed_once(path: Path) -> None:
    """An operator that TF.js has not, of variables alone: a constant once they are."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable([0.2, 0.4, 0.6, 0.8])

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            return {"y": x * tf.math.betainc(0.5, 0.5, self.weight)}

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def each_time(self, x):
            return {"y": tf.math.betainc(0.5, 0.5, tf.sigmoid(x) * self.weight)}

    module = Module()
    signatures = {"serving_default": module.__call__, "each_time": module.each_time}
    tf.saved_model.save(module, str(path), signatures)


def counts_unread(path: Path) -> None:
    """Counts its calls, which only `counted` puts out."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.count = tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def __call__(self, x):
            self.count.assign_add(1.0)
            return {"y": x * 2.0}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def counted(self, x):
            return {"y": x * 2.0, "count": self.count.assign_add(1.0)}

    module = Module()
    signatures = {"serving_default": module.__call__, "counted": module.counted}
    tf.saved_model.save(module, str(path), signatures)


def fake_quantised(path: Path) -> None:
    """Rounds to 4 bits what a quantised model would."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            return {"y": tf.quantization.fake_quant_with_min_max_vars(x, -3.0, 3.0, 4)}

    module = Module()
    tf.saved_model.save(module, str(path), module.__call__)


def parsed(path: Path) -> None:
    """TF1: `raw` takes a tf.Example, `serving_default` is fed behind its parser."""

    def build(v1):
        serialized = v1.placeholder("string", [None], name="examples")
        features = v1.parse_example(serialized, {"x": v1.FixedLenFeature([4], "float32")})
        weight = v1.get_variable("weight", [4, 3], initializer=v1.random_normal_initializer(seed=1))
        scores = v1.matmul(features["x"], weight, name="scores")
        make = v1.saved_model.signature_def_utils.predict_signature_def
        return {
            "serving_default": make({"x": features["x"]}, {"scores": scores}),
            "raw": make({"examples": serialized}, {"scores": scores}),
        }

    _tf1(path, build, [["serve"]])


def learning_phase(path: Path) -> None:
    """TF1: a switch that is off unless it is fed, before operators that TF.js has not."""

    def build(v1):
        import tensorflow as tf

        x, logits = _dense(v1)
        phase = v1.placeholder_with_default(False, [], name="learning_phase")

        def noisy():
            drawn = tf.random.stateless_normal(tf.shape(logits), [1, 2])
            return tf.nn.dropout(logits, rate=0.5, seed=3) + tf.math.betainc(0.5, 0.5, drawn)

        chosen = v1.cond(phase, noisy, lambda: logits)
        make = v1.saved_model.signature_def_utils.predict_signature_def
        scores = v1.nn.softmax(chosen, name="scores")
        return {
            "serving_default": make({"x": x}, {"scores": scores}),
            "switched": make({"x": x, "phase": phase}, {"scores": scores}),
        }

    _tf1(path, build, [["serve"]])
