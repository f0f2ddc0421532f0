"""A documented line, run as it stands there: its exit code, and what it said."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.doc_commands.rows import Ran
from tests.environments import ROOT

SHELLS = set("*|$")
LONGEST = 3600


def check(
    line: str,
    row: Ran,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Run the line in the folder, after its scene, and compare what became of it."""
    monkeypatch.chdir(folder)
    row.scene()
    capfd.readouterr()
    with row.around() as variables:
        if row.until_ctrl_c:
            code, told = stopped(line, variables)
        else:
            code, told = typed(line, variables), ""
        told += "".join(capfd.readouterr())
        print(told)
        assert code == row.code
        assert re.search(row.said, told), told


def typed(line: str, variables: Mapping[str, str]) -> int:
    """The exit code of the line: in this process where it is sigfix's alone, else by a shell."""
    words = shlex.split(line)
    if words[0] == "sigfix" and not set(line) & SHELLS and not variables:
        return run(*words[1:])
    command = ["bash", "-c", line]
    return subprocess.run(command, env=environment(variables), timeout=LONGEST).returncode


def stopped(line: str, variables: Mapping[str, str]) -> tuple[int, str]:
    """The exit code of a line that serves until Ctrl-C, which comes once a page was fetched."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        env={**environment(variables), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    try:
        told = process.stdout.readline()
        address = re.search(r"http://\S+", told)
        assert address, told + process.stdout.read()
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(address[0], timeout=20) as page:
            assert page.read() == Path("site", "index.html").read_bytes()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        told += process.stdout.read()
    finally:
        process.kill()
    return process.returncode, told


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """With `sigfix` and the tests' Python in front."""
    program = str(Path(sys.executable).parent)
    path = os.pathsep.join([program, os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
