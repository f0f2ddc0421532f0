"""Files that are no model to read, and what to do with each kind."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from sigfix.errors import UnreadableModelError
from sigfix.quoting import quote_path
from sigfix.reading.archives import is_tar, is_zip
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import opened
from sigfix.reading.foreign_kinds import FOREIGN
from sigfix.reading.locating import SAVED_MODEL_FILES


def refuse_foreign(path: Path, head: bytes) -> None:
    """Raise `UnreadableModelError` where a file is of a kind that holds no model to read."""
    for kind in FOREIGN:
        if kind.is_it(path, head):
            raise UnreadableModelError(
                f"{path} {kind.what}.", kind.hint.format(path=quote_path(path)), code="CON215"
            )


def holds_saved_model(path: Path) -> bool:
    """Whether a zip archive is to be read as a SavedModel, and not as a Keras file.

    Raises `UnreadableModelError` where it can be neither; damage is left to who reads it.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False  # read_keras says what it is
    if PurePosixPath("metadata.json") in names or path.suffix.lower() == ".keras":
        return False
    if not any(name.name in SAVED_MODEL_FILES for name in names):
        raise UnreadableModelError(
            f"{path} is a zip archive, and there is no SavedModel in it.", code="CON215"
        )
    return True


def unpacking(path: Path) -> tuple[str, Path]:
    """The command that unpacks an archive beside here, and the new folder that it makes."""
    folder = Path(f"{path.name.split('.')[0] or 'model'}_unpacked")
    if is_zip(path):
        return f"unzip -q {quote_path(path)} -d {quote_path(folder)}", folder
    named = quote_path(folder)
    return f"mkdir {named} && tar -xf {quote_path(path)} -C {named}", folder


def refuse_archive(path: Path) -> None:
    """Raise `UnreadableModelError` for an archive, where a model has to be loaded or copied."""
    with said_as_unreadable(path):
        if not path.is_file() or not (is_tar(path) or (is_zip(path) and holds_saved_model(path))):
            return
    command, folder = unpacking(path)
    raise UnreadableModelError(
        f"{path} is an archive, which can be inspected but not run.",
        f"{command}   # and name {quote_path(folder)}",
        code="CON215",
    )
