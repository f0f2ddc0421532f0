"""TensorFlow with its seed set, imported when a model is made."""

from __future__ import annotations


def tensorflow():
    import tensorflow as tf

    tf.random.set_seed(7)
    return tf
