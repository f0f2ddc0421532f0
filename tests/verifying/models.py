"""Small models to convert with tensorflowjs's own converter."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def save_mixed(folder: Path) -> Path:
    """Two inputs, three outputs: float32, int64, bool."""
    import tensorflow as tf

    class Mixed(tf.Module):
        def __init__(self):
            self.kernel = tf.Variable(tf.random.stateless_normal([3, 4], seed=[1, 2]))

        @tf.function(
            input_signature=[tf.TensorSpec([None, 3], tf.float32), tf.TensorSpec([None], tf.int64)]
        )
        def call(self, x, ids):
            return {
                "scores": tf.tanh(x @ self.kernel),
                "squares": tf.gather(tf.range(20, dtype=tf.int64) ** 2, ids),
                "large": tf.reduce_sum(x, axis=1) > 1.5,
            }

    module = Mixed()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


def save_loop(folder: Path) -> Path:
    """A while loop whose length the input decides."""
    import tensorflow as tf

    class Loop(tf.Module):
        @tf.function(
            input_signature=[tf.TensorSpec([None, 2], tf.float32), tf.TensorSpec([], tf.int32)]
        )
        def call(self, x, steps):
            step = tf.constant(0)
            while step < steps:
                x = x * 1.5 + 1.0
                step += 1
            return {"y": x}

    module = Loop()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


def save_text(folder: Path) -> Path:
    """A string input, string outputs, and an operator that only the cpu backend has."""
    import tensorflow as tf

    class Text(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.string)])
        def call(self, words):
            return {
                "flat": tf.reshape(words, [-1]),
                "buckets": tf.strings.to_hash_bucket_fast(words, 1000),
                "replaced": tf.strings.regex_replace(words, "a+", "o"),
            }

    module = Text()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


def save_table(folder: Path) -> Path:
    """A hash table that an initialiser fills."""
    import tensorflow as tf

    class Table(tf.Module):
        def __init__(self):
            pairs = tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([3, 4], tf.int64))
            self.table = tf.lookup.StaticHashTable(pairs, default_value=-1)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def call(self, words):
            return {"ids": self.table.lookup(words)}

    module = Table()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


def save_shared(folder: Path) -> Path:
    """Outputs that are an input and a constant: tensors that the next call needs again."""
    import tensorflow as tf

    class Shared(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def call(self, x):
            return {"same": x, "constant": tf.constant([0.5, 2.0, 8.0])}

    module = Shared()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.call})
    return folder


def to_tfjs(saved_model: Path) -> Path:
    """Convert beside `saved_model`, as tensorflowjs_converter does by default."""
    # tensorflow-decision-forests greets through IPython where the output is captured.
    os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
    from tensorflowjs.converters import tf_saved_model_conversion_v2

    target = saved_model.with_name(saved_model.name + "_tfjs")
    tf_saved_model_conversion_v2.convert_tf_saved_model(str(saved_model), str(target))
    return target
