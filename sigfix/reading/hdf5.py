"""What a Keras HDF5 file says of its model, read by libhdf5 in a child process.

libhdf5 is C, and follows the offsets that a file gives it: a damaged or hostile file can keep it
busy for ever, or let it take all memory. The child may do neither.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sigfix.errors import ProcessError, UnreadableModelError
from sigfix.processes import run_process
from sigfix.reading.boundary import AGAIN

CHILD = "sigfix.reading.hdf5_child"
ATTRIBUTES = ("model_config", "training_config", "keras_version")
CPU_SECONDS = 3
"""A whole one takes a few milliseconds."""
WALL_SECONDS = 60.0
"""For a slow disk and a busy machine."""
MEMORY = 1 << 30
LARGEST_CONFIG = 64 << 20
"""Characters of a `model_config`."""


def is_readable() -> bool:
    """Whether h5py is installed."""
    return find_spec("h5py") is not None


def read_attributes(path: Path) -> dict[str, str | None]:
    """The root's `ATTRIBUTES`, None where they are absent.

    Raises `UnreadableModelError` where the file is damaged, or reading it comes to no end.
    """
    job = {
        "file": str(path.absolute()),
        "seconds": CPU_SECONDS,
        "memory": MEMORY,
        "largest": LARGEST_CONFIG,
        "names": ATTRIBUTES,
    }
    try:
        answer = run_process(CHILD, job, WALL_SECONDS)
    except ProcessError as error:
        answer = {
            "error": f"reading it came to no end within {CPU_SECONDS} s of work and"
            f" {MEMORY >> 20:,} MiB of memory ({error.reason})"
        }
    if "error" not in answer:
        return {name: answer[name] for name in ATTRIBUTES}
    raise UnreadableModelError(
        f"{path} is not a Keras file: {answer['error']}.", AGAIN, code="CON214"
    )
