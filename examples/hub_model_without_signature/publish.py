"""Publish an encoder of token ids as hubs have them: python publish.py DIRECTORY."""

from __future__ import annotations

import sys

import tensorflow as tf


class Encoder(tf.Module):
    """The mean of the vectors of some tokens."""

    def __init__(self, tokens: int = 1000, size: int = 64) -> None:
        super().__init__()
        random = tf.random.Generator.from_seed(3)
        self.table = tf.Variable(random.normal([tokens, size]), name="table")

    @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.int32, "ids")])
    def __call__(self, ids: tf.Tensor) -> tf.Tensor:
        """A vector for each row of ids."""
        return tf.reduce_mean(tf.gather(self.table, ids), axis=1)

    @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.int32, "ids")])
    def encode(self, ids: tf.Tensor) -> tf.Tensor:
        """The same, of length 1."""
        return tf.math.l2_normalize(self(ids), axis=1)


if __name__ == "__main__":
    # Without `signatures={}` TensorFlow would look for one itself.
    tf.saved_model.save(Encoder(), sys.argv[1], signatures={})
