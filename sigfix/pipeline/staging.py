"""Write a result beside its destination and publish it with one rename.

The result is made in a folder `.NAME.sigfix-staging-XXXXXXXX` beside the destination, so that the
rename never crosses file systems. Its owner keeps it locked (see `ownership`); one that nobody
holds belongs to a process that was killed, and the next run in that directory removes it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix import ownership
from sigfix.errors import OutputError, UsageError
from sigfix.ownership import Owned
from sigfix.paths import absolute
from sigfix.pipeline import exchange
from sigfix.pipeline.replacing import why_not_replaced
from sigfix.pipeline.write_failures import cannot_write, said_as_expected
from sigfix.stopping import held, note_written, raise_again

STAGING_MARK = ".sigfix-staging-"
LONGEST_NAME_BYTES = 180

_NAME = re.compile(rf"\..*{re.escape(STAGING_MARK)}[0-9a-f]{{8}}", re.DOTALL)
_RESULT, _REPLACED = "result", "replaced"


@dataclass(frozen=True)
class _Kind:
    """What is published: a file or a directory, and the input that it is made from."""

    is_file: bool = False
    source: Path | None = None


def refuse_existing(
    destination: Path, force: bool, source: Path | None = None, is_file: bool = False
) -> None:
    """Check that `destination` may be written, before long work starts.

    Raises `OutputError` where something (a symbolic link included) already lies there and
    `force` is false, or may not be replaced (see `replacing.why_not_replaced`, which `source` and
    `is_file` are for), and `UsageError` where the path names no directory of its own.
    """
    _refuse_existing(absolute(destination), destination, force, _Kind(is_file, source))


def _refuse_existing(place: Path, destination: Path, force: bool, kind: _Kind) -> None:
    if place.name == "":
        raise UsageError(f"{destination} cannot be a destination.", "name a new directory with -o")
    try:
        place.lstat()
        reason = why_not_replaced(place, kind.source, kind.is_file)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise cannot_write(destination, error) from error
    if not force:
        raise OutputError(
            f"{destination} already exists" + (f" and {reason}." if reason else "."),
            "choose another place with -o" + ("" if reason else ", or replace it with --force"),
        )
    if reason:
        kept = "an ONNX file" if kind.is_file else "a model or an empty directory"
        raise OutputError(
            f"{destination} {reason}; --force replaces {kept}.",
            "choose another place with -o, or move it away",
        )


def refuse_places(
    destination: Path, force: bool, keep_failed: Path | None = None, source: Path | None = None
) -> None:
    """Check all that a run may write, before long work starts.

    Raises what `refuse_existing` raises, and `UsageError` where writing (or replacing) one of
    them could touch the input `source`, or the other.
    """
    for place, option in ((destination, "-o"), (keep_failed, "--keep-failed")):
        if place is None:
            continue
        if source is not None and _overlap(source, place):
            raise UsageError(
                f"{place} overlaps the input {source}, and the input is never written.",
                f"choose a place outside it with {option}",
            )
        refuse_existing(place, force, source)
    if keep_failed is not None and _overlap(destination, keep_failed):
        raise UsageError(
            f"{keep_failed} overlaps {destination}, where the result goes.",
            "choose a place outside it with --keep-failed",
        )


def _overlap(one: Path, other: Path) -> bool:
    here, there = (Path(os.path.realpath(absolute(item))) for item in (one, other))
    return here == there or here in there.parents or there in here.parents


@contextmanager
def publish_to(
    destination: Path, force: bool, keep_failed: Path | None = None, source: Path | None = None
) -> Iterator[Path]:
    """Yield an empty staging directory, and rename it to `destination` when the block ends well.

    When the block raises, nothing is published and nothing left behind, unless `keep_failed`
    names a place to move the unfinished result to. With `force` an existing destination is
    replaced, where it is a model; where it is a symbolic link, the link is replaced and not what
    it points to. `source` is the model that the result is made from, where that is a directory.

    Raises `OutputError` where the destination exists or cannot be written (also for a full disk
    met inside the block).
    """
    refuse_places(destination, force, keep_failed, source)
    kind = _Kind(source=source)
    with _staged(destination, force, kind) as owned:
        result = owned.folder / _RESULT
        result.mkdir()
        try:
            yield result
        except Exception:  # what was stopped on the way did not fail
            if keep_failed is not None and any(result.iterdir()):
                _keep(owned, keep_failed, force, kind)
            raise


@contextmanager
def publish_file(destination: Path, force: bool) -> Iterator[Path]:
    """`publish_to` for one file: yields the path that it is to be written to."""
    with _staged(destination, force, _Kind(is_file=True)) as owned:
        yield owned.folder / _RESULT


@contextmanager
def _staged(destination: Path, force: bool, kind: _Kind) -> Iterator[Owned]:
    """Own a folder beside `destination` for the block, and publish the result in it after that."""
    refuse_existing(destination, force, kind.source, kind.is_file)
    place = absolute(destination)
    remove_stale(place.parent)
    created = _make_parents(place.parent, destination)
    try:
        with said_as_expected(destination, (place, place.parent), STAGING_MARK):
            owned = ownership.make(place.parent, f".{_short(place.name)}{STAGING_MARK}")
            try:
                yield owned
                raise_again()
                with held():
                    _publish(owned, place, destination, force, kind)
                    note_written(destination)
            finally:
                with held():
                    owned.remove()
    except BaseException:
        for parent in created:
            with suppress(OSError):
                parent.rmdir()
        raise


def remove_stale(directory: Path) -> None:
    """Remove what killed runs left in `directory`; put back what they were replacing."""
    ownership.remove_abandoned(directory, _NAME, _put_back)


def _put_back(folder: Path, facts: dict[str, Any]) -> bool:
    """Put back what a run that was killed between its two renames had moved aside.

    Only what that run recorded is: a folder of that name that came from elsewhere is not the one.
    """
    replaced = folder / _REPLACED
    if not os.path.lexists(replaced):
        return True
    name = facts.get("name")
    if not isinstance(name, str) or Path(name).name != name:
        return True
    if facts.get("folder") != _identity(folder) or facts.get("replaced") != _identity(replaced):
        return True
    destination = folder.parent / name
    if os.path.lexists(destination):
        return True
    try:
        replaced.rename(destination)
    except OSError:
        return False
    return True


def _identity(path: Path) -> list[int]:
    status = path.lstat()
    return [status.st_dev, status.st_ino]


def _short(name: str) -> str:
    """Cut `name` so that a staging name made from it fits any file system."""
    return name.encode("utf-8", "surrogateescape")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore")


def _make_parents(parent: Path, destination: Path) -> list[Path]:
    """Make the missing parents of the destination; return them, the innermost first."""
    missing: list[Path] = []
    try:
        while not os.path.lexists(parent):
            missing.append(parent)
            parent = parent.parent
        if not parent.is_dir():
            what = "a link to nothing" if not parent.exists() else "no directory"
            raise OutputError(
                f"Cannot write {destination}: {parent} is {what}. Nothing was written.",
                "choose another place with -o",
            )
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(destination, error) from error
    return missing


def _publish(owned: Owned, place: Path, destination: Path, force: bool, kind: _Kind) -> None:
    result = owned.folder / _RESULT
    _refuse_existing(place, destination, force, kind)  # it may have appeared meanwhile
    try:
        if kind.is_file:
            _publish_file(result, place, force)
        elif not os.path.lexists(place):
            result.rename(place)
        elif not exchange.exchange(result, place):
            _replace(owned, place)
    except OSError as error:
        raise cannot_write(destination, error) from error


def _publish_file(result: Path, place: Path, force: bool) -> None:
    if force:
        result.replace(place)
        return
    try:
        os.link(result, place)  # which, unlike a rename, replaces nothing
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        result.rename(place)


def _replace(owned: Owned, place: Path) -> None:
    """Replace `place` by the result in two renames, where the system cannot do it in one."""
    replaced = owned.folder / _REPLACED
    facts = {"name": place.name, "folder": _identity(owned.folder), "replaced": _identity(place)}
    owned.record(facts)
    place.rename(replaced)
    try:
        (owned.folder / _RESULT).rename(place)
    except BaseException:
        replaced.rename(place)
        raise


def _keep(owned: Owned, keep_failed: Path, force: bool, kind: _Kind) -> None:
    """Move an unfinished result to where the user wants to look at it, as far as that works."""
    with suppress(OSError, OutputError), held():
        place = absolute(keep_failed)
        place.parent.mkdir(parents=True, exist_ok=True)
        result = owned.folder / _RESULT
        _refuse_existing(place, keep_failed, force, kind)
        try:
            _publish(owned, place, keep_failed, force, kind)
        except OutputError:
            shutil.move(result, place)  # to another file system
