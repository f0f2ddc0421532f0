"""Save a model as many are published: a function that works, and no signature.

python examples/no_signature.py DIRECTORY
"""

from __future__ import annotations

import sys

import tensorflow as tf


class Classifier(tf.Module):
    """A convolution, a pooling and a dense layer, with random weights."""

    def __init__(self) -> None:
        super().__init__()
        random = tf.random.Generator.from_seed(7)
        self.kernel = tf.Variable(random.normal([3, 3, 3, 128], stddev=0.3), name="kernel")
        self.bias = tf.Variable(random.normal([128]), name="bias")
        self.dense = tf.Variable(random.normal([128, 10]), name="dense")

    @tf.function
    def predict(self, image: tf.Tensor) -> tf.Tensor:
        """Ten scores for each image, float32[batch, height, width, 3]."""
        features = tf.nn.relu(tf.nn.conv2d(image, self.kernel, 1, "SAME") + self.bias)
        return tf.matmul(tf.reduce_mean(features, axis=[1, 2]), self.dense)


if __name__ == "__main__":
    classifier = Classifier()
    classifier.predict.get_concrete_function(tf.TensorSpec([None, 32, 32, 3], name="image"))
    tf.saved_model.save(classifier, sys.argv[1])
