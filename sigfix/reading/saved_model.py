"""A SavedModel directory (or an archive of one) -> `model.SavedModel`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.bundle import read_variables
from sigfix.reading.cards import LARGEST_CARD, checked_card
from sigfix.reading.folder import Folder, open_directory
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.meta_graph import read_meta_graph
from sigfix.reading.protos import parse, parse_text
from sigfix.reading.sniffing import check_saved_model_bytes, check_saved_model_text, check_stand_in
from sigfix.reading.trimming import without_large_constants

CARD = "assets.extra/sigfix.json"
"""Where sigfix keeps what it knows about a model that it made (preset, names, layout, ...)."""


def read_card(folder: Folder) -> Mapping[str, object] | None:
    """The model card that sigfix wrote, or None; a card that is no JSON object is None too."""
    if not 0 < folder.sizes.get(CARD, 0) <= LARGEST_CARD:
        return None
    try:
        card = json.loads(folder.read(CARD), parse_constant=str)
    except (UnreadableModelError, ValueError, RecursionError):
        return None
    return checked_card(card)


def _message(folder: Folder, *, whole: bool) -> tuple[Any, str]:
    """The SavedModel message and its encoding; without large constants unless `whole`."""
    refused = {problem.location for problem in folder.problems}
    present = [item for item in SAVED_MODEL_FILES if item in folder.sizes or item in refused]
    name = present[0] if present else None
    if name is None:
        raise UnreadableModelError(f"{folder.place} holds no saved_model.pb.", code="CON215")
    path = Path(folder.shown(name))
    if name.endswith(".cpb"):
        raise UnreadableModelError(
            f"{path} is a chunked SavedModel, which sigfix does not read: the graph is split over "
            "the records of a Riegeli file.",
            "in the TensorFlow that wrote it, save it whole (possible below 2 GB): "
            f"tf.saved_model.save(tf.saved_model.load({str(folder.place)!r}), 'whole')",
            code="CON217",
        )
    with folder.opened(name) as data:
        if name.endswith(".pbtxt"):
            check_stand_in(path, data[:200])
            check_saved_model_text(path, bytes(data))
            return parse_text("SavedModel", bytes(data), path), "pbtxt"
        check_saved_model_bytes(path, data)
        encoded = bytes(data) if whole else without_large_constants(data)
    try:
        return parse("SavedModel", encoded), "pb"
    except UnreadableModelError as error:
        raise UnreadableModelError(
            f"{path} is damaged: {error.message}",
            "copy or download the model again, and compare the file sizes",
            code="CON214",
        ) from error


def load_message(directory: Path) -> tuple[Any, str]:
    """The SavedModel message of a directory, complete and editable, and its encoding.

    Raises `UnreadableModelError` saying what the file is instead, where it is none.
    """
    with said_as_unreadable(directory):
        return _message(open_directory(directory), whole=True)


def read_folder(folder: Folder) -> SavedModel:
    """Read a SavedModel's files, wherever they are."""
    message, encoding = _message(folder, whole=False)
    return SavedModel(
        path=folder.place,
        encoding=encoding,
        schema_version=message.saved_model_schema_version,
        meta_graphs=tuple(read_meta_graph(item, folder) for item in message.meta_graphs),
        variables=read_variables(folder),
        files=tuple((name, size) for name, size in folder.sizes.items() if name[-1] != "/"),
        has_fingerprint="fingerprint.pb" in folder.sizes,
        card=read_card(folder),
        problems=folder.problems,
    )


def read_saved_model(directory: Path) -> SavedModel:
    """Read a SavedModel directory. Nothing is executed, and variables stay on disk."""
    return read_folder(open_directory(directory))
