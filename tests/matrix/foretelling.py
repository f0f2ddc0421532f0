"""What `sigfix inspect --target tfjs-BACKEND` says will not run on a backend."""

from __future__ import annotations

from pathlib import Path

from sigfix import inspect
from sigfix.diagnosis.rule import Severity


def foretold_failures(model: Path, backend: str) -> list[str]:
    """The findings that say that a TF.js model does not run, or runs wrongly, on `backend`."""
    return [
        f"{finding.code}: {finding.message}"
        for finding in inspect(model, target=f"tfjs-{backend}").findings
        if finding.severity is Severity.ERROR
    ]
