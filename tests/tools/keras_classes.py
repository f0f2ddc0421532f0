"""Write sigfix/reading/keras_classes.txt: the classes that Keras 2 and 3 build models of, by name.

    python -m tests.tools.keras_classes [OUTPUT]

A file of an older Keras names its classes without a module, and Keras looks among its own. What
either library can be looked up for is listed, under every name that one of its modules has it by.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[2] / "sigfix" / "reading" / "keras_classes.txt"
LIBRARIES = ("keras", "tf_keras")
_NAME = re.compile(r"[A-Z]\w*")


def listed() -> list[str]:
    """The names, sorted."""
    import keras
    import tf_keras
    from tf_keras.src.layers import serialization

    assert keras.__version__[0] == "3" and tf_keras.__version__[0] == "2"
    serialization.populate_deserializable_objects()
    found: set[str] = set(serialization.LOCAL.ALL_OBJECTS)
    for module in list(sys.modules.values()):
        if _root(getattr(module, "__name__", "")) in LIBRARIES:
            found |= {name for name, value in vars(module).items() if _is_own(value)}
    return sorted(name for name in found if _NAME.fullmatch(name))


def _is_own(value: Any) -> bool:
    return isinstance(value, type) and _root(value.__module__) in LIBRARIES


def _root(name: str) -> str:
    return str(name).partition(".")[0]


def table() -> str:
    """What the file should hold."""
    import keras
    import tf_keras

    versions = f"tf_keras {tf_keras.__version__} and keras {keras.__version__}"
    return f"# Classes of {versions}, by name.\n" + "".join(f"{name}\n" for name in listed())


if __name__ == "__main__":
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    output.write_text(table(), encoding="ascii", newline="\n")
