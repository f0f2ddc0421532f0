"""DFT and STFT: products with sines and cosines, which are constants.

TensorFlow.js has Fourier transforms, of complex numbers and on some backends alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator

LAST = -2
"""The axis of a DFT that names none, from opset 20."""


@onnx_operator("DFT", 17, 20)
def fourier(node: Node, x: Any, length: Any = None, axis: Any = None) -> Any:
    """[..., 1 or 2] along `axis`: [..., 2]; of real numbers the half of them with `onesided`."""
    if node.since_version < 20:
        along = int(node.attributes.get("axis", 1))
    else:
        along = LAST if axis is None else int(node.fixed(axis, 2).reshape(-1)[0])
    rank = x.shape.rank
    along %= rank
    given = int(x.shape[along])  # static: `preflight_sizes.py`
    count = given if length is None else int(node.fixed(length, 1).reshape(-1)[0])
    given = min(given, count)  # samples that are not there are 0
    order = [*(i for i in range(rank - 1) if i != along), rank - 1, along]
    turned = layout.transpose(x, order)[..., :given]
    sign = 1.0 if node.attributes.get("inverse", 0) else -1.0
    kept = count // 2 + 1 if node.attributes.get("onesided", 0) else count
    cosines, sines = (wave[:given] for wave in _waves(count, kept, sign))
    if node.attributes.get("inverse", 0):
        cosines, sines = cosines / count, sines / count
    parts = [
        tf.matmul(turned, tf.constant(w.astype(x.dtype.as_numpy_dtype))) for w in (cosines, sines)
    ]
    real, imaginary = parts[0][..., 0, :], parts[1][..., 0, :]
    if x.shape[-1] == 2:
        real, imaginary = real - parts[1][..., 1, :], imaginary + parts[0][..., 1, :]
    made = tf.stack([real, imaginary], -1)
    rest = [i for i in range(rank - 1) if i != along]
    back = [*(rest.index(i) if i != along else rank - 2 for i in range(rank - 1)), rank - 1]
    return layout.transpose(made, back)


@onnx_operator("STFT", 17)
def short_fourier(node: Node, x: Any, step: Any, window: Any = None, length: Any = None) -> Any:
    """[N, samples] or [N, samples, 1] in frames that begin every `step`: [N, frames, bins, 2]."""
    if x.shape.rank == 3 and x.shape[-1] == 2:
        raise node.refuse("of complex samples is not supported")
    hop = int(node.fixed(step, 1).reshape(-1)[0])
    weights = None if window is None else node.fixed(window, 2)
    if length is not None:
        count = int(node.fixed(length, 3).reshape(-1)[0])
    elif weights is not None:
        count = len(weights)
    else:
        raise node.refuse("it says neither a window nor the length of a frame")
    kept = count // 2 + 1 if node.attributes.get("onesided", 1) else count
    waves = np.stack(_waves(count, kept, -1.0), -1).reshape(count, -1)
    if weights is not None:
        waves = waves * weights[:, None]
    samples = tf.reshape(x, tf.stack([tf.shape(x)[0], -1, 1]))
    kernel = tf.constant(waves[:, None, :].astype(x.dtype.as_numpy_dtype))
    made = tf.nn.conv1d(samples, kernel, hop, "VALID")
    result = tf.reshape(made, tf.stack([tf.shape(made)[0], -1, kept, 2]))
    result.set_shape([x.shape[0], made.shape[1], kept, 2])
    return result


def _waves(count: int, kept: int, sign: float) -> tuple[Any, Any]:
    """Cosines and sines [samples, bins]."""
    angles = 2 * np.pi * np.outer(np.arange(count), np.arange(kept)) / count
    return np.cos(angles), sign * np.sin(angles)
