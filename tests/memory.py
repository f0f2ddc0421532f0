"""The peak memory of a process, its own only.

`ru_maxrss` is no use for it: a child starts with the peak of the process that forked it.
"""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory() -> int:
    """The largest resident memory of this process so far, in MiB; 0 where /proc is absent."""
    if not _STATUS.exists():
        return 0
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024
