"""What a Keras configuration says of a model's layers, inputs and outputs. Nothing is built."""

from __future__ import annotations

from typing import Any

from sigfix.model import Shape, TensorSpec

_DEEPEST = 50
"""More models inside each other than anybody makes; a file may claim any number."""


def layers(config: Any) -> list[dict[str, Any]]:
    """The layers of a model's configuration, those of models inside it left out."""
    inner = config.get("config") if isinstance(config, dict) else None
    found = inner.get("layers") if isinstance(inner, dict) else inner
    return [layer for layer in found if isinstance(layer, dict)] if isinstance(found, list) else []


def inputs(config: Any, depth: int = 0) -> tuple[TensorSpec, ...]:
    """What the input layers declare; without one, what the first layer of a Sequential takes."""
    every = layers(config)
    declared = [layer for layer in every if layer.get("class_name") == "InputLayer"]
    inner = config.get("config") if isinstance(config, dict) else None
    listed = inner.get("input_layers") if isinstance(inner, dict) else None
    names = [leaf for _, leaf in _leaves(listed)]
    chosen = [layer for layer in declared if not names or _name(layer) in names]
    if declared or not every:
        return tuple(spec for layer in chosen for spec in _declared(layer, _name(layer)))
    first = every[0]
    found = _declared(first, f"{_name(first)}_input")
    return found if found or depth >= _DEEPEST else inputs(first, depth + 1)


def output_names(config: Any) -> list[str]:
    """What the outputs are called: by their keys where the model returns a dictionary."""
    inner = config.get("config") if isinstance(config, dict) else None
    outputs = inner.get("output_layers") if isinstance(inner, dict) else None
    found = [path or layer for path, layer in _leaves(outputs)]
    every = layers(config)
    return found or ([_name(every[-1])] if every and _name(every[-1]) else [])


def _name(layer: dict[str, Any]) -> str:
    own = layer.get("config")
    return str((own.get("name") if isinstance(own, dict) else None) or layer.get("name", ""))


def _declared(layer: dict[str, Any], name: str) -> tuple[TensorSpec, ...]:
    own = layer.get("config")
    if not isinstance(own, dict):
        return ()
    shape = own.get("batch_shape", own.get("batch_input_shape"))
    if shape is None:
        return ()
    dtype = own.get("dtype", "float32")
    return (TensorSpec(dtype if isinstance(dtype, str) else "float32", _shape(shape), name),)


def _shape(value: Any) -> Shape:
    if not isinstance(value, list):
        return None
    return tuple(size if isinstance(size, int) else None for size in value)


def _leaves(structure: Any, depth: int = 0) -> list[tuple[str, str]]:
    """(keys of dictionaries that lead to it, layer) of each `[layer, node, tensor]` reference."""
    if depth > _DEEPEST:
        return []
    if isinstance(structure, dict):
        return [
            (f"{key}_{path}" if path else str(key), layer)
            for key in sorted(structure)
            for path, layer in _leaves(structure[key], depth + 1)
        ]
    if not isinstance(structure, list):
        return []
    if len(structure) == 3 and isinstance(structure[0], str) and isinstance(structure[1], int):
        return [("", structure[0])]
    return [leaf for item in structure for leaf in _leaves(item, depth + 1)]
