"""Models that were traced for a batch of 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.saved_models.seeded import tensorflow


def _save(path: Path, call: Any, *shapes: tuple[int, ...], signed: bool = False) -> None:
    """Save a module that holds `call` and its variables, traced for inputs of these shapes."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            random = tf.random.Generator.from_seed(7)
            self.table = tf.Variable(random.normal([8, 8]))
            self.kernel = tf.Variable(random.normal([3, 3, 2, 4]))
            self.token = tf.Variable(random.normal([1, 1, 8]))

        __call__ = tf.function(call)

    module = Module()
    specs = [tf.TensorSpec(shape, tf.float32, name=f"x{n or ''}") for n, shape in enumerate(shapes)]
    traced = module.__call__.get_concrete_function(*specs)
    tf.saved_model.save(module, str(path), signatures=traced if signed else None)


def one_row(path: Path) -> None:
    """Rows of numbers through a matrix."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        return {"y": tf.nn.softmax(tf.matmul(x, self.table))}

    _save(path, call, (1, 8))


def one_row_signed(path: Path) -> None:
    """The same, with a signature for one row."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        return {"y": tf.nn.softmax(tf.matmul(x, self.table))}

    _save(path, call, (1, 8), signed=True)


def one_image(path: Path) -> None:
    """A picture, smaller and larger again; shapes were constants when it was traced."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        y = tf.nn.relu(tf.nn.conv2d(x, self.kernel, 2, "SAME"))
        size = tf.shape(x)
        up = tf.nn.conv2d_transpose(y, self.kernel, size, 2)
        flat = tf.reshape(y, [size[0], 16 * 4])
        heads = tf.reshape(y, [1, 16, 2, 2])
        turned = tf.reshape(tf.transpose(heads, [0, 2, 1, 3]), [1, 64])
        return {"up": up, "flat": flat, "turned": turned}

    _save(path, call, (1, 8, 8, 2))


def one_sentence(path: Path) -> None:
    """A class token before the words, attention, and a second input."""
    tf = tensorflow()

    def call(self: Any, x: Any, mask: Any) -> Any:
        token = tf.broadcast_to(self.token, [tf.shape(x)[0], 1, 8])
        words = tf.concat([token, x], 1)
        query = tf.reshape(tf.matmul(tf.reshape(words, [6, 8]), self.table), [1, 6, 8])
        scores = tf.matmul(query, words, transpose_b=True) + mask[:, None, :]
        mixed = tf.matmul(tf.nn.softmax(scores), words)
        return {"first": mixed[:, 0], "all": mixed}

    _save(path, call, (1, 5, 8), (1, 6))


def one_row_of_its_own(path: Path) -> None:
    """What a row gives depends on the others: a mean over the batch is taken away."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        return {"y": tf.cumsum(tf.matmul(x, self.table), 0)}

    _save(path, call, (1, 8))


def one_row_unpacked(path: Path) -> None:
    """The batch is taken off, so that there is no place for another."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        return {"y": tf.linalg.matvec(self.table, tf.squeeze(x, 0))[None]}

    _save(path, call, (1, 8))


def one_row_summed(path: Path) -> None:
    """A sum over everything."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        return {"y": x / tf.reduce_sum(tf.abs(x))}

    _save(path, call, (1, 8))


def one_row_in_a_loop(path: Path) -> None:
    """A loop, whose body was traced for a batch of 1."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        for _ in tf.range(tf.cast(tf.reduce_sum(self.token) * 0 + 3, tf.int32)):
            x = tf.tanh(tf.matmul(x, self.table))
        return {"y": x}

    _save(path, call, (1, 8))


def one_row_normalised(path: Path) -> None:
    """Batch statistics are computed of the batch itself."""
    tf = tensorflow()

    def call(self: Any, x: Any) -> Any:
        y, _, _ = tf.compat.v1.nn.fused_batch_norm(x, tf.ones([2]), tf.zeros([2]), is_training=True)
        return {"y": y}

    _save(path, call, (1, 4, 4, 2))


def one_photo(path: Path) -> None:
    """Keras 3: convolutions, normalised by what was learnt, pooled, dense."""
    tf = tensorflow()
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential([
        keras.Input(batch_shape=(1, 12, 12, 3), name="photo"),
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(moving_mean_initializer="random_normal"),
        layers.ReLU(),
        layers.DepthwiseConv2D(3, padding="same"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(5, activation="softmax"),
    ])  # fmt: skip
    tf.saved_model.save(model, str(path), signatures={})


def one_passage(path: Path) -> None:
    """Keras 3: an encoder with attention, whose author put the batch of 1 into a shape."""
    tf = tensorflow()
    import keras

    keras.utils.set_random_seed(3)
    layers = keras.layers
    words = keras.Input(batch_shape=(1, 6, 8), name="words")
    mixed = layers.MultiHeadAttention(2, 4)(words, words)
    hidden = layers.LayerNormalization()(layers.Add()([words, mixed]))
    parts = keras.ops.reshape(hidden, (1, 6, 2, 4))
    turned = keras.ops.transpose(parts, (0, 2, 1, 3))
    flat = keras.ops.reshape(turned, (1, 48))
    scores = layers.Dense(3)(flat)
    tf.saved_model.save(keras.Model(words, scores), str(path), signatures={})


def one_state(path: Path) -> None:
    """Keras 2: an LSTM that keeps its state from call to call, for one row."""
    tf = tensorflow()
    import tf_keras

    tf_keras.utils.set_random_seed(3)
    steps = tf_keras.Input(batch_shape=(1, 4, 3), name="steps")
    found = tf_keras.layers.LSTM(5, stateful=True)(steps)
    tf.saved_model.save(tf_keras.Model(steps, found), str(path), signatures={})
