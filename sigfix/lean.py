"""TensorFlow without what it only looks for: in sigfix's own processes, never in a user's.

While it is imported, TensorFlow 2.19 and Keras 3 try to import JAX, pandas, OpenCV, h5py and SciPy,
and do without where they are not there; Keras itself TensorFlow imports for the names of its
optimizers. sigfix needs nothing of that, and it costs each process 200 MB and 0.9 s. What imports
them later gets them. Python's collector, which finds nothing in modules, costs 0.4 s more.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from typing import Any

OPTIONAL = frozenset(("jax", "pandas", "cv2"))
OF_KERAS = frozenset(("keras.src", "tf_keras.src", "h5py", "scipy"))
"""Left out too, but where Keras is what imports TensorFlow: it means to use them."""


class _WhileTensorFlowIsImported(MetaPathFinder):
    """Finds nothing, and says of the optional packages that they are not there."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> None:
        optional = fullname in OPTIONAL or (fullname in OF_KERAS and not _keras_is_there())
        if optional and _is_being_imported("tensorflow"):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def _keras_is_there() -> bool:
    return "keras.src" in sys.modules or "tf_keras.src" in sys.modules


def _is_being_imported(name: str) -> bool:
    module = sys.modules.get(name)
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def import_lean() -> None:
    """Let TensorFlow be imported so in this process, if and when it is."""
    if not is_lean():
        sys.meta_path.insert(0, _WhileTensorFlowIsImported())


def is_lean() -> bool:
    """Whether this is a process of sigfix's own, in which TensorFlow is imported so."""
    return any(isinstance(item, _WhileTensorFlowIsImported) for item in sys.meta_path)


@contextmanager
def importing() -> Iterator[None]:
    """Import modules in the block without collecting garbage; what there is stays."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def keep_to_the_end() -> None:
    """Let this process end without looking for garbage, which with TensorFlow takes a second.

    Not where PyTorch is: a part of it prints what was never collected.
    """
    if "torch" not in sys.modules:
        gc.disable()
        gc.freeze()
