"""What a child process does before its work: end with its parent, and keep to its memory.

Started by `processes.started` as `main MODULE JOB PARENT MEMORY`, with a pipe as standard input
that nobody writes to: its end says that the parent is gone, on every system. That is seen by a
thread, which cannot run while native code holds the interpreter; Linux kills such a child too.
"""

from __future__ import annotations

import contextlib
import gc
import os
import runpy
import signal
import subprocess
import sys
import threading

from sigfix.lean import import_lean, keep_to_the_end

_PR_SET_PDEATHSIG = 1
"""The number in `prctl(2)`."""


def main() -> None:
    """Run the module that the first argument names as `__main__`, with the job as its argument."""
    module, job, parent, memory = sys.argv[1:5]
    _limit_memory(int(memory))
    import_lean()
    run(module, job, int(parent))


def run(module: str, job: str, parent: int) -> None:
    """Be the child process of `parent` that runs `module` on the file `job`."""
    _end_with_parent(parent)
    sys.argv[1:] = [job]
    gc.disable()  # until `do_job`: a module is imported first
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        keep_to_the_end()


def supervise() -> None:
    """Run the program that the arguments name, which ends with our parent as we do."""
    _watch_input()
    try:
        code = subprocess.call(sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[1]} cannot be started ({error.strerror or error})")
    sys.exit(code if code >= 0 else 128 - code)


def _end_with_parent(parent: int) -> None:
    _watch_input()
    be_killed_with(parent)


def be_killed_with(parent: int) -> None:
    """Let Linux kill this process when `parent` is gone; other systems have nothing of the kind."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before that
            os._exit(1)


def _watch_input() -> None:
    """End this process and what it started when standard input ends; the work finds it empty."""
    pipe = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_watch, args=(pipe,), daemon=True).start()


def _watch(pipe: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(pipe, 1):
            pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _limit_memory(most: int) -> None:
    """Let this process have `most` bytes of address space; 0 is any number."""
    if not most:
        return
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    with contextlib.suppress(OSError, ValueError):  # a lower one is set, or macOS refuses it
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
