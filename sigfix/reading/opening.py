"""What each command takes: one table, and one way to open what the user named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, SavedModel
from sigfix.quoting import quote_path
from sigfix.reading import read_any
from sigfix.reading.foreign import refuse_archive

SAVED_MODEL, FROZEN_GRAPH = "SavedModel", "frozen graph"
TITLES = {"keras": "Keras file", "onnx": "ONNX file", "tfjs": "TensorFlow.js model"}


@dataclass(frozen=True)
class Accepted:
    """What a command takes: kinds of models, archives or not, and what to do with another."""

    kinds: tuple[str, ...]
    hint: str
    archives: bool = False


_REPAIR_FIRST = "sigfix repair {path}   # makes a SavedModel of it"
ACCEPTED = {
    "inspect": Accepted((SAVED_MODEL, FROZEN_GRAPH, "keras", "onnx", "tfjs"), "", archives=True),
    "repair": Accepted(
        (SAVED_MODEL, FROZEN_GRAPH, "keras", "onnx"),
        "it takes SavedModels, frozen graphs, ONNX files and Keras files",
    ),
    "diff": Accepted((SAVED_MODEL, FROZEN_GRAPH), _REPAIR_FIRST),
    "verify": Accepted((SAVED_MODEL, FROZEN_GRAPH, "keras", "onnx", "tfjs"), _REPAIR_FIRST),
    "convert": Accepted(
        (SAVED_MODEL, FROZEN_GRAPH, "keras", "onnx"),
        "it takes SavedModels, frozen graphs, ONNX files, Keras files and presets",
    ),
}
"""A folder that holds one frozen graph and no SavedModel is that frozen graph, for all of them."""


def kind_of(model: SavedModel | OtherModel) -> str:
    """What a model is, in the words of the table."""
    if isinstance(model, OtherModel):
        return model.kind
    return FROZEN_GRAPH if model.encoding == "graph" else SAVED_MODEL


def open_model(path: Path | str, command: str) -> SavedModel | OtherModel:
    """Read the model at `path` for one of the commands of the table. Executes nothing.

    Raises `UnreadableModelError` where there is none, or one of a kind that it does not take.
    """
    path, accepted = Path(path), ACCEPTED[command]
    if not accepted.archives:
        refuse_archive(path)
    found = read_any(path)
    kind = kind_of(found)
    if kind not in accepted.kinds:
        title = TITLES.get(kind, kind)
        article = "an" if title[0] in "AEIOU" else "a"
        raise UnreadableModelError(
            f"{path} is {article} {title}, which {command} does not take.",
            accepted.hint.format(path=quote_path(path))
            if kind != "tfjs"
            else f"sigfix inspect {quote_path(path)}",
        )
    return found
