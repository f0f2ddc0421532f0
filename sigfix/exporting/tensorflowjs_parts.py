"""The parts of the package tensorflowjs that are needed, without the package.

Importing it imports TensorFlow Decision Forests, TensorFlow Hub and JAX, which costs 200 MB and a
second; what is wanted of it are its lists of operators and what it knows of quantised weights.
"""

from __future__ import annotations

import functools
import json
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import Any

from sigfix.packages import require_extras

PACKAGE = "tensorflowjs"


@functools.cache
def part(name: str) -> Any:
    """The module `tensorflowjs.NAME`. Raises `MissingExtraError` without the package.

    A program that imports the package, before or later, has it whole.
    """
    if PACKAGE in sys.modules:
        return import_module(f"{PACKAGE}.{name}")
    sys.modules[PACKAGE] = module_from_spec(_spec())
    try:
        return import_module(f"{PACKAGE}.{name}")
    finally:
        for own in [n for n in sys.modules if n == PACKAGE or n.startswith(f"{PACKAGE}.")]:
            del sys.modules[own]


@functools.cache
def operator_lists() -> tuple[dict[str, Any], ...]:
    """What the package says of each operator of TensorFlow that TensorFlow.js has, as JSON."""
    folder = Path(_spec().submodule_search_locations[0], "op_list")
    files = sorted(folder.glob("*.json"))
    return tuple(item for file in files for item in json.loads(file.read_text("utf-8")))


def _spec() -> Any:
    require_extras("Writing a TensorFlow.js model", "tfjs")
    return find_spec(PACKAGE)
