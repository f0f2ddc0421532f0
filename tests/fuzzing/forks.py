"""Work in a fork of this process, which has everything imported already.

A fork costs some milliseconds where a process of its own costs seconds; what crashes in it, or
takes all memory, takes nothing else with it.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Lost(Exception):
    """The fork gave no answer: a signal ended it, such as that of a limit.

    `seconds` are those of work that it had done by then.
    """

    def __init__(self, said: str, seconds: float = 0.0) -> None:
        super().__init__(said)
        self.seconds = seconds


def in_fork(work: Callable[[], Any], seconds: int = 0, memory: int = 0) -> Any:
    """What `work` returns, done in a fork. An exception comes back as it is, its place as a note.

    `seconds` of work and `memory` bytes beyond what there is end it, where they are given. Raises
    `Lost` where there is no answer.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
            _limit(seconds, memory)
            with os.fdopen(writer, "wb") as file:
                file.write(_answer(work))
        finally:  # whatever it raises: what the caller does next is not this process's work
            os._exit(1)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as file:
            written = file.read()
    except BaseException:  # it took too long
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status, used = os.wait4(child, 0)
    if not written:
        raise Lost(f"the process ended with {status}", used.ru_utime + used.ru_stime)
    answer, error = pickle.loads(written)
    if error is not None:
        raise error
    return answer


def _limit(seconds: int, memory: int) -> None:
    if seconds:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        end = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (end, end + 1))
    if memory:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer(work: Callable[[], Any]) -> bytes:
    try:
        return pickle.dumps((work(), None))
    except BaseException as error:
        places = traceback.format_exception(error)
        try:
            pickle.loads(pickle.dumps(error))
            error.add_note("".join(places))
            return pickle.dumps((None, error))
        except Exception:  # an error that cannot cross
            return pickle.dumps((None, Lost(f"{type(error).__name__}: {error}\n{''.join(places)}")))
