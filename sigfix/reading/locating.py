"""From the path that somebody typed to the model that they mean."""

from __future__ import annotations

import os
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.quoting import quote_path
from sigfix.reading.files import leads_out
from sigfix.reading.foreign_kinds import FOREIGN

SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", "saved_model.cpb")
SKIPPED = {"node_modules", "__pycache__", "assets", "assets.extra", "variables"}
"""Folders in which no model is looked for."""
_DEPTH = 2
_DEEPER = 8
"""How deep is looked for what a message can name."""
_READ_ALONE = (
    ".pb", ".onnx", ".keras", ".h5", ".hdf5",
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2",
)  # fmt: skip
_MOST_FOLDERS = 10_000


def saved_model_file(directory: Path) -> Path | None:
    """The file that makes a directory a SavedModel, in the order TensorFlow looks for them."""
    for name in SAVED_MODEL_FILES:
        path = directory / name
        if os.path.lexists(path) and not path.is_dir():  # a pipe there is to be named, not missed
            return path
    return None


def saved_models_below(directory: Path, depth: int = _DEPTH) -> list[Path]:
    """The SavedModel directories up to `depth` levels below, hidden folders left out."""
    found: list[Path] = []
    level, seen = [directory], 0
    for _ in range(depth):
        below: list[Path] = []
        for folder in level:
            try:
                children = sorted(item for item in folder.iterdir() if item.is_dir())
                children = [
                    item
                    for item in children
                    if not (item.is_symlink() and leads_out(item, directory))
                ]
            except OSError:
                continue
            for child in children:
                seen += 1
                if child.name.startswith(".") or child.name in SKIPPED or seen > _MOST_FOLDERS:
                    continue
                if (child / "pyvenv.cfg").exists():
                    continue
                (found if saved_model_file(child) else below).append(child)
        level = below
    return found


def version_order(path: Path) -> tuple[bool, int, str]:
    """Versions in the order of their numbers, the shorter number first, before other names."""
    is_version = path.name.isdecimal()
    return (not is_version, len(path.name.lstrip("0")) if is_version else 0, path.name)


def locate_saved_model(directory: Path) -> Path:
    """The one SavedModel at or below a directory.

    Raises `UnreadableModelError` that lists what there is where it is none, or several.
    """
    if saved_model_file(directory):
        return directory
    found = sorted(saved_models_below(directory), key=version_order)
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(str(path.relative_to(directory)) for path in found[:8])
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        raise UnreadableModelError(
            f"{directory} holds {len(found)} SavedModels: {shown}{more}.",
            f"name one of them, for example {quote_path(found[-1])}; all of them: "
            f"sigfix inspect --recursive {quote_path(directory)}",
            code="CON216",
        )
    raise _nothing_here(directory)


def _nothing_here(directory: Path) -> UnreadableModelError:
    names = sorted(item.name for item in directory.iterdir())
    if not names:
        return UnreadableModelError(
            f"{directory} is an empty directory.",
            "name a directory that holds a saved_model.pb",
            code="CON215",
        )
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return UnreadableModelError(
        f"{directory} holds no saved_model.pb (it holds {shown}).",
        _what_instead(directory, names),
        code="CON215",
    )


def _what_instead(directory: Path, names: list[str]) -> str:
    """What to do with a directory that is no SavedModel."""
    single = [
        name
        for name in names
        if name.lower().endswith(_READ_ALONE) and (directory / name).is_file()
    ]
    if len(single) == 1:
        return f"name the file: {quote_path(directory / single[0])}"
    if any(name.startswith("variables.") for name in names):
        above = quote_path(directory.resolve().parent)
        return f"this is the variables folder; name the one above it: {above}"
    if any(name == "checkpoint" or name.endswith((".index", ".meta")) for name in names):
        return (
            "this is a training checkpoint, weights and no function that could be called: in the "
            "original code, restore it and save the model with tf.saved_model.save"
        )
    kinds = {kind.what: kind for name in names for kind in FOREIGN if kind.is_it(directory / name)}
    if len(kinds) == 1:
        (kind,) = kinds.values()
        name = next(name for name in names if kind.is_it(directory / name))
        return f"{name} {kind.what}: {kind.hint.format(path=quote_path(directory / name))}"
    deeper = saved_models_below(directory, _DEEPER)
    if deeper:
        return f"there is one further below: {quote_path(deeper[0])}"
    return "name a directory that holds a saved_model.pb"
