"""Programs that stand for Node.js and npm."""

from __future__ import annotations

from pathlib import Path


def write_program(path: Path, script: str) -> Path:
    """A shell script at `path` that can be run."""
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
