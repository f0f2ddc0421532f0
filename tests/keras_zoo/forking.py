"""sigfix's child processes, forked from one that has TensorFlow and both Kerases imported.

Importing them takes longer than converting a model of the zoo. A forked process does the same work
as one that is started, but that its environment is set after TensorFlow has read it: what is
not right is measured once more with processes that are started.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any
from unittest import mock

from sigfix import processes

CHILD = "c.main()"
PRELOADED = "tests.keras_zoo.preloaded"


class Forked:
    """What `processes` uses of `subprocess.Popen`, for a forked process."""

    stdin = None

    def __init__(self, arguments: Sequence[str], log: str, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PRELOADED])
        self._process = context.Process(target=_work, args=(list(arguments), log, environment))
        self._process.start()
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int | None:
        end = None if timeout is None else time.monotonic() + timeout
        while self._process.exitcode is None:
            self._process.join(processes.POLL_SECONDS)
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0.0)
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


def _work(arguments: list[str], log: str, environment: dict[str, str]) -> None:
    """Be the child: run the module that the first argument names on the job of the second."""
    os.setsid()
    written = os.open(log, os.O_WRONLY | os.O_APPEND)
    for number in (1, 2):
        os.dup2(written, number)
    os.environ.update(environment)
    module, job = arguments[:2]
    sys.argv[:] = [module, job]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@contextlib.contextmanager
def forked() -> Iterator[None]:
    """Inside, the children that sigfix starts for work in Python are forked."""
    start = subprocess.Popen

    def popen(
        command: Any, *, stdout: IO[bytes] | Any = None, env: Any = None, **options: Any
    ) -> Any:
        if len(command) > 2 and str(command[2]).endswith(CHILD):
            return Forked(command[3:], stdout.name, env)
        return start(command, stdout=stdout, env=env, **options)

    with mock.patch.object(processes.subprocess, "Popen", popen):
        yield
