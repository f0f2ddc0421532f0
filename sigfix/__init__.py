"""Inspect, repair and convert TensorFlow SavedModels."""

from sigfix.version import __version__

__all__ = ["__version__"]
