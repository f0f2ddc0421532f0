"""Whether what runs a model is installed; asked before anything that needs NumPy is imported."""

from __future__ import annotations

from importlib.util import find_spec

from sigfix.errors import MissingExtraError


def require_tensorflow(purpose: str) -> None:
    """Raise `MissingExtraError` where TensorFlow or NumPy is not installed."""
    absent = [package for package in ("numpy", "tensorflow") if find_spec(package) is None]
    if absent:
        raise MissingExtraError(purpose, "tf", ", ".join(absent))
