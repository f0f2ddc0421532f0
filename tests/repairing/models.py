"""Models as their authors left them: each a kind of source, or something that a repair must keep.

`SAVERS` maps a name to a function that saves the model into a directory with TensorFlow.
Run `python -m tests.repairing.models DIRECTORY` to have them all to look at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


def _tensorflow():
    import tensorflow as tf

    tf.random.set_seed(7)
    return tf


def wrapper(path: Path) -> None:
    """A module with a traced call and no signature; two variables share one name."""
    tf = _tensorflow()

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
    tf = _tensorflow()

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
    tf = _tensorflow()

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
    tf = _tensorflow()

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
    tf = _tensorflow()

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
    tf = _tensorflow()
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
    tf = _tensorflow()

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


def image(path: Path) -> None:
    """A channels-first image classifier without a signature: logits and a map."""
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.random.normal([3, 5]))

        @tf.function
        def __call__(self, pixels):
            logits = tf.einsum("bchw,ck->bkhw", pixels, self.kernel)
            return {"map": logits, "logits": tf.reduce_mean(logits, [2, 3])}

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None, 3, 8, 8], tf.float32))
    tf.saved_model.save(module, str(path))


def _detector(path: Path, with_sigmoid: bool) -> None:
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.random.normal([3, 1]))

        @tf.function
        def __call__(self, x):
            scores = tf.einsum("bchw,ck->bkhw", x, self.kernel)
            return tf.sigmoid(scores) if with_sigmoid else scores

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None, 3, 64, 64], tf.float32))
    tf.saved_model.save(module, str(path))


def detector(path: Path) -> None:
    """A text detector as PyTorch people convert it: channels first, raw logits."""
    _detector(path, with_sigmoid=False)


def detector_with_sigmoid(path: Path) -> None:
    """The same, with its sigmoid in the graph."""
    _detector(path, with_sigmoid=True)


def several_signatures(path: Path) -> None:
    """Two signatures, neither of them `serving_default`."""
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable([2.0])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def double(self, x):
            return {"y": x * self.weight}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def square(self, x):
            return {"z": x * x}

    module = Module()
    tf.saved_model.save(
        module, str(path), signatures={"double": module.double, "square": module.square}
    )


def healthy(path: Path) -> None:
    """`serving_default` is there."""
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable([[1.0], [2.0]])

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def __call__(self, x):
            return {"y": tf.matmul(x, self.weight)}

    module = Module()
    tf.saved_model.save(module, str(path), signatures=module.__call__)


def never_called(path: Path) -> None:
    """A function without a trace: nothing to call."""
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(1.0)

        @tf.function
        def __call__(self, x):
            return x * self.weight

    tf.saved_model.save(Module(), str(path))


def random(path: Path) -> None:
    """Answers differently each time."""
    tf = _tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return x + tf.random.normal([])

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(module, str(path))


def stateful(path: Path) -> None:
    """Counts its calls."""
    tf = _tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.count = tf.Variable(0.0)

        @tf.function
        def __call__(self, x):
            return x + self.count.assign_add(1.0)

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(module, str(path))


def reads_files(path: Path) -> None:
    """Reads the file that its input names."""
    tf = _tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, name):
            return tf.io.read_file(name)

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([], tf.string))
    tf.saved_model.save(module, str(path))


def endless(path: Path) -> None:
    """A loop that never ends."""
    tf = _tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return tf.while_loop(lambda y: tf.reduce_sum(y * 0.0) < 1.0, lambda y: (y + 1.0,), [x])

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(module, str(path))


def _tf1(path: Path, build: Callable, tags: list[list[str]], **more) -> None:
    tf = _tensorflow()
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        signatures = build(v1)
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
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


def frozen(path: Path) -> None:
    """A frozen GraphDef: one file."""
    tf = _tensorflow()
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder("float32", [None, 2], name="x")
        tf.nn.relu(tf.matmul(x, [[1.0, -1.0], [2.0, 0.5]]), name="y")
    path.mkdir()
    (path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())


def _keras2_model():
    import tf_keras

    inputs = tf_keras.Input([4], name="features")
    hidden = tf_keras.layers.Dense(5, activation="relu")(inputs)
    outputs = tf_keras.layers.Dense(2, name="head")(tf_keras.layers.Dropout(0.5)(hidden))
    return tf_keras.Model(inputs, outputs)


def keras2(path: Path) -> None:
    """A Keras 2 model in a SavedModel without signatures."""
    tf = _tensorflow()
    tf.saved_model.save(_keras2_model(), str(path), signatures={})


def keras2_whole(path: Path) -> None:
    """A Keras 2 model as Keras itself saves it, with its metadata."""
    _tensorflow()
    _keras2_model().save(str(path), save_format="tf")


def keras3(path: Path) -> None:
    """A Keras 3 model in a SavedModel without signatures."""
    tf = _tensorflow()
    import keras

    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, activation="softmax")])
    tf.saved_model.save(model, str(path), signatures={})


def keras_file(path: Path) -> None:
    """`.keras` and `.h5` files."""
    _tensorflow()
    import keras
    import tf_keras

    path.mkdir()
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, activation="softmax")])
    model.save(path / "model.keras")
    model.save(path / "model.h5")
    left, right = keras.Input([2], name="left"), keras.Input([3], name="right")
    joined = keras.layers.Concatenate()([left, right])
    normalised = keras.layers.BatchNormalization()(joined)
    heads = [keras.layers.Dense(size, name=name)(normalised) for name, size in (("b", 2), ("a", 1))]
    keras.Model([right, left], heads).save(path / "two.keras")
    lambda_ = keras.layers.Lambda(lambda x: x * 2.0)
    keras.Sequential([keras.Input([2]), lambda_]).save(path / "lambda.keras")
    old = tf_keras.Sequential([tf_keras.Input([4]), tf_keras.layers.Dense(3)])
    old.save(path / "keras2.h5")


SAVERS: dict[str, Callable[[Path], None]] = {
    saver.__name__: saver
    for saver in (
        wrapper, two_functions, submodule, traces, unlike_traces, nested, composite, image,
        detector, detector_with_sigmoid,
        several_signatures, healthy, never_called, random, stateful, reads_files, endless, tf1,
        tf1_dropout, tf1_unknown_rank, tf1_heads, tf1_meta_graphs, hub, frozen, keras2,
        keras2_whole, keras3, keras_file,
    )
}  # fmt: skip


if __name__ == "__main__":
    for name, saver in SAVERS.items():
        saver(Path(sys.argv[1]) / name)
