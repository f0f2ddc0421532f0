"""What `--force` may replace: a model, a bundle, an empty directory, and nothing else."""

from __future__ import annotations

import filecmp
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from sigfix.errors import UsageError
from sigfix.pipeline.bundle_form import MANIFEST, read_manifest
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.sniffing import sniff_protobuf

_KINDS = (
    (stat.S_ISREG, "is a file"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
)
_HEAD_BYTES = 1 << 20
_LARGEST_JSON = 1 << 28
_SHOWN_NAMES = 3

# What TensorFlow and Keras write beside saved_model.pb. What lies in assets is the model's own.
_SAVED_MODEL_PARTS = re.compile(
    r"saved_model\.(pb|pbtxt|cpb)|fingerprint\.pb|keras_metadata\.pb|assets(\.extra)?"
    r"|variables|variables/variables\.(index|data-\d+-of-\d+)"
    r"|debug|debug/saved_model_debug_info\.pb"
)
_TFJS_PARTS = re.compile(r"model\.json|group\d+-shard\d+of\d+(\.bin)?")
_SYSTEM_FILES = re.compile(r"(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini)")
_LISTED = ("variables", "debug")
"""Directories of a SavedModel that hold files of fixed names."""


def why_not_replaced(path: Path, source: Path | None = None, is_file: bool = False) -> str:
    """Why `--force` must not replace what lies at `path`, as a clause; '' where it may.

    It replaces an empty directory, a model or a bundle without anything else in it, and a link to
    one of these (the link alone); with `is_file` an ONNX file. A file that the directory `source`
    has too, byte for byte, is no loss. Raises `OSError` where the place cannot be looked at.
    """
    if path.is_symlink():
        if not path.exists():
            return "is a link to nothing"
        reason = why_not_replaced(path.resolve(), source, is_file)
        return f"is a link to {path.resolve()}, which {reason}" if reason else ""
    mode = path.lstat().st_mode
    if is_file and stat.S_ISREG(mode):
        return "" if _is_onnx(path) else "is a file, and no ONNX file"
    if not stat.S_ISDIR(mode):
        return next((words for fits, words in _KINDS if fits(mode)), "is no directory")
    if is_file:
        return "is a directory"
    mounted = next(_mounts(path), None)
    if mounted is not None:
        return "is a mount point" if mounted == path else f"has a mount point in it, {mounted}"
    return _why_precious(path, source)


def _is_onnx(path: Path) -> bool:
    with path.open("rb") as file:
        return sniff_protobuf(file.read(_HEAD_BYTES)) == "onnx"


def _mounts(directory: Path) -> Iterator[Path]:
    """The mount points that are `directory` or lie in it."""
    if os.path.ismount(directory):
        yield directory
    device = directory.lstat().st_dev
    for folder, below, _ in os.walk(directory):
        for name in below:
            status = (Path(folder) / name).lstat()
            if stat.S_ISDIR(status.st_mode) and status.st_dev != device:
                yield Path(folder) / name
    real = directory.resolve()
    try:  # a bind mount has the device of its surroundings
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        place = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), line.split()[4])
        mounted = Path(os.fsdecode(place))
        if mounted == real or real in mounted.parents:
            yield directory / mounted.relative_to(real)


def _why_precious(directory: Path, source: Path | None) -> str:
    names = sorted(item.name for item in directory.iterdir())
    if not names:
        return ""
    if MANIFEST in names:
        return _why_precious_bundle(directory)
    own = _parts(directory, names)
    if own is None:
        return f"is a directory of something else, no model (it holds {_some(names)})"
    foreign = [
        name
        for name in _entries(directory, names)
        if not (own.fullmatch(name) or _SYSTEM_FILES.fullmatch(name))
        and not (source is not None and _is_same(directory / name, source / name))
    ]
    return f"holds more than a model: {_some(foreign)}" if foreign else ""


def _why_precious_bundle(directory: Path) -> str:
    """As `_why_precious`, of what `sigfix bundle` wrote: every file is in its manifest."""
    try:
        listed = read_manifest(directory).files
    except UsageError as error:
        return f"is a directory of something else ({error.message})"
    own = {MANIFEST, *listed, *(str(above) for name in listed for above in Path(name).parents)}
    foreign = [
        name
        for path in sorted(directory.rglob("*"))
        if (name := path.relative_to(directory).as_posix()) not in own
        and not _SYSTEM_FILES.fullmatch(name)
    ]
    return f"holds more than a bundle: {_some(foreign)}" if foreign else ""


def _parts(directory: Path, names: list[str]) -> re.Pattern[str] | None:
    """What the names of all parts of the model in `directory` match; None where it is none."""
    if any((directory / name).is_file() for name in SAVED_MODEL_FILES):
        return _SAVED_MODEL_PARTS
    weights = _tfjs_weights(directory / "model.json") if "model.json" in names else None
    if weights is None:
        return None
    return re.compile("|".join([_TFJS_PARTS.pattern, *map(re.escape, weights)]))


def _tfjs_weights(file: Path) -> list[str] | None:
    """The weight files that a TensorFlow.js `model.json` names; None where it is another file."""
    if not file.is_file() or file.stat().st_size > _LARGEST_JSON:
        return None
    try:
        model = json.loads(file.read_bytes())
        if "modelTopology" not in model and "weightsManifest" not in model:
            return None
        groups = model.get("weightsManifest") or []
        return [str(path) for group in groups for path in group["paths"]]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return None


def _entries(directory: Path, names: list[str]) -> Iterator[str]:
    for name in names:
        yield name
        folder = directory / name
        if name in _LISTED and folder.is_dir() and not folder.is_symlink():
            yield from sorted(f"{name}/{item.name}" for item in folder.iterdir())


def _is_same(path: Path, other: Path) -> bool:
    """Whether `other` has all that `path` has."""
    if path.is_symlink():
        return other.is_symlink() and path.readlink() == other.readlink()
    if path.is_dir():
        return other.is_dir() and all(_is_same(item, other / item.name) for item in path.iterdir())
    return path.is_file() and other.is_file() and filecmp.cmp(path, other, shallow=False)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN_NAMES])
    return shown if len(names) <= _SHOWN_NAMES else f"{shown} and {len(names) - _SHOWN_NAMES} more"
