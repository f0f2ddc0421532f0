"""Models as their authors left them: each a kind of source, or something that a repair must keep.

`SAVERS` maps a name to a function that saves the model into a directory.
Run `python -m tests.saved_models DIRECTORY` to have them all to look at.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.saved_models import (
    browsers,
    images,
    keras,
    object_graphs,
    one_row,
    onnx_file,
    signed,
    tables,
    tf1,
    unruly,
)

SAVERS: dict[str, Callable[[Path], None]] = {
    name: saver
    for module in (
        object_graphs,
        images,
        tables,
        signed,
        unruly,
        tf1,
        keras,
        onnx_file,
        browsers,
        one_row,
    )
    for name, saver in vars(module).items()
    if getattr(saver, "__module__", "") == module.__name__ and not name.startswith("_")
}
