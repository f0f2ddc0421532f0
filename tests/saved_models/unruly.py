"""Models that cannot simply be run and compared."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def random(path: Path) -> None:
    """Answers differently each time."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return x + tf.random.normal([])

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(module, str(path))


def stateful(path: Path) -> None:
    """Counts its calls."""
    tf = tensorflow()

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
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, name):
            return tf.io.read_file(name)

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([], tf.string))
    tf.saved_model.save(module, str(path))


def endless(path: Path) -> None:
    """A loop that never ends."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, x):
            return tf.while_loop(lambda y: tf.reduce_sum(y * 0.0) < 1.0, lambda y: (y + 1.0,), [x])

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32))
    tf.saved_model.save(module, str(path))
