"""A page opened in a headless Chromium, for as long as it needs to send its result."""

from __future__ import annotations

import os
import shutil
import threading
import time

from sigfix.errors import NotVerifiedError, ProcessError
from sigfix.processes import supervised
from sigfix.temporary import temporary_folder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--disable-dev-shm-usage",  # /dev/shm is small in containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
POLL_SECONDS = 0.2


def find_chromium() -> str | None:
    """The browser's program, or None where none is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def open_page(program: str, address: str, done: threading.Event, seconds: float) -> None:
    """Keep `address` open until `done` is set, the browser ends, or time is up.

    Raises `NotVerifiedError` where the browser cannot be started, or `done` is not set.
    """
    # As root it refuses to start with a sandbox, and containers run as root.
    unsandboxed = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    with temporary_folder() as folder:
        command = [program, *FLAGS, *unsandboxed, f"--user-data-dir={folder / 'profile'}", address]
        end = time.monotonic() + seconds
        try:
            with supervised(command, folder, {}) as browser:
                while not done.wait(POLL_SECONDS) and browser.poll() is None:
                    if time.monotonic() > end:
                        raise NotVerifiedError(
                            f"The page did not finish in {program} within {seconds:g} s.",
                            "--timeout SECONDS gives it more",
                        )
                ended = browser.poll()
        except ProcessError as error:
            raise NotVerifiedError(f"{program} {error.reason}.") from error
    if not done.is_set():
        raise NotVerifiedError(f"{program} ended with {ended} before the page was read.")
