"""TF2 models that have signatures."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def several_signatures(path: Path) -> None:
    """Two signatures, neither of them `serving_default`."""
    tf = tensorflow()

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
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable([[1.0], [2.0]])

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
        def __call__(self, x):
            return {"y": tf.matmul(x, self.weight)}

    module = Module()
    tf.saved_model.save(module, str(path), signatures=module.__call__)
