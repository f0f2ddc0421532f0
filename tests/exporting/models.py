"""SavedModels that are hard to export rightly, made with TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf


def save(path: Path, function: Callable, *specs: tf.TensorSpec) -> Path:
    """A SavedModel whose `serving_default` is `function` of the named specs."""
    module = tf.Module()
    module.serve = tf.function(function, input_signature=list(specs))
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


def floats(name: str, *shape: int | None) -> tf.TensorSpec:
    return tf.TensorSpec(shape, tf.float32, name)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def mobile_block(image):
    """What Grappler's remapper turns into a hard-swish kernel that TF.js does not have."""
    y = tf.nn.bias_add(tf.nn.conv2d(image, noise(3, 3, 3, 8), 2, "SAME"), noise(8))
    y = y * tf.nn.relu6(y + 3.0) / 6.0
    y = tf.pad(y, [[0, 0], [1, 1], [1, 1], [0, 0]])
    y = tf.nn.depthwise_conv2d(y, noise(3, 3, 8, 1, seed=1), [1, 2, 2, 1], "VALID")
    y, _, _ = tf.compat.v1.nn.fused_batch_norm(
        y, noise(8), noise(8, seed=2), noise(8, seed=3), abs(noise(8, seed=4)), is_training=False
    )
    y = tf.nn.relu(y)
    y = tf.nn.conv2d_transpose(y, noise(3, 3, 4, 8), [tf.shape(y)[0], 8, 8, 4], 2, "SAME")
    return {"features": tf.sigmoid(tf.nn.bias_add(y, noise(4)))}


def twins(left, right):
    """Two inputs and two outputs of one dtype and shape: only their names tell them apart."""
    return {"zeta": left - right, "alpha": left + right}


def passthrough(x, unused):
    return {"same": x, "constant": tf.constant([1.0, 2.0]), "half": x / 2}
