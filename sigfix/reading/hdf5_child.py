"""Read the attributes of an HDF5 file in this process, which was started for nothing else.

Started through `processes.run_process`; see `hdf5.read_attributes` for the job and the answer.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

from sigfix.errors import first_line
from sigfix.processes import Answer, do_job


def _limit(seconds: int, memory: int) -> None:
    """End this process where it works or takes more than that from now on."""
    try:
        import resource
    except ImportError:  # Windows; the parent's time limit is left
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 1 + seconds
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        pages = int(open("/proc/self/statm").read().split()[0])  # noqa: SIM115, PTH123
        most = pages * resource.getpagesize() + memory
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _text(value: Any, largest: int) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8")
    if not isinstance(value, str):
        raise ValueError(f"an attribute is {type(value).__name__}, not text")
    if len(value) > largest:
        raise ValueError("the configuration is too large")
    return str(value)


def read(job: dict[str, Any]) -> Answer:
    """The attributes `names` as text; of what goes wrong, the reason."""
    import h5py

    _limit(job["seconds"], job["memory"])
    try:
        with h5py.File(job["file"], "r") as file:
            return {name: _text(file.attrs.get(name), job["largest"]) for name in job["names"]}
    except Exception as error:  # whatever libhdf5 finds; the parent says it
        return {"error": first_line(error).rstrip(".")}


if __name__ == "__main__":
    do_job(read)
