"""Progress of long commands, on standard error: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def steps(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield a function that shows the step being done now."""
    # TensorFlow's own start-up lines would drown everything else.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if quiet:
        yield lambda message: None
    elif not sys.stderr.isatty():
        yield lambda message: typer.echo(f"{message} ...", err=True)
    else:
        from rich.console import Console

        console = Console(stderr=True)
        with console.status("starting") as status:

            def say(message: str) -> None:
                status.update(message)

            yield say
