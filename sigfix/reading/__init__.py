"""Bytes -> `model`. Nothing here imports TensorFlow or executes anything."""

from __future__ import annotations

from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel


def read(path: Path | str) -> SavedModel:
    """Read the model at `path`. Raises `UnreadableModelError` where there is none."""
    from sigfix.reading.saved_model import read_saved_model

    path = Path(path)
    if path.name == "saved_model.pb" and path.is_file():
        path = path.parent
    if not path.exists():
        raise UnreadableModelError(f"{path} does not exist.")
    if not path.is_dir():
        raise UnreadableModelError(f"{path} is not a SavedModel directory.")
    if not (path / "saved_model.pb").is_file():
        raise UnreadableModelError(f"{path} holds no saved_model.pb.")
    return read_saved_model(path)


__all__ = ["read"]
