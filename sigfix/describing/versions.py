"""Version strings as TensorFlow's loader of TF1 models reads them."""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"\s*v?(\d+!)?\d+(\.\d+)*"
    r"([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?"
    r"(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?"
    r"([-_.]?dev[-_.]?\d*)?"
    r"(\+[a-z0-9]+([-_.][a-z0-9]+)*)?\s*",
    re.IGNORECASE | re.ASCII,
)
"""What Python calls a version: https://packaging.python.org/specifications/version-specifiers/."""


def is_version(text: str) -> bool:
    """Whether TensorFlow can parse a model's `tensorflow_version`; '' is none, and is allowed."""
    return not text or _VERSION.fullmatch(text) is not None
