"""What a process with TensorFlow says of a function that is to be written anew."""

from __future__ import annotations

from typing import Any

from sigfix.errors import ProcessError


def asked(child: str, job: dict[str, Any]) -> dict[str, Any]:
    """The answer of a child module; why there is none is under `refused`, as the child's own is."""
    from sigfix.processes import run_process

    try:
        return run_process(child, job)
    except ProcessError as error:
        return {"refused": f"TensorFlow's process for it {error.reason}"}
