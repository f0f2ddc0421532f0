"""Bytes -> `model`. Nothing here imports TensorFlow or executes anything.

`read_any` is the way in for every kind of model, `read` for SavedModels (directories, archives,
frozen graphs); `load_message` gives the editable message of a SavedModel directory.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, SavedModel
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import companion_problem, kind_of, opened
from sigfix.reading.folder import Folder, mapped, open_archive
from sigfix.reading.frozen_graph import lone_frozen_graph
from sigfix.reading.locating import SAVED_MODEL_FILES, locate_saved_model, saved_model_file
from sigfix.reading.saved_model import load_message, read_folder, read_saved_model
from sigfix.wording import plural

__all__ = ["load_message", "read", "read_any"]

_HEAD = 512


def read(path: Path | str) -> SavedModel:
    """The SavedModel at `path`. Raises `UnreadableModelError` where something else is there."""
    found = read_any(path)
    if isinstance(found, OtherModel):
        raise UnreadableModelError(
            f"{path} is not a SavedModel: it is an {found.title}."
            if found.title[0] in "AEIOUH"
            else f"{path} is not a SavedModel: it is a {found.title}.",
            code="CON212",
        )
    return found


def read_any(path: Path | str) -> SavedModel | OtherModel:
    """Read the model at `path`, whatever it is: a directory, an archive, or a single file.

    Raises `UnreadableModelError` saying what is there instead.
    """
    path = Path(path)
    with said_as_unreadable(path):
        if path.is_dir():
            return _read_directory(path)
        if path.name in SAVED_MODEL_FILES and path.is_file():
            return read_saved_model(path.parent)
        if path.is_file():
            return _read_file(path)
        if path.exists():
            raise UnreadableModelError(f"{path} is {kind_of(path)}, not a file.", code="CON215")
        raise UnreadableModelError(
            f"{path} does not exist.",
            "sigfix inspect .   # looks for a model below this directory",
            code="CON215",
        )


def _read_directory(path: Path) -> SavedModel | OtherModel:
    if saved_model_file(path) is None and os.path.lexists(path / "model.json"):
        from sigfix.reading.tfjs import read_tfjs

        problem = companion_problem(path, "model.json", "file")
        if problem is not None:
            raise UnreadableModelError(f"{path}: {problem.message}.", code=problem.code)
        return read_tfjs(path / "model.json")
    frozen = lone_frozen_graph(path)
    if frozen is not None:
        return _read_file(frozen)
    located = locate_saved_model(path)
    model = read_saved_model(located)
    if located != path:
        return replace(model, notes=(("nested", located.relative_to(path).as_posix()),))
    return model


def _read_file(path: Path) -> SavedModel | OtherModel:
    from sigfix.reading.archives import ZIP_MARK, is_tar
    from sigfix.reading.foreign import holds_saved_model, refuse_foreign
    from sigfix.reading.frozen_graph import read_frozen_graph, read_frozen_text
    from sigfix.reading.keras import HDF5_MARK, read_keras
    from sigfix.reading.onnx import read_onnx
    from sigfix.reading.sniffing import check_stand_in, looks_like_text, sniff_protobuf
    from sigfix.reading.tfjs import read_tfjs

    with opened(path) as file:
        head = file.read(_HEAD)
    if not head:
        raise UnreadableModelError(f"{path} is empty.", code="CON214")
    check_stand_in(path, head)
    refuse_foreign(path, head)
    if head.startswith(ZIP_MARK) and holds_saved_model(path):
        return _read_archive(path)
    if head.startswith((HDF5_MARK, ZIP_MARK)):
        return read_keras(path, head)
    if path.suffix == ".json":
        return read_tfjs(path)
    if path.suffix == ".pbtxt":
        return read_frozen_text(path)
    if path.suffix == ".onnx" or sniff_protobuf(head) == "onnx":
        return read_onnx(path)
    if is_tar(path):
        return _read_archive(path)
    with mapped(path) as data:
        kind = sniff_protobuf(data)
    if kind == "graph":
        return read_frozen_graph(path)
    if kind == "saved_model":
        raise UnreadableModelError(
            f"{path} is a SavedModel's protobuf under another name.",
            f"rename it to saved_model.pb and name its directory: {path.parent}",
            code="CON212",
        )
    what = "a text file" if looks_like_text(head) else "a file of an unknown kind"
    raise UnreadableModelError(
        f"{path} is {what}, not a model.",
        "name the directory that holds saved_model.pb",
        code="CON215",
    )


def _read_archive(path: Path) -> SavedModel:
    """The SavedModel at the top of an archive, or in its only folder."""
    archive = open_archive(path)
    tops = [
        PurePosixPath(name).parent
        for name in archive.sizes
        if PurePosixPath(name).name in SAVED_MODEL_FILES
    ]
    if len(set(tops)) != 1:
        what = plural(len(set(tops)), "SavedModel") if tops else "no saved_model.pb"
        raise UnreadableModelError(
            f"{path} holds {what}.", "unpack it and name the directory", code="CON216"
        )
    prefix = "" if str(tops[0]) == "." else f"{tops[0]}/"
    inner = {
        name.removeprefix(prefix): size
        for name, size in archive.sizes.items()
        if name.startswith(prefix)
    }
    return read_folder(Folder(path, inner, prefix))
