"""Every model below a folder, for those who inspect a whole repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.reading.archives import is_zip
from sigfix.reading.files import leads_out, opened
from sigfix.reading.foreign import holds_saved_model
from sigfix.reading.locating import SAVED_MODEL_FILES, SKIPPED, saved_model_file, version_order
from sigfix.reading.sniffing import sniff_protobuf

_BY_NAME = (".onnx", ".keras", ".h5", ".hdf5")
_BY_CONTENT = (".zip", ".pb", ".json")
_ENVIRONMENT = "pyvenv.cfg"
_WEIGHTS_ALONE = (".weights.h5", "_weights.h5")
"""How Keras names files that hold no model."""
_HEAD = 1 << 16


def models_below(directory: Path) -> Iterator[Path]:
    """SavedModels (their folders) and model files at and below `directory`, in order.

    Numbers come first, as versions do, then names.
    A SavedModel's own files are not looked at one by one. Left out are hidden folders, those of
    packages and virtual environments, folders that are links, and files that lead out of it. Zip
    archives are looked into, those of tar are not: they would have to be unpacked.
    """
    if saved_model_file(directory):
        yield directory
        return
    for parent, folders, names in os.walk(directory):
        here = Path(parent)
        kept = [name for name in folders if _is_looked_into(here / name)]
        folders[:] = sorted(name for name in kept if not saved_model_file(here / name))
        found = [here / name for name in kept if name not in folders]
        found += [here / name for name in names if _is_model_file(here / name, directory)]
        yield from sorted(found, key=version_order)


def may_matter(name: str) -> bool:
    """Whether `models_below` asks more of a file than its name, or takes it by that."""
    return (
        name in (*SAVED_MODEL_FILES, _ENVIRONMENT)
        or name.lower().endswith((*_BY_NAME, *_BY_CONTENT))
    )  # fmt: skip


def _is_looked_into(folder: Path) -> bool:
    name = folder.name
    return not (
        name.startswith(".")
        or name in SKIPPED
        or folder.is_symlink()
        or (folder / _ENVIRONMENT).exists()
    )


def _is_model_file(file: Path, root: Path) -> bool:
    name = file.name.lower()
    if name.startswith(".") or name.endswith(_WEIGHTS_ALONE):
        return False
    try:
        if file.is_symlink() and leads_out(file, root):
            return False
        if name.endswith(_BY_NAME):
            return True
        if name.endswith(".zip"):
            return is_zip(file) and holds_saved_model(file)
        if name.endswith(".pb"):
            return sniff_protobuf(_head(file)) in ("graph", "saved_model")
        return name.endswith(".json") and b'"modelTopology"' in _head(file)
    except (OSError, UnreadableModelError):
        return False


def _head(file: Path) -> bytes:
    with opened(file) as stream:
        return stream.read(_HEAD)
