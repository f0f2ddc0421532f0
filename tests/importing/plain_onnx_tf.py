"""onnx-tf as installed, made to run beside TensorFlow 2.19 and Keras 3: what sigfix is measured by.

onnx-tf 1.10 imports two packages for one function each: tensorflow_addons (in its Hardmax
handler) and tensorflow_probability (in Bernoulli). The first cannot be imported beside Keras 3,
the second costs seconds, so both are stood in for while onnx-tf is imported, and only then.
"""

from __future__ import annotations

import functools
import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf


def hardmax(logits: Any) -> Any:
    """One-hot of the first maximum along the last axis, in the dtype of `logits`."""
    return tf.one_hot(tf.argmax(logits, -1), tf.shape(logits)[-1], dtype=logits.dtype)


@contextmanager
def _standing_in(modules: dict[str, types.ModuleType]) -> Iterator[None]:
    absent = [name for name in modules if name not in sys.modules]
    sys.modules.update({name: modules[name] for name in absent})
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _stand_ins() -> dict[str, types.ModuleType]:
    addons = types.ModuleType("tensorflow_addons")
    addons.seq2seq = types.SimpleNamespace(hardmax=hardmax)
    probability = types.ModuleType("tensorflow_probability")
    probability.distributions = types.SimpleNamespace()
    return {"tensorflow_addons": addons, "tensorflow_probability": probability}


@functools.cache
def plain_onnx_tf() -> Any:
    """Import onnx-tf with its own handlers only, and return its `onnx_tf.backend` module."""
    with _standing_in(_stand_ins()):
        return importlib.import_module("onnx_tf.backend")
