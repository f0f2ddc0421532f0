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

from sigfix.errors import SigfixError
from sigfix.pipeline.inspect import inspect

ROOT = Path(__file__).parents[2]
DEEPEST = 3
"""Commands one after another: an author gives up after so many."""
BLANKS = re.compile(r"\b(SHAPE|VALUE|TENSOR|NAME|OLD|NEW|FILE|MODEL|DIRECTORY|PATH|CODE)\b")
"""Words in a command that only its reader can fill in."""
_MARKED = re.compile(r"(?:^|\s)(?:fix|or|try|Next): (.*)|choose it with (--.*)")
_SHELL = 'sigfix() { "$SIGFIX_PYTHON" -m sigfix "$@"; }\n'


@dataclass(frozen=True)
class Printed:
    """A command that was printed, by which command, and about which finding ('' for none)."""

    command: str
    by: str
    code: str = ""


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
    done = subprocess.run(
        ["bash", "-c", _SHELL + command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def commands_in(output: str, command: str) -> Iterator[Printed]:
    """The commands that `command` printed; options alone are meant for that command itself."""
    code = ""
    for line in output.splitlines():
        found = re.match(r"(?:error|warning|note)\s+([A-Z]{3}\d{3})\b", line)
        code = found[1] if found else code
        marked = _MARKED.search(line)
        text = (marked[1] or marked[2] or "").strip() if marked else ""
        if text.startswith("--"):
            yield Printed(f"{command} {text}", command, code)
        elif text.startswith("sigfix "):
            yield Printed(text, command, code)


def explore(model: Path, starts: tuple[str, ...], folder: Path) -> list[Outcome]:
    """Run the commands in `starts` on a model, and all that they print, each command once."""
    done: dict[str, Outcome] = {}
    for start in starts:
        command = start.format(model=model.name)
        place = _fresh(model, folder)
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
    if BLANKS.search(command):
        done[command] = Outcome(printed, "author")
        return "author"
    if command in before:
        return "broken"
    place = _fresh(model, folder)
    code, output = run(command, place)
    last = next((line for line in output.splitlines() if line.startswith("error")), "")
    outcome = Outcome(printed, "broken", last or output.strip()[-200:])
    done[command] = outcome
    if "Traceback" in output or re.search(r"No such option|Usage: sigfix", output):
        return "broken"
    if command.startswith("sigfix inspect"):
        verdict = "kept" if code in (0, 1) else "broken"
    elif code == 0:
        left = printed.code and printed.code in _codes_after(output, place)
        verdict = "broken" if left else "kept"
        outcome = replace(outcome, said=f"{printed.code} is still there" if left else "")
    else:
        verdict = "refused" if command.startswith("sigfix convert") and last else "broken"
        following = list(commands_in(output, command))
        if following and len(before) < DEEPEST:
            ends = [_follow(item, model, folder, done, (*before, command)) for item in following]
            verdict = "asks" if set(ends) - {"broken"} else verdict
        elif following:
            verdict = "asks"
    done[command] = replace(outcome, verdict=verdict)
    return verdict


def _codes_after(output: str, place: Path) -> set[str]:
    """The codes of what `inspect` finds in the model that was written."""
    wrote = re.search(r"^Wrote (\S+)", output, re.MULTILINE)
    if wrote is None:
        return set()
    try:
        return {item.code for item in inspect(place / wrote[1]).findings}
    except SigfixError:
        return set()


def _fresh(model: Path, folder: Path) -> Path:
    """A directory with a copy of the model alone in it."""
    place = folder / "here"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    if model.is_dir():
        shutil.copytree(model, place / model.name)
    else:
        shutil.copy(model, place)
    return place
