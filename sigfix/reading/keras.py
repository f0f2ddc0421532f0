"""Keras files (`.keras`, `.h5`) -> `model.OtherModel`. No layer is built, nothing is executed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError, first_line
from sigfix.model import OtherModel, Problem, Shape, TensorSpec
from sigfix.reading import hdf5
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import opened

HDF5_MARK = b"\x89HDF\r\n\x1a\n"
ZIP_MARK = b"PK\x03\x04"
LARGEST_CONFIG = 64 << 20


def _shape(value: Any) -> Shape:
    if not isinstance(value, list):
        return None
    return tuple(size if isinstance(size, int) else None for size in value)


def _layers(config: Any) -> list[dict[str, Any]]:
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    found = layers if isinstance(layers, list) else []
    return [layer for layer in found if isinstance(layer, dict)]


def _inputs(config: Any) -> tuple[TensorSpec, ...]:
    """What the input layers, or the first layer of a Sequential model, declare."""
    found = []
    for layer in _layers(config):
        own = layer.get("config")
        if not isinstance(own, dict):
            continue
        shape = own.get("batch_shape", own.get("batch_input_shape"))
        if shape is not None:
            dtype = own.get("dtype", "float32")
            name = own.get("name", layer.get("name", ""))
            spelled = dtype if isinstance(dtype, str) else "float32"
            found.append(TensorSpec(spelled, _shape(shape), str(name)))
    return tuple(found)


def _output_names(config: Any) -> str:
    inner = config.get("config") if isinstance(config, dict) else None
    outputs = inner.get("output_layers") if isinstance(inner, dict) else None
    if isinstance(outputs, list):
        names = outputs if outputs and isinstance(outputs[0], list) else [outputs]
        return ", ".join(str(name[0]) for name in names if isinstance(name, list) and name)
    layers = _layers(config)
    last = layers[-1].get("config") if layers else None
    return str(last.get("name", "")) if isinstance(last, dict) else ""


def _described(path: Path, title: str, config: Any, facts: dict[str, str]) -> OtherModel:
    counts: dict[str, int] = {}
    for layer in _layers(config):
        kind = str(layer.get("class_name", "?"))
        counts[kind] = counts.get(kind, 0) + 1
    if isinstance(config, dict):
        facts["class"] = str(config.get("class_name", "?"))
        facts["outputs"] = _output_names(config) or "(not recorded)"
    custom = [
        str(layer.get("class_name"))
        for layer in _layers(config)
        if layer.get("registered_name") or layer.get("class_name") == "Lambda"
    ]
    problems = (
        (
            Problem(
                "BEH305", f"layers with Python code of their own: {', '.join(sorted(set(custom)))}"
            ),
        )
        if custom
        else ()
    )
    return OtherModel(
        path=path,
        kind="keras",
        title=title,
        size_bytes=path.stat().st_size,
        inputs=_inputs(config),
        operators=dict(sorted(counts.items())),
        facts=tuple(facts.items()),
        problems=problems,
    )


def _broken(path: Path, why: str) -> UnreadableModelError:
    return UnreadableModelError(
        f"{path} is not a Keras file: {why}.", "save the model again", code="CON214"
    )


def _read_keras_zip(path: Path) -> OtherModel:
    with opened(path) as file, said_as_unreadable(path), zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        parts = {}
        for name in ("metadata.json", "config.json"):
            if name not in names:
                raise _broken(path, f"there is no {name} in it")
            if archive.getinfo(name).file_size > LARGEST_CONFIG:
                raise _broken(path, f"{name} is too large")
            parts[name] = json.loads(archive.read(name))
        has_weights = any(name.startswith("model.weights") for name in names)
    metadata = parts["metadata.json"]
    version = metadata.get("keras_version", "?") if isinstance(metadata, dict) else "?"
    facts = {"Keras": str(version), "weights": "present" if has_weights else "(none)"}
    return _described(path, "Keras 3 file (.keras)", parts["config.json"], facts)


def _read_hdf5(path: Path) -> OtherModel:
    if not hdf5.is_readable():
        facts = (("inputs", "not read: pip install 'sigfix[tf]' brings h5py"),)
        return OtherModel(path, "keras", "HDF5 file (.h5)", path.stat().st_size, facts=facts)
    attributes = hdf5.read_attributes(path)
    text = attributes["model_config"]
    if text is None:
        facts = (("contents", "weights without a model: no model_config attribute"),)
        return OtherModel(path, "keras", "HDF5 file (.h5)", path.stat().st_size, facts=facts)
    try:
        config = json.loads(text)
    except ValueError as error:
        raise _broken(path, f"its model_config is no JSON ({first_line(error)})") from error
    version = attributes["keras_version"] or "?"
    return _described(path, "Keras HDF5 file (.h5)", config, {"Keras": version})


def read_keras(path: Path, head: bytes) -> OtherModel:
    """Describe a `.keras` or `.h5` file. Raises `UnreadableModelError` where it is none."""
    return _read_hdf5(path) if head.startswith(HDF5_MARK) else _read_keras_zip(path)
