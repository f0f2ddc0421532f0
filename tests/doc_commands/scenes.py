"""Folders in which a documented command means something: each makes the models that it names."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.diagnosis.broken_models import no_serving_default
from tests.models import healthy


def nothing() -> None:
    """An empty folder."""


def folders() -> None:
    """A model that lacks its signature, one that has it, and some below `models`."""
    no_serving_default().write(Path("model"))
    for name in ("fixed", "models/a", "models/b"):
        healthy().write(Path(name))


def repository() -> None:
    """A git repository with an ONNX file that is not yet on its main branch."""
    from tests.reading.test_other_formats import onnx_model

    git = ["git", "-c", "user.name=n", "-c", "user.email=e@localhost"]
    Path("README").write_text("x")
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    Path("net.onnx").write_bytes(onnx_model())
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "checkout", "-qb", "work"], check=True)


def baselined() -> None:
    """The same models with their findings written down."""
    from tests.cli.running import run

    folders()
    no_serving_default().write(Path("models/c"))
    run("inspect", "--recursive", "models", "--baseline", "sigfix-baseline.json",
        "--write-baseline")  # fmt: skip


def saved(make: Callable[[Any], Any], path: str = "model", **signatures: str) -> None:
    """A TensorFlow module saved at `path`; `signatures` name functions of it."""
    import tensorflow as tf

    module = make(tf)
    named = {key: getattr(module, name) for key, name in signatures.items()}
    tf.saved_model.save(module, path, signatures=named or None)


def _pixels(tf: Any) -> Any:
    return tf.TensorSpec([None, None, None, 3], tf.float32, name="image")


def image_model() -> None:
    """A function of images whose size is open, with an argument that is none."""

    def make(tf: Any) -> Any:
        class Model(tf.Module):
            @tf.function
            def __call__(self, image: Any, training: bool) -> Any:
                mean = tf.reduce_mean(image, [1, 2])
                return mean * 0.5 if training else mean

        model = Model()
        for training in (True, False):
            model.__call__.get_concrete_function(_pixels(tf), training)
        return model

    saved(make)


def one_image_function() -> None:
    """The same without the argument."""

    def make(tf: Any) -> Any:
        model = tf.Module()
        model.call = tf.function(
            lambda image: tf.reduce_mean(image, [1, 2]), input_signature=[_pixels(tf)]
        )
        return model

    saved(make)


def two_parts() -> None:
    """An encoder and a decoder below a root that has no function."""

    def make(tf: Any) -> Any:
        class Part(tf.Module):
            def __init__(self, weight: float) -> None:
                super().__init__()
                self.weight = tf.Variable(weight)

            @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
            def __call__(self, x: Any) -> Any:
                return x * self.weight

        model = tf.Module()
        model.encoder, model.decoder = Part(2.0), Part(0.5)
        return model

    saved(make)


def _scored(tf: Any) -> Any:
    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = tf.Variable(tf.random.stateless_normal([16, 4], [1, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.float32, name="x")])
        def scores(self, x: Any) -> Any:
            return {"output_0": tf.matmul(x, self.weight)}

        @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.float32, name="x")])
        def classes(self, x: Any) -> Any:
            return {"classes": tf.argmax(tf.matmul(x, self.weight), -1)}

    return Model()


def signed() -> None:
    """A model with its signature, and its copy."""
    for path in ("model", "fixed"):
        saved(_scored, path, serving_default="scores")


def lone() -> None:
    """The only SavedModel here."""
    saved(_scored, "model", serving_default="scores")


def of_scores() -> None:
    """A second signature, `scores`, its copy, and inputs for it."""
    import numpy as np

    for path in ("model", "fixed"):
        saved(_scored, path, serving_default="classes", scores="scores")
    np.savez("inputs.npz", x=np.linspace(0, 1, 32, dtype=np.float32).reshape(2, 16))


def to_split() -> None:
    """Signatures of which one is made of two."""
    saved(_scored, "model", scores="scores", classes="classes")


def with_image_signature() -> None:
    """An image of any size and batch, with its signature."""

    def make(tf: Any) -> Any:
        model = tf.Module()
        model.call = tf.function(
            lambda image: {"output_0": tf.nn.relu(image - 0.5)}, input_signature=[_pixels(tf)]
        )
        return model

    saved(make, "model", serving_default="call")


def onnx_file() -> None:
    """An ONNX file of a convolution, of images of 16 x 16."""
    from tests.doc_commands.onnx_files import convolution

    convolution(16, "model.onnx")


def open_onnx_file() -> None:
    """The same, which leaves sizes open."""
    from tests.doc_commands.onnx_files import convolution

    convolution(None, "model.onnx")


def converted_onnx() -> None:
    """An ONNX file, and what it was converted to."""
    from tests.cli.running import run

    onnx_file()
    assert run("convert", "model.onnx", "--tfjs") == 0


def keras_file() -> None:
    """A Keras file."""
    import keras

    keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]).save("model.keras")


def unsigned() -> None:
    """One function, and no signature."""

    def make(tf: Any) -> Any:
        model = tf.Module()
        spec = tf.TensorSpec([None, 4], tf.float32, name="x")
        model.call = tf.function(lambda x: x * 2.0, input_signature=[spec])
        return model

    saved(make)


def unsigned_graph() -> None:
    """A graph of TF1 with `softmax` and `ArgMax`, and no signature."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        tf.nn.softmax(x, name="softmax")
        tf.argmax(x, -1, name="ArgMax")
        builder = v1.saved_model.Builder("model")
        builder.add_meta_graph_and_variables(session, ["serve"])
        builder.save()


def parsing() -> None:
    """A signature that parses tf.Examples."""

    def make(tf: Any) -> Any:
        model = tf.Module()

        def serve(examples: Any) -> Any:
            features = {"age": tf.io.FixedLenFeature([2], tf.float32)}
            return {"y": 2.0 * tf.io.parse_example(examples, features)["age"]}

        spec = tf.TensorSpec([None], tf.string, name="examples")
        model.serve = tf.function(serve, input_signature=[spec])
        return model

    saved(make, serving_default="serve")


def words() -> None:
    """Sentences that are split and looked up in front of what is computed."""

    def make(tf: Any) -> Any:
        model = tf.Module()
        pairs = tf.lookup.KeyValueTensorInitializer(
            tf.constant(["a", "fox"]), tf.constant([1, 2], tf.int64)
        )
        model.table = tf.lookup.StaticHashTable(pairs, tf.constant(0, tf.int64))
        model.rows = tf.Variable(tf.random.stateless_normal([3, 4], [1, 2]))

        def serve(text: Any) -> Any:
            ids = model.table.lookup(tf.strings.split(text).to_tensor(shape=[None, 6]))
            return {"y": tf.reduce_mean(tf.gather(model.rows, ids), 1)}

        spec = tf.TensorSpec([None], tf.string, name="text")
        model.serve = tf.function(serve, input_signature=[spec])
        return model

    saved(make, serving_default="serve")
