"""Models as strangers bring them: each a kind that the commands have to make sense of.

`SAVERS` maps a name to a function that saves the model into a directory.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.brought import first, layers, numbers, steps, switched, words

SAVERS: dict[str, Callable[[Path], None]] = {
    name: saver
    for module in (numbers, words, steps, first, layers, switched)
    for name, saver in vars(module).items()
    if getattr(saver, "__module__", "") == module.__name__ and not name.startswith("_")
    if name.islower()
}
