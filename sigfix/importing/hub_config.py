"""docTR's `config.json`, which lies beside the weights that somebody pushed to a hub.

It says the architecture, the vocabulary, mean and deviation, the input's shape and a detector's
classes. Anybody may have written it: each value is checked, and one that cannot be is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.errors import UsageError
from sigfix.presets import PRESETS, Triple

CONFIG = "config.json"
WEIGHTS = ("pytorch_model.bin", "model.safetensors")
"""What hubs call the weights; a folder may have one other file instead."""
SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors")
TASKS = ("classification", "detection", "recognition", "layout", "table_structure")
_LARGEST = 1 << 20


@dataclass(frozen=True)
class HubConfig:
    """What a `config.json` of docTR's says; None where it says nothing of it."""

    path: Path
    architecture: str
    vocabulary: str | None = None
    mean: Triple | None = None
    std: Triple | None = None
    size: tuple[int, int] | None = None
    class_names: tuple[str, ...] | None = None


def weights_in(folder: Path) -> Path | None:
    """The file of weights in a folder; None where there is none, or several."""
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    found = [item for item in sorted(folder.iterdir()) if item.suffix in SUFFIXES]
    return found[0] if len(found) == 1 and found[0].is_file() else None


def read_config(folder: Path) -> HubConfig | None:
    """The configuration in a folder; None where there is none, or it is not docTR's.

    Raises `UsageError` for an architecture that is no preset, and for a value of another kind.
    """
    path = folder / CONFIG
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        said = json.loads(content) if len(content) <= _LARGEST else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("task") not in TASKS or "arch" not in said:
        return None
    name = said["arch"]
    if not isinstance(name, str) or name not in PRESETS:
        shown = name if isinstance(name, str) and len(name) < 60 else "something else"
        raise UsageError(
            f"{path} says that the weights are of docTR's {shown}, which is none of the presets.",
            "docTR's export_model_to_onnx makes an .onnx file of it: sigfix convert FILE.onnx",
        )
    shape = _numbers(path, said, "input_shape", int)
    names = said.get("class_names")
    if names is not None and not _are_names(names):
        raise _odd(path, "class_names", "names")
    vocabulary = said.get("vocab")
    if vocabulary is not None and not isinstance(vocabulary, str):
        raise _odd(path, "vocab", "characters")
    std = _triple(path, said, "std")
    if std is not None and min(std) <= 0:
        raise _odd(path, "std", "three numbers above 0")
    return HubConfig(
        path,
        name,
        vocabulary or None,
        _triple(path, said, "mean"),
        std,
        None if shape is None else (int(shape[1]), int(shape[2])),
        tuple(names) if names else None,
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _triple(path: Path, said: dict[str, Any], key: str) -> Triple | None:
    found = _numbers(path, said, key, (int, float))
    return None if found is None else (float(found[0]), float(found[1]), float(found[2]))


def _numbers(path: Path, said: dict[str, Any], key: str, kinds: Any) -> list[Any] | None:
    """Three numbers, or None where there is no such key."""
    value = said.get(key)
    if value is None:
        return None
    fits = isinstance(value, list) and len(value) == 3
    if not fits or not all(isinstance(n, kinds) and abs(n) <= 1e6 for n in value):
        raise _odd(path, key, "three numbers")
    return list(value)


def _odd(path: Path, key: str, expected: str) -> UsageError:
    return UsageError(
        f"{path}: its {key} is not what docTR writes: expected {expected}.",
        f"mend it, or move it away: what it says can be said with options (not {path.name})",
    )
