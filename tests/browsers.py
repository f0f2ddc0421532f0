"""Browsers that a page is opened in, without a window: how each is found and started.

Chromium is what the tests need; Firefox and WebKit, which Safari is made of, are used where they
are installed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sigfix.verifying.runners.chromium import FLAGS, find_chromium

SANDBOX = "--no-sandbox"
"""As root Chromium refuses to start with one, and containers run as root."""
BACKEND_FLAGS = {"webgpu": ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")}
"""What Chromium needs beside `FLAGS` for a backend where there is no graphics card."""
FIREFOX = ("firefox-esr", "firefox")
QUIET = (
    "browser.aboutwelcome.enabled",
    "browser.shell.checkDefaultBrowser",
    "datareporting.policy.dataSubmissionEnabled",
    "app.normandy.enabled",
    "network.captive-portal-service.enabled",
)
"""Settings of Firefox that open pages of its own, or ask other hosts."""
WEBKIT_PLACES = "usr/lib/*/webkit2gtk-4.*/MiniBrowser"
"""Where Debian has the small browser of WebKitGTK; it needs a display, and gets a virtual one."""


@dataclass(frozen=True)
class Browser:
    """How one is found, and the command that opens an address with a new profile."""

    find: Callable[[], str | None]
    command: Callable[[str, Path, str], list[str]]
    install: str


def _chromium(program: str, profile: Path, address: str) -> list[str]:
    return [program, *FLAGS, SANDBOX, f"--user-data-dir={profile}", address]


def _find_firefox() -> str | None:
    return next(filter(None, map(shutil.which, FIREFOX)), None)


def _firefox(program: str, profile: Path, address: str) -> list[str]:
    lines = [f'user_pref("{name}", false);\n' for name in QUIET]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    return [program, "--headless", "--no-remote", "--profile", str(profile), address]


def _find_webkit() -> str | None:
    found = sorted(map(str, Path("/").glob(WEBKIT_PLACES)))
    return found[-1] if found and shutil.which("xvfb-run") else None


def _webkit(program: str, profile: Path, address: str) -> list[str]:
    # It keeps what it stores in the home directory.
    return ["env", f"HOME={profile}", "xvfb-run", "--auto-servernum", program, address]


CHROMIUM = "Chromium"
BROWSERS = {
    CHROMIUM: Browser(find_chromium, _chromium, "chromium"),
    "Firefox": Browser(_find_firefox, _firefox, "firefox-esr"),
    "WebKit": Browser(_find_webkit, _webkit, "webkit2gtk-driver xvfb xauth"),
}


def version_of(name: str) -> str:
    """As the browser says it: `Chromium 156.0.8078.79`. Raises `RuntimeError` without one."""
    said = subprocess.run([_program(name), "--version"], capture_output=True, text=True, check=True)
    return " ".join(word for word in said.stdout.split()[:3] if word not in ("built", "Mozilla"))


def opened(
    address: str,
    done: threading.Event,
    seconds: float,
    flags: Sequence[str] = (),
    name: str = CHROMIUM,
) -> None:
    """Keep a page open until `done` is set, the browser ends, or time is up.

    `flags` are more of Chromium's. Raises `RuntimeError` where the browser is not installed.
    """
    program = _program(name)
    with tempfile.TemporaryDirectory(
        prefix="sigfix-browser-", ignore_cleanup_errors=True
    ) as profile:
        command = BROWSERS[name].command(program, Path(profile), address)
        browser = subprocess.Popen(
            [*command[:-1], *flags, command[-1]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            waited = 0.0
            while not done.wait(0.25) and browser.poll() is None and waited < seconds:
                waited += 0.25
        finally:
            if browser.poll() is None:
                os.killpg(browser.pid, signal.SIGKILL)  # its own session: nobody else's processes
            browser.wait()


def _program(name: str) -> str:
    program = BROWSERS[name].find()
    if program is None:
        install = BROWSERS[name].install
        raise RuntimeError(f"no {name} is installed (Debian and Ubuntu: apt install {install})")
    return program
