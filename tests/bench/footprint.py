"""Seconds and peak memory of a command with all the processes that it starts."""

from __future__ import annotations

import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
EVERY = 0.05


@dataclass(frozen=True)
class Footprint:
    """Wall-clock seconds, those of processors, and the most gigabytes held at one time."""

    seconds: float
    work: float
    gigabytes: float


def measured(command: Sequence[str], environment: dict[str, str] | None = None) -> Footprint:
    """Run a command to its end. Raises `SystemExit` with what it said where it fails."""
    before = _work()
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
    return Footprint(seconds, _work() - before, peak[0] / 1e9)


def _work() -> float:
    """Seconds of processors that ended children of this process, and theirs, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _resident(root: int) -> int:
    """Bytes that a process and all below it hold; what they share counts once.

    Linux divides memory that was written to by how many hold it (`Pss_Anon`). It does so with
    mapped files too, but with every process of the machine: of these each program counts once.
    """
    own = 0
    files: dict[str, int] = {}
    found = list(_tree(root))
    for number in found:
        try:
            place = PROC / str(number)
            program = str((place / "exe").readlink())
            sizes = _sizes(place / "status")
            anonymous = sizes["RssAnon"] + sizes["RssShmem"]
            if len(found) > 1:
                shared = _sizes(place / "smaps_rollup")
                anonymous = shared["Pss_Anon"] + shared["Pss_Shmem"]
            own += anonymous
            files[program] = max(files.get(program, 0), sizes["RssFile"])
        except (OSError, ValueError, KeyError):  # it has ended meanwhile
            continue
    return own + sum(files.values())


def _sizes(place: Path) -> dict[str, int]:
    """The bytes that a file of /proc says, by name."""
    rows = (line.split() for line in place.read_text().splitlines())
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows if row[2:] == ["kB"]}


def _tree(root: int) -> Iterator[int]:
    pending = [root]
    while pending:
        number = pending.pop()
        yield number
        try:
            for task in (PROC / str(number) / "task").iterdir():
                pending += map(int, (task / "children").read_text().split())
        except OSError:
            continue
