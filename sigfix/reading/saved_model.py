"""A SavedModel directory -> `model.SavedModel`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel
from sigfix.reading.bundle import read_variable_store
from sigfix.reading.meta_graph import read_meta_graph
from sigfix.reading.locating import saved_model_file
from sigfix.reading.protos import parse, parse_text
from sigfix.reading.sniffing import check_lfs, check_saved_model_bytes

CARD = Path("assets.extra") / "sigfix.json"
"""Where sigfix keeps what it knows about a model that it made (preset, names, layout, ...)."""


def _files(directory: Path) -> tuple[tuple[str, int], ...]:
    found = []
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder) / name
            try:
                found.append((path.relative_to(directory).as_posix(), path.lstat().st_size))
            except OSError:
                continue
    return tuple(sorted(found))


def read_card(directory: Path) -> Mapping[str, object] | None:
    """The model card that sigfix wrote, or None; a card that is no JSON object is None too."""
    try:
        card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return card if isinstance(card, dict) else None


def load_message(directory: Path) -> tuple[Any, str]:
    """The SavedModel message of a directory, complete and editable, and its encoding.

    Raises `UnreadableModelError` saying what the file is instead, where it is none.
    """
    path = saved_model_file(directory)
    if path is None:
        raise UnreadableModelError(f"{directory} holds no saved_model.pb.", code="CON215")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableModelError(
            f"{path} cannot be read: {error.strerror}.", code="CON215"
        ) from error
    if path.suffix == ".pbtxt":
        check_lfs(path, data)
        return parse_text("SavedModel", data, path), "pbtxt"
    check_saved_model_bytes(path, data)
    try:
        message = parse("SavedModel", data)
    except UnreadableModelError as error:
        raise UnreadableModelError(
            f"{path} is damaged: {error.message}",
            "copy or download the model again, and compare the file sizes",
            code="CON214",
        ) from error
    return message, "pb"


def read_saved_model(directory: Path) -> SavedModel:
    """Read a SavedModel directory. Nothing is executed, and variables stay on disk."""
    message, encoding = load_message(directory)
    return SavedModel(
        path=directory,
        encoding=encoding,
        schema_version=message.saved_model_schema_version,
        meta_graphs=tuple(read_meta_graph(item, directory) for item in message.meta_graphs),
        variables=read_variable_store(directory / "variables"),
        files=_files(directory),
        has_fingerprint=(directory / "fingerprint.pb").is_file(),
        card=read_card(directory),
    )
