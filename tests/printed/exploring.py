"""Follow what the commands print about a model: each printed command is run in a shell, as it is.

A printed command is kept where it succeeds and what it is about is mended, or where it leads to
another question, with another command, that is kept. It is broken where the shell or the parser
does not take it, where the same question comes back, and where nothing follows. `convert` cannot be
planned: where the signature that it asked for has an operator that it lacks, it may refuse.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sigfix.quoting import quote
from tests.environments import ROOT

DEEPEST = 3
"""Commands one after another: an author gives up after so many."""
BLANKS = re.compile(r"\b(SHAPE|VALUE|TENSOR|NAME|OLD|NEW|FILE|MODEL|DIRECTORY|PATH|CODE)\b")
"""Words in a command that only its reader can fill in."""
_MARKED = re.compile(r"(?:^|\s)(?:fix|or|try|Next): (.*)|choose it with (--.*)")
STARTS = (
    "sigfix inspect {model} --target tfjs",
    "sigfix repair {model} --dry-run",
    "sigfix convert {model} --tfjs",
)
_SHELL = 'sigfix() { "$SIGFIX_PYTHON" -m sigfix "$@"; }\n'


@dataclass(frozen=True)
class Printed:
    """A command that was printed, by which command, and about which finding ('' for none)."""

    command: str
    by: str
    finding: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a printed command. `verdict` is kept, asks, author, refused or broken."""

    printed: Printed
    verdict: str
    said: str = ""


def run(command: str, folder: Path, seconds: int = 400) -> tuple[int, str]:
    """A command as a person's shell runs it, with a screen that is wide; exit code and output."""
    environment = {**os.environ, "SIGFIX_PYTHON": sys.executable, "PYTHONPATH": str(ROOT),
                   "COLUMNS": "400", "NO_COLOR": "1"}  # fmt: skip
    try:
        done = subprocess.run(
            ["bash", "-c", _SHELL + command],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 124, f"error: it took more than {seconds} s"
    return done.returncode, done.stdout + done.stderr


def commands_in(output: str, command: str) -> Iterator[Printed]:
    """The commands that `command` printed; options alone are meant for that command itself."""
    finding = ""
    for line in output.splitlines():
        found = re.match(r"(?:error|warning|note)\s+([A-Z]{3}\d{3}\b.*)", line)
        finding = found[1] if found else finding
        marked = _MARKED.search(line)
        text = (marked[1] or marked[2] or "").strip() if marked else ""
        if text.startswith("--"):
            yield Printed(f"{command} {text}", command, finding)
        elif text.startswith("sigfix "):
            yield Printed(text, command, finding)


def explore(model: Path, starts: tuple[str, ...], folder: Path) -> list[Outcome]:
    """Run the commands in `starts` on a model, and all that they print, each command once."""
    done: dict[str, Outcome] = {}
    for start in starts:
        command = start.format(model=quote(model.name))
        place = fresh(model, folder)
        _, output = run(command, place)
        for printed in commands_in(output, command):
            _follow(printed, model, folder, done, (command,))
    return list(done.values())


def _follow(
    printed: Printed, model: Path, folder: Path, done: dict[str, Outcome], before: tuple[str, ...]
) -> str:
    """Run one printed command, and those that it prints, and say what became of it."""
    command = printed.command
    if command in done:
        return done[command].verdict
    if BLANKS.search(command.partition("   #")[0]):
        done[command] = Outcome(printed, "author")
        return "author"
    if command in before:
        return "broken"
    place = fresh(model, folder)
    code, output = run(command, place)
    last = next((line for line in output.splitlines() if line.startswith("error")), "")
    outcome = Outcome(printed, "broken", last or output.strip()[-200:])
    done[command] = outcome
    if "Traceback" in output or re.search(r"No such option|Usage: sigfix", output):
        return "broken"
    if command.startswith("sigfix inspect"):
        verdict = "kept" if code in (0, 1) else "broken"
    elif code == 0:
        left = bool(printed.finding) and _is_still_there(printed.finding, output, place)
        verdict = "broken" if left else "kept"
        outcome = replace(outcome, said=f"still there: {printed.finding}" if left else "")
    else:
        verdict = "refused" if "sigfix convert" in command and last else "broken"
        following = list(commands_in(output, command))
        if following and len(before) < DEEPEST:
            ends = [_follow(item, model, folder, done, (*before, command)) for item in following]
            verdict = "asks" if set(ends) - {"broken"} else verdict
        elif following:
            verdict = "asks"
    done[command] = replace(outcome, verdict=verdict)
    return verdict


def _is_still_there(finding: str, output: str, place: Path) -> bool:
    """Whether `inspect` says the same of the model that was written, in the same place of it."""
    wrote = re.search(r"^Wrote (.+)", output, re.MULTILINE)
    if wrote is None:
        return False
    _, said = run(f"sigfix inspect {quote(wrote[1])}", place)
    return finding in said


def fresh(model: Path, folder: Path) -> Path:
    """A directory with a copy of the model alone in it."""
    place = folder / "here"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    if model.is_dir():
        shutil.copytree(model, place / model.name)
    else:
        shutil.copy(model, place)
    return place
