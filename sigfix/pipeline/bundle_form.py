"""What lies in a bundle: a static folder that reads documents in a browser; and its manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError, UsageError
from sigfix.quoting import quote_path
from sigfix.reading.files import read_bytes
from sigfix.reading.tfjs import as_object
from sigfix.wording import plural

MANIFEST = "bundle.json"
INDEX = "index.html"
VERSION = 1
KEY = "sigfix_bundle"
LARGEST_MANIFEST = 1 << 20
MAKE = "sigfix bundle --det db_mobilenet_v3_large --reco crnn_mobilenet_v3_small -o site/ makes one"


@dataclass(frozen=True)
class BundleManifest:
    """What `bundle.json` says: the sizes in bytes of all other files, by their paths."""

    files: dict[str, int]


def read_manifest(folder: Path) -> BundleManifest:
    """The manifest of a bundle. Raises `UsageError` where the folder is none, and says what it is.

    Its `files` are relative paths that stay in the folder.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {what}; a bundle is a folder.", MAKE)
    if not path.is_file():
        raise UsageError(f"{folder} is no bundle: it has no {MANIFEST}.", _way_to_bundle(folder))
    try:
        values = as_object(json.loads(read_bytes(path, LARGEST_MANIFEST)))
    except (UnreadableModelError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", MAKE) from error
    version = values.get(KEY)
    if version != VERSION:
        raise UsageError(
            f"{folder} is no bundle of version {VERSION}, which this sigfix knows: its {MANIFEST} "
            f"says {version!r}.",
            "use the sigfix that made it, or make it again: sigfix bundle",
        )
    listed = as_object(values.get("files"))
    return BundleManifest({name: size for name, size in listed.items() if _is_inside(name, size)})


def _is_inside(name: Any, size: Any) -> bool:
    parts = Path(str(name)).parts
    return isinstance(size, int) and bool(parts) and ".." not in parts and not name.startswith("/")


def _way_to_bundle(folder: Path) -> str:
    if (folder / "model.json").is_file():
        model = quote_path(folder)
        return (
            f"sigfix bundle takes it as a part: --det {model} or --reco {model}, with the other one"
        )
    return MAKE


def damages(folder: Path, manifest: BundleManifest) -> list[str]:
    """What is not as the manifest says, a clause a file."""
    found = []
    for name, size in manifest.files.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif path.stat().st_size != size:
            found.append(f"{name} has {plural(path.stat().st_size, 'byte')}, not {size:,}")
    return found


def files_below(folder: Path) -> dict[str, int]:
    """The sizes of all files below a folder, by their relative paths."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
