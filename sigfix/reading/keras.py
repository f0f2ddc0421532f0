"""Keras files (`.keras`, `.h5`) -> `model.OtherModel`. No layer is built, nothing is executed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError, first_line
from sigfix.extras import install_command
from sigfix.model import OtherModel, Problem
from sigfix.reading import hdf5, keras_config
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import opened
from sigfix.reading.keras_code import PYTHON, code_in

HDF5_MARK = b"\x89HDF\r\n\x1a\n"
LARGEST_CONFIG = 64 << 20


def _described(
    path: Path, title: str, config: Any, facts: dict[str, str], training: Any = None
) -> OtherModel:
    counts: dict[str, int] = {}
    for layer in keras_config.layers(config):
        kind = str(layer.get("class_name", "?"))
        counts[kind] = counts.get(kind, 0) + 1
    if isinstance(config, dict):
        facts["class"] = str(config.get("class_name", "?"))
        facts["outputs"] = ", ".join(keras_config.output_names(config)) or "(not recorded)"
        training = training or config.get("compile_config")
        config = {key: item for key, item in config.items() if key != "compile_config"}
    code = code_in(config)
    problems = [Problem("BEH305", f"more than Keras' own layers: {', '.join(code)}")] * bool(code)
    trained = [item for item in code_in(training) if PYTHON in item]
    if trained:
        what = f"in the training configuration, which sigfix does not load: {', '.join(trained)}"
        problems.append(Problem("BEH305", what))
    no_weights = facts.get("weights") == "(none)"
    return OtherModel(
        path=path,
        kind="keras",
        title=title,
        size_bytes=path.stat().st_size,
        inputs=keras_config.inputs(config),
        operators=dict(sorted(counts.items())),
        facts=tuple(facts.items()),
        problems=tuple(problems),
        code=tuple(code),
        unusable="The file holds no weights." if no_weights else "",
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
        facts = (("inputs", f"not read; h5py reads them: {install_command('tf')}"),)
        return OtherModel(path, "keras", "HDF5 file (.h5)", path.stat().st_size, facts=facts)
    attributes = hdf5.read_attributes(path)
    text = attributes["model_config"]
    training = attributes["training_config"]
    if text is None:
        return _weights_alone(path)
    try:
        config = json.loads(text)
        trained = None if training is None else json.loads(training)
    except ValueError as error:
        raise _broken(path, f"its configuration is no JSON ({first_line(error)})") from error
    version = attributes["keras_version"] or "?"
    return _described(path, "Keras HDF5 file (.h5)", config, {"Keras": version}, trained)


def _weights_alone(path: Path) -> OtherModel:
    """A file of weights: nothing says which layers they belong to."""
    why = "weights without a model: no model_config attribute"
    return OtherModel(
        path,
        "keras",
        "HDF5 file (.h5)",
        path.stat().st_size,
        facts=(("contents", why),),
        problems=(Problem("CON215", why),),
        unusable="The file holds weights without a model: save it with model.save, not "
        "model.save_weights.",
    )


def read_keras(path: Path, head: bytes) -> OtherModel:
    """Describe a `.keras` or `.h5` file. Raises `UnreadableModelError` where it is none."""
    return _read_hdf5(path) if head.startswith(HDF5_MARK) else _read_keras_zip(path)
