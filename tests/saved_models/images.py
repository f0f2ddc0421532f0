"""Image models without a signature, as people convert them."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def image(path: Path) -> None:
    """A channels-first image classifier without a signature: logits and a map."""
    tf = tensorflow()

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
    tf = tensorflow()

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


def _recogniser(path: Path, classes: int, channels_first: bool) -> None:
    """A recogniser's shapes: 32 steps over the width; with a signature, as importers write it."""
    tf = tensorflow()
    shape = [None, 3, 32, 128] if channels_first else [None, 32, 128, 3]

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.random.normal([3, classes]))

        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="input")])
        def __call__(self, input):
            image = tf.transpose(input, [0, 2, 3, 1]) if channels_first else input
            steps = tf.reduce_mean(tf.reshape(image, [-1, 32, 32, 4, 3]), [1, 3])
            logits = tf.einsum("bwc,ck->bwk", steps, self.kernel)
            return {"logits": logits}

    module = Module()
    tf.saved_model.save(module, str(path), signatures=module.__call__)


def recogniser(path: Path) -> None:
    """Channels first, 127 classes: what onnx-tf makes of a docTR export."""
    _recogniser(path, 127, channels_first=True)


def recogniser_channels_last(path: Path) -> None:
    """Channels last, 100 classes: what onnx2tf makes of one, with a vocabulary of its own."""
    _recogniser(path, 100, channels_first=False)


def detector_of_onnx_tf(path: Path) -> None:
    """Channels first, with a signature whose output has no recorded shape."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable(tf.random.normal([3, 1]))

        @tf.function(input_signature=[tf.TensorSpec([None, 3, 64, 64], tf.float32, name="input")])
        def __call__(self, input):
            scores = tf.einsum("bchw,ck->bkhw", input, self.kernel)
            sizes = tf.shape(scores)
            return {"logits": tf.reshape(scores, tf.gather(sizes, tf.where(sizes > 0)[:, 0]))}

    module = Module()
    tf.saved_model.save(module, str(path), signatures=module.__call__)
