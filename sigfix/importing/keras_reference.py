"""What a Keras model itself predicts, by name: the reference for what was exported of it.

It shares nothing with `keras_child` but the loading: inputs are handed over and outputs named by
walking the model's own structures here once more, so that an export that mixes them up is found
out. Run in a process of its own by `verifying.runners.keras_child`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def predict(model: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    """The model at inference on arrays by input layer; outputs by key, or else by layer."""
    import numpy as np

    declared = getattr(model, "input", None)  # a Sequential of Keras 3 has none
    if declared is None:
        (declared,) = model.inputs
    result = model(_arranged(declared, _Named(inputs)), training=False)
    layers = getattr(model, "output_names", None) or [
        tensor._keras_history.operation.name for tensor in model.outputs
    ]
    found: dict[str, Any] = {}
    for number, (keys, value) in enumerate(_parts(result)):
        plain = "".join(letter if _is_plain(letter) else " " for letter in keys or layers[number])
        name = "_".join(plain.split()).strip("_") or "tensor"
        taken = [name, *(f"{name}_{more}" for more in range(1, len(found) + 1))]
        found[next(item for item in taken if item not in found)] = np.asarray(value)
    return found


def _is_plain(letter: str) -> bool:
    return letter == "_" or (letter.isascii() and letter.isalnum())


class _Named:
    """The arrays by input layer; of layers with one name, the second takes `name_1`."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self.arrays = dict(arrays)

    def take(self, layer: str) -> Any:
        name = "_".join("".join(c if _is_plain(c) else " " for c in layer).split()).strip("_")
        choices = [key for key in self.arrays if key == name or key.startswith(f"{name}_")]
        return self.arrays.pop(min(choices, key=lambda key: (len(key), key)))


def _arranged(structure: Any, named: _Named) -> Any:
    """The arrays in the structure of the model's inputs."""
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: _arranged(structure[key], named) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)):
        return [_arranged(item, named) for item in structure]
    return tf.constant(named.take(structure.name.split(":")[0]), dtype=structure.dtype)


def _parts(result: Any, keys: str = "") -> Iterator[tuple[str, Any]]:
    """(the keys that lead to it, '' without a dictionary; tensor), dictionaries by sorted key."""
    if isinstance(result, dict):
        for key in sorted(result):
            yield from _parts(result[key], f"{keys}_{key}" if keys else str(key))
    elif isinstance(result, (list, tuple)):
        for index, item in enumerate(result):
            yield from _parts(item, f"{keys}_{index}" if keys else "")
    else:
        yield keys, result
