"""TensorFlow without what it only looks for: in sigfix's own processes, never in a user's.

While it is imported, TensorFlow 2.19 and Keras 3 try to import JAX, pandas and OpenCV, and do
without where they are not there. sigfix needs nothing of that, and it costs each process 160 MB and
0.7 s. What imports them later gets them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from typing import Any

OPTIONAL = frozenset(("jax", "pandas", "cv2"))


class _WhileTensorFlowIsImported(MetaPathFinder):
    """Finds nothing, and says of the optional packages that they are not there."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        if fullname in OPTIONAL and _is_being_imported("tensorflow"):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _is_being_imported(name: str) -> bool:
    module = sys.modules.get(name)
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def import_lean() -> None:
    """Let TensorFlow be imported so in this process, if and when it is."""
    if not any(isinstance(item, _WhileTensorFlowIsImported) for item in sys.meta_path):
        sys.meta_path.insert(0, _WhileTensorFlowIsImported())
