"""onnx-tf made to run beside TensorFlow 2.19 and Keras 3, with sigfix's operators over its own.

onnx-tf 1.10 imports two packages for one function each: tensorflow_addons (in its Hardmax
handler) and tensorflow_probability (in Bernoulli). The first cannot be imported beside Keras 3,
the second costs seconds, so both are stood in for while onnx-tf is imported, and only then.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from sigfix.importing import preflight


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
    addons.seq2seq = types.SimpleNamespace(hardmax=hardmax)  # type: ignore[attr-defined]
    probability = types.ModuleType("tensorflow_probability")
    # Bernoulli itself is refused by preflight.py: a random model cannot be verified.
    probability.distributions = types.SimpleNamespace()  # type: ignore[attr-defined]
    return {"tensorflow_addons": addons, "tensorflow_probability": probability}


@functools.cache
def plain_onnx_tf() -> Any:
    """Import onnx-tf with its own handlers only, and return its `onnx_tf.backend` module."""
    with _standing_in(_stand_ins()):
        return importlib.import_module("onnx_tf.backend")


@functools.cache
def backend() -> Any:
    """onnx-tf's TensorflowBackend with sigfix's operators registered over the library's."""
    library = plain_onnx_tf()
    importlib.import_module("sigfix.importing.operators")

    class Backend(library.TensorflowBackend):  # type: ignore[misc, name-defined]
        """Reads initializers as arrays: onnx-tf's own way makes a Python list of every weight."""

        @classmethod
        def _onnx_initializer_to_input_dict_items(
            cls, initializer: Any, training_mode: bool = False
        ) -> list[tuple[str, Any]]:
            return [(i.name, tf.constant(onnx.numpy_helper.to_array(i))) for i in initializer]

    return Backend


def trace(model: onnx.ModelProto, inputs: dict[str, Any]) -> dict[str, Any]:
    """Emit the model's operators into the current TensorFlow graph.

    `inputs` maps each graph input (initializers excluded) to a tensor in the layout that ONNX
    gives it. Returns the graph's outputs by name, in ONNX's layout.

    Raises `ConversionError` naming every node that is not supported, before anything is emitted.
    """
    library = backend()
    preflight.check(model)
    logging.getLogger("onnx-tf").setLevel(logging.ERROR)
    # Its `prepare` would check the whole model once more, in a copy.
    representation = library.onnx_model_to_tensorflow_rep(model, strict=True)
    module: Any = representation.tf_module
    call: Any = type(module).__call__
    # The Python function, not the tf.function: a nested trace would hide the transpose in front
    # of an input behind a placeholder, and the layout rules could not cancel it.
    outputs = call.python_function(module, **inputs)
    return {name: outputs[name] for name in (o.name for o in model.graph.output)}


def as_array(tensor: Any) -> np.ndarray[Any, Any] | None:
    """The value of a tensor that does not depend on the inputs, or None."""
    if tensor is None:
        return None
    if isinstance(tensor, np.ndarray):
        return tensor
    value = tf.get_static_value(tensor)
    return None if value is None else np.asarray(value)


CONSTANTS = "sigfix/shared_constants"
"""A collection of the graph: a dictionary elsewhere would keep graph and weights in memory."""


def shared_constant(value: np.ndarray[Any, Any]) -> Any:
    """A constant in the current graph, one for all equal values.

    A decoder that is unrolled uses the same weights at every step. Turned round anew each time
    they would fill the memory, and a GraphDef cannot be larger than 2 GiB.
    """
    value = np.asarray(value, order="C")
    collection = tf.compat.v1.get_default_graph().get_collection_ref(CONSTANTS)
    if not collection:
        collection.append({})
    (known,) = collection
    key = (value.dtype.str, value.shape, hashlib.blake2b(value.tobytes()).digest())
    if key not in known:
        known[key] = tf.constant(value)
    return known[key]
