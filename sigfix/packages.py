"""Which packages each piece of work needs; asked before any of it, and before they are imported."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from sigfix.errors import MissingExtraError

NEEDED: Mapping[str, tuple[str, ...]] = {
    "tf": ("numpy", "tensorflow"),
    "tfjs": ("tensorflow", "tensorflowjs"),
    "onnx": ("tensorflow", "onnx", "onnxslim", "onnxruntime"),
    "doctr": ("doctr", "torch", "onnx", "onnxruntime", "tensorflow"),
    "onnx-tf": ("onnx_tf", "tensorflow_probability", "tensorflow", "onnx", "onnxruntime"),
}
"""Extra -> the packages that what it is for imports."""


def require_extras(purpose: str, *extras: str) -> None:
    """Raise `MissingExtraError` where a package of these extras is not installed."""
    require_packages(purpose, ",".join(extras), *(p for extra in extras for p in NEEDED[extra]))


def require_packages(purpose: str, extra: str, *packages: str) -> None:
    """Raise `MissingExtraError` where one of some packages, which `extra` brings, is not there."""
    absent = [package for package in dict.fromkeys(packages) if find_spec(package) is None]
    if absent:
        raise MissingExtraError(purpose, extra, ", ".join(absent))
