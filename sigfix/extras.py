"""Which Pythons each extra's packages are for, and the command that installs an extra.

pyproject.toml says the same to pip, line by line; a test compares the two.
"""

from __future__ import annotations

import sys

Version = tuple[int, int]

PYTHONS: dict[str, tuple[Version, Version | None]] = {
    "tf": ((3, 10), (3, 13)),
    "tfjs": ((3, 10), (3, 12)),
    "onnx": ((3, 10), (3, 13)),
    "onnx-tf": ((3, 10), (3, 11)),
    "doctr": ((3, 11), (3, 13)),
    "verify": ((3, 10), None),
    "checksums": ((3, 10), None),
    "pictures": ((3, 10), None),
    "remote": ((3, 10), None),
}
"""Extra -> the oldest and the newest Python; None where every newer one can have it."""

FULLEST: Version = (3, 12)
"""The newest Python that has all that the commands need."""


def install_command(extra: str, running: Version | None = None) -> str:
    """The command that installs an extra, or several as "tfjs,onnx".

    Where the running Python cannot have it, it is one for a Python that can, and says so.
    """
    running = running or (sys.version_info[0], sys.version_info[1])
    ranges = [PYTHONS[name] for name in extra.split(",")]
    oldest = max(low for low, _ in ranges)
    newest = min((high for _, high in ranges if high is not None), default=None)
    packages = f"pip install 'sigfix[{extra}]'"
    if running >= oldest and (newest is None or running <= newest):
        return packages
    chosen = FULLEST if newest is None else min(newest, FULLEST)
    return (
        f"python{shown(chosen)} -m {packages}   (its packages are for {pythons(oldest, newest)}, "
        f"and this is Python {shown(running)})"
    )


def shown(version: Version) -> str:
    """A Python's version as it is written: "3.12"."""
    return ".".join(map(str, version))


def pythons(oldest: Version, newest: Version | None) -> str:
    """A range of Pythons in words."""
    if newest is None:
        return f"Python {shown(oldest)} and newer"
    return f"Python {shown(oldest)}" + (f" to {shown(newest)}" if newest != oldest else "")
