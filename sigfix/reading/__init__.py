"""Bytes -> `model`. Nothing here imports TensorFlow or executes anything.

`read` is the way in; `load_message` gives the editable message of a SavedModel directory.
"""

from __future__ import annotations

from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel
from sigfix.reading.locating import SAVED_MODEL_FILES, locate_saved_model
from sigfix.reading.saved_model import load_message, read_saved_model

__all__ = ["load_message", "read"]


def read(path: Path | str) -> SavedModel:
    """Read the model at `path`: a SavedModel directory, or one with a single one below it.

    Raises `UnreadableModelError` saying what is there instead.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return read_saved_model(locate_saved_model(path))
        if path.name in SAVED_MODEL_FILES and path.is_file():
            return read_saved_model(path.parent)
        if not path.exists():
            raise UnreadableModelError(f"{path} does not exist.", code="CON215")
    except OSError as error:
        raise UnreadableModelError(
            f"{path} cannot be read: {error.strerror or error}.", code="CON215"
        ) from error
    except RecursionError as error:
        raise UnreadableModelError(
            f"{path} is nested too deep to be a model.", code="CON214"
        ) from error
    raise UnreadableModelError(
        f"{path} is not a SavedModel directory.",
        "name the directory that holds saved_model.pb",
        code="CON215",
    )
