"""TF2 object graphs without a signature: functions, traces, structured arguments."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def wrapper(path: Path) -> None:
    """A module with a traced call and no signature; two variables share one name."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.first = tf.Variable(tf.random.normal([4, 3]), name="weight")
            self.second = tf.Variable(tf.random.normal([3]), name="weight")
            self.table = tf.lookup.StaticHashTable(
                tf.lookup.KeyValueTensorInitializer(["a", "b"], [1.0, 2.0]), 0.0
            )
            vocabulary = path.parent / f"{path.name}_words.txt"
            vocabulary.write_text("zero\none\ntwo\n")
            self.words = tf.lookup.StaticVocabularyTable(
                tf.lookup.TextFileInitializer(
                    str(vocabulary),
                    tf.string,
                    tf.lookup.TextFileIndex.WHOLE_LINE,
                    tf.int64,
                    tf.lookup.TextFileIndex.LINE_NUMBER,
                ),
                1,
            )
            self.unused = tf.Variable([1.5, 2.5], name="unused")

        @tf.function
        def __call__(self, x):
            score = tf.matmul(x, self.first) + self.second
            index = self.words.lookup(tf.constant(["two"]))
            return {"score": score, "a": self.table.lookup(tf.constant(["b"])), "index": index}

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None, 4], tf.float32))
    tf.saved_model.save(module, str(path))


def two_functions(path: Path) -> None:
    """Two named functions of the root, one of a submodule."""
    tf = tensorflow()

    class Part(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(2.0)

        @tf.function
        def scale(self, values):
            return values * self.weight

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.part = Part()

        @tf.function
        def encode(self, x):
            return self.part.scale(x) + 1.0

        @tf.function
        def decode(self, x):
            return (x - 1.0) / self.part.weight

    module = Module()
    spec = tf.TensorSpec([None], tf.float32)
    module.encode.get_concrete_function(spec)
    module.decode.get_concrete_function(spec)
    module.part.scale.get_concrete_function(spec)
    tf.saved_model.save(module, str(path))


def submodule(path: Path) -> None:
    """The root has no function; a submodule has one."""
    tf = tensorflow()

    class Part(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable([[1.0, 2.0]])

        @tf.function
        def __call__(self, x):
            return x * self.weight

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.part = Part()

    module = Module()
    module.part.__call__.get_concrete_function(tf.TensorSpec([None, 2], tf.float32, name="x"))
    tf.saved_model.save(module, str(path))


def traces(path: Path) -> None:
    """Traces for training and inference, for one row and for any number."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(3.0)

        @tf.function
        def __call__(self, x, training=False):
            return x * self.weight + (100.0 if training else 0.0)

    module = Module()
    for rows in (1, None):
        for training in (True, False):
            module.__call__.get_concrete_function(
                tf.TensorSpec([rows, 2], tf.float32), training=training
            )
    tf.saved_model.save(module, str(path))


def unlike_traces(path: Path) -> None:
    """Two traces that no third one covers."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return tf.reduce_sum(x)

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None, 2], tf.float32))
    module.__call__.get_concrete_function(tf.TensorSpec([None, 2, 2], tf.float32))
    tf.saved_model.save(module, str(path))


def nested(path: Path) -> None:
    """Nested, dict, named and literal arguments and results, a nameless argument among them."""
    tf = tensorflow()
    from collections import namedtuple

    pair = namedtuple("Pair", ["low", "high"])

    class Module(tf.Module):
        @tf.function
        def __call__(self, batch, pieces, *args, mode="sum"):
            total = batch["b"] * 10.0 + batch["a"]
            return {
                "total": total + pieces[0] + 2.0 * pieces[1] + 3.0 * args[0],
                "pair": pair(total - 1.0, total + 1.0),
                "list": [total, total * 2.0],
            }

    module = Module()
    spec = tf.TensorSpec([None], tf.float32)
    module.__call__.get_concrete_function({"a": spec, "b": spec}, [spec, spec], spec, mode="sum")
    tf.saved_model.save(module, str(path))


def composite(path: Path) -> None:
    """A ragged and a sparse argument."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, words, weights):
            lengths = tf.cast(words.row_lengths(), tf.float32)
            return {
                "length": lengths + tf.reduce_sum(tf.cast(words.values, tf.float32)),
                "total": tf.sparse.reduce_sum(weights),
            }

    module = Module()
    module.__call__.get_concrete_function(
        tf.RaggedTensorSpec([None, None], tf.int32, ragged_rank=1),
        tf.SparseTensorSpec([None, None], tf.float32),
    )
    tf.saved_model.save(module, str(path))


def never_called(path: Path) -> None:
    """A function without a trace: nothing to call."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(1.0)

        @tf.function
        def __call__(self, x):
            return x * self.weight

    tf.saved_model.save(Module(), str(path))


def dict_like(path: Path) -> None:
    """An object with functions that are called as those of a dict are."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
        def __call__(self, x):
            return {"y": x * 2.0}

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
        def keys(self, x):
            return {"k": x + 1.0}

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
        def items(self, x):
            return {"i": x - 1.0}

    tf.saved_model.save(Module(), str(path))
