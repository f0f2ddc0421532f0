"""What a zoo's model is fed with, and what Keras itself computes from it: the reference."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from tests.keras_zoo import composed

LIMITS = {"ids": 10, "input_ids": 30}
"""Whole numbers are drawn below these, by the name of the input; others below 2."""
OPEN, ROWS = 13, 3
WORDS = ("a", "the quick fox", "42", "")

Arrays = dict[str, np.ndarray[Any, Any]]


def with_weights(model: Any, seed: int = 0) -> Any:
    """The model with random statistics and biases: fresh ones are zeros and ones."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        weights = [np.asarray(w) for w in layer.get_weights()]
        if any(w.dtype.kind != "f" for w in weights) or type(layer).__name__ == "Normalization":
            continue
        layer.set_weights(
            [(w + random.uniform(0.05, 0.3, w.shape)).astype(w.dtype) for w in weights]
        )
    return model


def specs(name: str, model: Any) -> dict[str, tuple[tuple[int | None, ...], str]]:
    """The inputs of a model by name: shape and dtype."""
    if name in composed.SUBCLASSED:
        return {key: (shape, "float32") for key, shape in composed.SUBCLASSED[name].items()}
    return {
        tensor.name.split(":")[0]: (tuple(tensor.shape), np_name(tensor.dtype))
        for tensor in model.inputs
    }


def np_name(dtype: Any) -> str:
    """`float32`, of whatever a library calls a dtype."""
    return str(getattr(dtype, "name", dtype))


def draw(inputs: dict[str, tuple[tuple[int | None, ...], str]], seed: int = 7) -> Arrays:
    """An array for each input."""
    random = np.random.default_rng(seed)
    drawn: Arrays = {}
    for name, (shape, dtype) in inputs.items():
        sizes = [ROWS if i == 0 else OPEN if n is None else n for i, n in enumerate(shape)]
        if dtype == "string":
            drawn[name] = np.array(random.choice(WORDS, sizes), dtype=object)
        elif dtype == "bool":
            drawn[name] = random.integers(0, 2, sizes).astype(bool)
        elif dtype == "uint8":
            drawn[name] = random.integers(0, 256, sizes).astype(dtype)
        elif dtype.startswith("int"):
            drawn[name] = random.integers(0, LIMITS.get(name, 2), sizes).astype(dtype)
        else:
            drawn[name] = random.normal(size=sizes).astype(dtype)
    return drawn


def predicted(name: str, model: Any, arrays: Arrays) -> list[np.ndarray[Any, Any]]:
    """What Keras computes, outside of training."""
    import tensorflow as tf

    fed: Any = [tf.constant(value) for value in arrays.values()]
    if isinstance(getattr(model, "input", None), dict):
        fed = dict(zip(arrays, fed, strict=True))
    elif len(fed) == 1:
        (fed,) = fed
    outputs = tf.nest.flatten(model(fed, training=False))
    return [np.asarray(value) for value in outputs]


def seeded(k: ModuleType) -> None:
    """Everything that Keras draws is drawn from here on as it was the last time."""
    k.utils.set_random_seed(1)
    k.backend.clear_session()
