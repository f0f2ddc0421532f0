"""Progress of long commands, on standard error: a spinner on a terminal, plain lines elsewhere.

TensorFlow and the packages around it write dozens of lines to standard error that mean nothing
to a user, from C++ and past every logging setting. While a command runs they are kept aside, and
shown only where it ends in something that was not expected.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO

from sigfix.errors import SigfixError
from sigfix.quoting import printable
from sigfix.stopping import Stopped, raise_again

Say = Callable[[str], None]


def tell(notes: Iterable[str]) -> None:
    """Write lines about the source to standard error; they stay there, --quiet or not."""
    for line in notes:
        print(line, file=sys.stderr)  # noqa: T201


@contextmanager
def steps(quiet: bool = False) -> Iterator[Say]:
    """Yield a function that shows the step being done now; '' ends it, to print something."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _native_output_aside() as terminal, _shown_on(terminal, quiet) as show:

        def say(message: str) -> None:
            raise_again()  # while TensorFlow is imported, some of its code drops what is raised
            show(printable(message))

        yield say


@contextmanager
def _shown_on(terminal: IO[str], quiet: bool) -> Iterator[Say]:
    if quiet:
        yield lambda message: None
    elif not terminal.isatty():
        yield lambda message: _line(message, terminal)
    else:
        yield from _spinner(terminal)


def _line(message: str, terminal: IO[str]) -> None:
    if message:
        print(f"{message} ...", file=terminal, flush=True)


def _spinner(terminal: IO[str]) -> Iterator[Say]:
    from rich.console import Console
    from rich.text import Text

    status = Console(file=terminal).status("")

    def say(message: str) -> None:
        if message:
            status.update(Text(message))  # names are no markup
            status.start()
        else:
            status.stop()

    try:
        yield say
    finally:
        status.stop()


@contextmanager
def _native_output_aside() -> Iterator[IO[str]]:
    """Send everything written to file descriptor 2 to a file; yield the real standard error."""
    sys.stderr.flush()
    terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
    with tempfile.TemporaryFile() as aside, terminal:
        os.dup2(aside.fileno(), 2)
        faulthandler.enable(terminal)  # a crash in native code must not end in silence
        try:
            yield terminal
        except (SigfixError, Stopped):
            raise
        except BaseException:
            aside.seek(0)
            terminal.write(aside.read().decode("utf-8", "replace"))
            raise
        finally:
            sys.stderr.flush()
            terminal.flush()
            faulthandler.disable()
            os.dup2(terminal.fileno(), 2)
