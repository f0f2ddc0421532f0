"""The model that `repair`, `diff` and their plans are given: read, and refused where it is none."""

from __future__ import annotations

from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, SavedModel
from sigfix.quoting import quote
from sigfix.reading import read, read_any
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.foreign import refuse_archive
from sigfix.reading.frozen_graph import only_frozen_graph
from sigfix.reading.locating import SAVED_MODEL_FILES, saved_model_file


def describe(model: Path | str) -> SavedModel | OtherModel:
    """Read what `repair` accepts: a SavedModel, a frozen graph as one, a Keras or ONNX file.

    Executes nothing. Raises `UnreadableModelError` for anything else.
    """
    path = Path(model)
    with said_as_unreadable(path):
        if path.is_dir() and saved_model_file(path) is None:
            path = only_frozen_graph(path) or path
        is_file = path.is_file()
    if is_file and path.name not in SAVED_MODEL_FILES:
        refuse_archive(path)
        found = read_any(path)
        if isinstance(found, OtherModel) and found.kind not in ("keras", "onnx"):
            raise UnreadableModelError(
                f"{path} is a {found.title}: not a model that repair can rebuild.",
                "it takes SavedModels, frozen graphs, ONNX files and Keras files",
            )
        return found
    return read(path)


def describe_saved_model(model: Path | str) -> SavedModel:
    """`describe`, for those who cannot do with another file (`UnreadableModelError`)."""
    found = describe(model)
    if isinstance(found, OtherModel):
        raise UnreadableModelError(
            f"{model} is a {found.title}, not a SavedModel.",
            f"sigfix repair {quote(str(model))} makes one",
        )
    return found
