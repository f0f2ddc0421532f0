"""Seconds and peak memory of a command with all the processes that it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Footprint:
    """Wall-clock seconds, and the most gigabytes that were resident at one time."""

    seconds: float
    gigabytes: float


def measured(command: Sequence[str], environment: dict[str, str] | None = None) -> Footprint:
    """Run a command to its end. Raises `SystemExit` with what it said where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(EVERY):
            peak[0] = max(peak[0], _resident(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    return Footprint(seconds, peak[0] / 1e9)


def _resident(root: int) -> int:
    """Bytes that a process and all below it hold; what two of them share counts for both."""
    total, pending = 0, [root]
    while pending:
        number = pending.pop()
        try:
            total += int((PROC / str(number) / "statm").read_text().split()[1]) * _PAGE
            for task in (PROC / str(number) / "task").iterdir():
                pending += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):  # it has ended meanwhile
            continue
    return total
