"""From the paths that were named to inspections, one after another or at once."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sigfix.cli.inspect_options import Judgement, Where
from sigfix.cli.settings import Settings, names
from sigfix.diagnosis import is_named
from sigfix.errors import SigfixError, UsageError
from sigfix.paths import RemotePath, path_or_url
from sigfix.pipeline.inspect import failed_inspection, inspect
from sigfix.pipeline.inspect_url import inspect_url
from sigfix.reading.remote_walking import models_below_url
from sigfix.reading.walking import models_below
from sigfix.report import Inspection, light

STANDARD_INPUT = Path("-")
_AT_ONCE = 16
"""Paths that a process is given together."""
_AHEAD = 4
"""How often that for each process: what is done and not yet written takes memory."""


@dataclass(frozen=True)
class Wanted:
    """How each path is inspected: what a process is sent."""

    judgement: Judgement
    settings: Settings
    checksums: bool

    def one(self, path: Path) -> Inspection:
        """Inspect one path. Raises `SigfixError`."""
        look = inspect_url if isinstance(path, RemotePath) else inspect
        return look(
            path,
            target=self.judgement.targets,
            checksums=self.checksums,
            selected=self.judgement.selected,
            ignored=self.ignored_at(path),
        )

    def row(self, path: Path) -> Inspection:
        """The same, without its graphs; one that cannot be read is a row like the others."""
        try:
            return light(self.one(path))
        except SigfixError as error:
            return failed_inspection(path, error, self.ignored_at(path))

    def rows(self, paths: list[Path]) -> list[Inspection]:
        """Several of them."""
        return list(map(self.row, paths))

    def ignored_at(self, path: Path) -> tuple[str, ...]:
        """The codes that are left out at a path."""
        chosen = self.judgement.selected
        extra = self.settings.ignored_at(path)
        return (*self.judgement.ignored, *(code for code in extra if not is_named(code, chosen)))


def wanted_paths(named: Iterable[Path], where: Where, settings: Settings) -> list[Path]:
    """The paths to inspect, in their order, each once.

    `-` stands for the lines of standard input. A path that was named is inspected even where the
    settings exclude it, unless it was found by `--recursive` or came in that way.
    Raises `UsageError` where nothing is left.
    """
    found: dict[Path, None] = {}
    for path in named:
        if path == STANDARD_INPUT:
            lines = sys.stdin.read().splitlines()
            given, listed = [path_or_url(line) for line in lines if line], True
        else:
            given, listed = [path], False
        for each in given:
            walked = where.recursive and (isinstance(each, RemotePath) or each.is_dir())
            for model in _below(each) if walked else [each]:
                if not ((walked or listed) and _is_excluded(model, where, settings)):
                    found[model] = None
    if not found:
        raise UsageError(
            "There is no model to inspect: "
            + ("none is below what was named." if where.recursive else "no path was named."),
            "sigfix inspect --recursive .   # every model below this directory",
        )
    return list(found)


def _below(folder: Path) -> Iterable[Path]:
    """Every model there. A store that cannot be listed is a row of the report, like a path."""
    if not isinstance(folder, RemotePath):
        return models_below(folder)
    try:
        return models_below_url(folder)
    except SigfixError:
        return [folder]


def _is_excluded(path: Path, where: Where, settings: Settings) -> bool:
    here = Path()
    return settings.is_excluded(path) or any(names(each, path, here) for each in where.excluded)


def the_only_one(path: Path, wanted: Wanted) -> Inspection:
    """Inspect the one path that was named. A path without a model cannot be ignored then."""
    try:
        return wanted.one(path)
    except SigfixError as error:
        code = getattr(error, "code", "")
        if is_named(code, wanted.ignored_at(path)):
            error.message += f" --ignore {code} leaves out one of several paths, and this is all."
        raise


def inspect_all(paths: list[Path], wanted: Wanted, jobs: int) -> Iterator[Inspection]:
    """Inspect every path, with a progress line on a terminal where there are many."""
    shown = len(paths) > 3 and sys.stderr.isatty()
    for number, item in enumerate(_rows(paths, wanted, jobs), 1):
        if shown:
            done = 20 * number // len(paths)
            bar = "#" * done + "." * (20 - done)
            sys.stderr.write(f"\r[{bar}] {number}/{len(paths)}\x1b[K")
        yield item
    if shown:
        sys.stderr.write("\r\x1b[K")


def _rows(paths: list[Path], wanted: Wanted, jobs: int) -> Iterator[Inspection]:
    if min(jobs, len(paths)) == 1:
        yield from map(wanted.row, paths)
        return
    import multiprocessing  # which takes as long to import as a small model to inspect
    from concurrent.futures import Future, ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")
    parts = (paths[at : at + _AT_ONCE] for at in range(0, len(paths), _AT_ONCE))
    with ProcessPoolExecutor(min(jobs, len(paths)), mp_context=context) as pool:
        waiting: deque[Future[list[Inspection]]] = deque()
        for part in parts:
            waiting.append(pool.submit(wanted.rows, part))
            if len(waiting) > jobs * _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
