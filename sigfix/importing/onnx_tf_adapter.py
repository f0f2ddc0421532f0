"""onnx-tf 1.10 beside TensorFlow 2.19 and Keras 3, with sigfix's operators over its own.

For programs that call onnx-tf. Nothing of sigfix itself goes through it: `tracing.py` walks ONNX
graphs. Until `install` or `prepare` is called, nothing is imported and nothing changed.
"""

from __future__ import annotations

import functools
import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sigfix.packages import require_extras


@functools.cache
def install() -> Any:
    """Make onnx-tf work in this process, and return its module `onnx_tf.backend`.

    From then on `onnx_tf.backend.prepare` uses sigfix's operators, and its own where those refuse
    a node; `export_graph` writes a SavedModel whose `serving_default` has the ONNX model's names
    and dynamic axes. Only onnx-tf's own classes are changed.

    Raises `MissingExtraError` without the extra `onnx-tf`.
    """
    require_extras("onnx-tf", "onnx-tf")
    with _addons_stood_in_for():
        library = importlib.import_module("onnx_tf.backend")
    handlers = importlib.import_module("sigfix.importing.onnx_tf_handlers")
    handlers.register_operators()
    backend = library.TensorflowBackend
    backend._onnx_initializer_to_input_dict_items = classmethod(handlers.initializers)
    backend._onnx_node_to_tensorflow_op = classmethod(
        handlers.at_its_own_opset(backend._onnx_node_to_tensorflow_op.__func__)
    )
    backend.onnx_model_to_tensorflow_rep = classmethod(
        handlers.of_a_plain_copy(backend.onnx_model_to_tensorflow_rep.__func__)
    )
    representation = library.TensorflowRep
    representation.run = handlers.said_by_sigfix(representation.run)
    representation.export_graph = handlers.export_graph
    return library


def prepare(model: Any, **options: Any) -> Any:
    """`onnx_tf.backend.prepare` after `install`: a `TensorflowRep` of an `onnx.ModelProto`.

    It has `run(inputs)` and `export_graph(path)`. `options` are onnx-tf's, which logs to standard
    error from `logging_level` on ("ERROR" here).

    Raises `MissingExtraError` without the extra `onnx-tf`; `run` and `export_graph` raise
    `ConversionError` for a node that neither sigfix nor onnx-tf can express.
    """
    return install().prepare(model, **{"logging_level": "ERROR", **options})


def _hardmax(logits: Any) -> Any:
    """One-hot of the first maximum along the last axis, in the dtype of `logits`."""
    import tensorflow as tf

    return tf.one_hot(tf.argmax(logits, -1), tf.shape(logits)[-1], dtype=logits.dtype)


@contextmanager
def _addons_stood_in_for() -> Iterator[None]:
    """What onnx-tf takes from tensorflow_addons, one function, under that name while it imports it.

    tensorflow_addons 0.23, its last version, cannot be imported beside Keras 3.
    """
    name = "tensorflow_addons"
    if name in sys.modules:
        yield
        return
    addons: Any = types.ModuleType(name)
    addons.seq2seq = types.SimpleNamespace(hardmax=_hardmax)
    sys.modules[name] = addons
    try:
        yield
    finally:
        sys.modules.pop(name, None)
