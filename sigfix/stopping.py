"""Ctrl-C, SIGTERM and a closed terminal: how a run is stopped, and what must not be cut in two."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopped(BaseException):
    """The user or the system wants this process to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        what = "Interrupted" if number == signal.SIGINT else f"Stopped by {_name(number)}"
        super().__init__(f"{what}.")
        self.number = number

    @property
    def exit_code(self) -> int:
        """What shells report for a process that this signal ended: 130 for Ctrl-C."""
        return 128 + self.number


def _name(number: int) -> str:
    return signal.Signals(number).name


def how_it_ended(status: int) -> str:
    """What a process ended by: its exit status, or minus the signal that killed it."""
    if status >= 0:
        return f"the process ended with {status}"
    with suppress(ValueError):
        lack = ", as when memory runs out" if _name(-status) == "SIGKILL" else ""
        return f"the process was killed by {_name(-status)}{lack}"
    return f"the process was killed by signal {-status}"


_came: list[int] = []
_written: list[Path] = []


def note_written(place: Path) -> None:
    """Remember that `place` was published, for the user who stops the run after that."""
    _written.append(place)


def written_by_now() -> tuple[Path, ...]:
    """What was published since `watched` began."""
    return tuple(_written)


@contextmanager
def watched() -> Iterator[None]:
    """Raise `Stopped` in the main thread when a signal of `SIGNALS` comes in the block.

    One that is ignored stays so: a job in the background goes on when Ctrl-C is pressed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _came.clear()
    _written.clear()
    own = (signal.SIG_DFL, signal.default_int_handler)
    previous = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) in own}
    for number in previous:
        signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _came.clear()


def ignore() -> None:
    """Let the process end in peace: what comes now comes too late."""
    if threading.current_thread() is threading.main_thread():
        for number in SIGNALS:
            if signal.getsignal(number) is _stop:
                signal.signal(number, signal.SIG_IGN)


def _stop(number: int, frame: FrameType | None) -> None:
    _came.append(number)
    raise Stopped(number)


def raise_again() -> None:
    """Raise `Stopped` once more if a signal came: some imports drop what is raised in them."""
    if _came:
        raise Stopped(_came[0])


@contextmanager
def held() -> Iterator[None]:
    """Let signals of `SIGNALS` wait for the end of the block, which must be short.

    Does nothing beside the main thread, where nothing is raised for them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    previous = {n: signal.getsignal(n) for n in SIGNALS}
    replaced = [n for n, handler in previous.items() if callable(handler)]
    for number in replaced:
        signal.signal(number, lambda number, frame: waiting.append(number))
    try:
        yield
    finally:
        for number in replaced:
            signal.signal(number, previous[number])
        if waiting:
            signal.raise_signal(waiting[0])
