"""Load a Keras file in a process that was started for it: confined, unless it is trusted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigfix.errors import BlockedError
from sigfix.importing.confining import confine
from sigfix.reading.keras import HDF5_MARK, read_keras
from sigfix.reading.keras_code import UNKNOWN

EXPORT = (
    "in the program that has the model's classes: model.export('exported'), then sigfix convert "
    "exported --tfjs"
)
_ROOM = 1 << 30
"""Bytes that a file written by the process may always have; beyond that, by the model's size."""
_TIMES = 16


def refuse_code(code: Sequence[str], trust: bool) -> None:
    """Raise `BlockedError` where loading would run or open what the file brings along.

    A class that no Keras has is loaded by nobody but the author's program.
    """
    unknown = [item for item in code if UNKNOWN in item]
    if unknown:
        raise BlockedError(f"Keras cannot load the model: {', '.join(unknown)}.", EXPORT)
    if code and not trust:
        raise BlockedError(
            f"Loading the model would run or open more than Keras' own layers: {', '.join(code)}.",
            "--trust   # loads it; look at the file first",
        )


def load_confined(file: Path, keras2: bool, trust: bool, folders: Sequence[Path]) -> Any:
    """The model in `file`, by Keras 2 or 3, with this process confined to writing in `folders`.

    Keras chooses how to read a file by its name, sigfix by its first bytes: a private copy, named
    by what it is, is judged and loaded, so that both see the same. A trusted file is loaded
    without `safe_mode`, and its process is not confined.

    Raises `BlockedError` where the file holds code and is not trusted, and what Keras raises.
    """
    place = Path(tempfile.mkdtemp(prefix="keras-", dir=folders[0]))
    with file.open("rb") as opened:
        head = opened.read(len(HDF5_MARK))
    copy = place / ("model.h5" if head.startswith(HDF5_MARK) else "model.keras")
    shutil.copyfile(file, copy)
    refuse_code(read_keras(copy, head).code, trust)
    if not trust:
        tempfile.tempdir = str(place)
        confine(folders, _ROOM + _TIMES * copy.stat().st_size)
    return _load(str(copy), keras2, not trust)


def _operations() -> dict[str, Any]:
    """Keras 3's own operations by name, which it writes into `.h5` files and does not find there.

    A mask that is made of ids is such a one (`NotEqual`). Layers of the same name go before.
    """
    import keras
    from keras.src.ops.operation import Operation

    found: dict[str, Any] = {}
    pending = [Operation]
    while pending:
        kinds = pending.pop().__subclasses__()
        pending += kinds
        found |= {kind.__name__: kind for kind in kinds if kind.__module__[:10] == "keras.src."}
    return {name: kind for name, kind in found.items() if not hasattr(keras.layers, name)}


def _load(path: str, keras2: bool, safe_mode: bool) -> Any:
    if not keras2:
        import keras

        known = _operations() if path.endswith(".h5") else {}
        return keras.models.load_model(
            path, custom_objects=known, compile=False, safe_mode=safe_mode
        )
    import tf_keras
    from tf_keras.src.saving.serialization_lib import SafeModeScope

    with SafeModeScope(safe_mode):  # of an .h5 file, load_model itself takes no notice of it
        return tf_keras.models.load_model(path, compile=False, safe_mode=safe_mode)
