"""The optimizer that a SavedModel was trained with, loaded without Keras.

TensorFlow imports the whole of Keras to load one, in each process that loads the model: a second of
a processor and 100 MB, and a model cannot be loaded where that Keras is not installed. What
somebody computes with a loaded model needs of an optimizer what it holds: its own variables, and
the slots, variables beside those that it trains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OPTIMIZER = "optimizer"
"""What Keras 2 calls them in a SavedModel. TensorFlow asks for Keras for these alone."""


@contextmanager
def plain_optimizers() -> Iterator[None]:
    """Let `tf.saved_model.load` make plain objects of optimizers in the block.

    They hold the same variables with the same values. A TensorFlow that loads them in another way
    does so.
    """
    from tensorflow.python.saved_model import load

    loader: Any = getattr(load, "Loader", None)
    usual: Callable[..., Any] | None = getattr(loader, "_recreate_user_object", None)
    if usual is None:
        yield
        return

    def recreated(self: Any, proto: Any, node_id: Any) -> Any:
        if proto.identifier == OPTIMIZER:
            return _plain(), setattr
        return usual(self, proto, node_id)

    loader._recreate_user_object = recreated
    try:
        yield
    finally:
        loader._recreate_user_object = usual


def _plain() -> Any:
    import tensorflow as tf

    slots: dict[tuple[int, str], Any] = {}

    class Optimizer(tf.__internal__.tracking.AutoTrackable):  # type: ignore[misc]
        """What a loader and a checkpoint ask an optimizer for."""

        def add_slot(self, var: Any, slot_name: str) -> Any:
            slot = tf.Variable(tf.zeros(var.shape, var.dtype), trainable=False)
            slots[id(var), slot_name] = slot
            return slot

        def _create_or_restore_slot_variable(
            self, slot_variable_position: Any, slot_name: str, variable: Any, **_: Any
        ) -> Any:
            return slots.get((id(variable), slot_name))  # who asks restores it

    return Optimizer()
