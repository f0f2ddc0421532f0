"""Write a result beside its destination and publish it with one rename.

A staging directory is called `.NAME.sigfix-staging-XXXXXXXX` and lies beside the destination, so
that the rename never crosses file systems. Its owner holds a lock on it: a staging directory
that nobody holds belongs to a process that was killed, and the next run removes it.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sigfix.errors import OutputError, UsageError
from sigfix.pipeline import exchange

try:
    import fcntl
except ImportError:  # Windows: no directory locks; staging directories are judged by their age
    fcntl = None  # type: ignore[assignment]

STAGING_MARK = ".sigfix-staging-"
REPLACED_MARK = ".sigfix-replaced-"
STALE_AFTER_SECONDS = 24 * 3600
LONGEST_NAME_BYTES = 180

_WRITE_FAILURES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file grew past the size limit of this process or file system",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENAMETOOLONG: "the file name is too long",
}


def refuse_existing(destination: Path, force: bool) -> None:
    """Check that `destination` may be written, before long work starts.

    Raises `OutputError` where something (a symbolic link included) already lies there and
    `force` is false, and `UsageError` where the path names no directory of its own.
    """
    if _absolute(destination).name == "":
        raise UsageError(f"{destination} cannot be a destination.", "name a new directory with -o")
    if os.path.lexists(destination) and not force:
        raise OutputError(
            f"{destination} already exists.",
            "choose another place with -o, or replace it with --force",
        )


def refuse_overlap(source: Path, destination: Path) -> None:
    """Check that writing (or replacing) `destination` cannot touch `source`; else `UsageError`."""
    here, there = source.resolve(), destination.resolve()
    if here == there or here in there.parents or there in here.parents:
        raise UsageError(
            f"{destination} overlaps the input {source}, and the input is never written.",
            "choose a place outside it with -o",
        )


@contextmanager
def publish_to(destination: Path, force: bool, keep_failed: Path | None = None) -> Iterator[Path]:
    """Yield an empty staging directory, and rename it to `destination` when the block ends well.

    When the block raises, nothing is published and nothing left behind, unless `keep_failed`
    names a place to move the unfinished result to. With `force` an existing destination is
    replaced; where it is a symbolic link, the link is replaced and not what it points to.

    Raises `OutputError` where the destination exists or cannot be written (also for a full disk
    met inside the block).
    """
    refuse_existing(destination, force)
    if keep_failed is not None:
        refuse_existing(keep_failed, force)
    destination = _absolute(destination)
    remove_stale(destination)
    with _said_as_output_error(destination):
        created = _make_parents(destination.parent)
        try:
            staging, lock = _make_staging(destination)
            try:
                yield staging
                _publish(staging, destination, force)
            except BaseException:
                _discard(staging, keep_failed, force)
                raise
            finally:
                _release(lock)
        except BaseException:
            for parent in created:
                with suppress(OSError):
                    parent.rmdir()
            raise


def remove_stale(destination: Path) -> None:
    """Remove what killed runs left beside `destination`; put back what they were replacing."""
    destination = _absolute(destination)
    prefix = f".{_short(destination.name)}"
    try:
        names = [entry.name for entry in os.scandir(destination.parent)]
    except OSError:
        return
    for name in names:
        path = destination.parent / name
        if name.startswith(prefix + REPLACED_MARK) and _is_abandoned(path):
            if os.path.lexists(destination):
                _remove(path)
            else:
                with suppress(OSError):
                    path.rename(destination)
        elif name.startswith(prefix + STAGING_MARK) and _is_abandoned(path):
            _remove(path)


def _absolute(path: Path) -> Path:
    """Return `path` made absolute without following a symbolic link in its last part."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would follow it)


def _short(name: str) -> str:
    """Cut `name` so that a staging name made from it fits any file system."""
    return name.encode("utf-8", "surrogateescape")[:LONGEST_NAME_BYTES].decode("utf-8", "ignore")


def _make_parents(parent: Path) -> list[Path]:
    """Make the missing parents of the destination; return them, the innermost first."""
    missing: list[Path] = []
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    try:
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
    except OSError as error:
        raise _cannot_write(parent, error.strerror or str(error)) from error
    return missing


def _make_staging(destination: Path) -> tuple[Path, int | None]:
    while True:
        token = secrets.token_hex(4)
        staging = destination.parent / f".{_short(destination.name)}{STAGING_MARK}{token}"
        try:
            staging.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            reason = _WRITE_FAILURES.get(error.errno or 0, error.strerror or str(error))
            raise _cannot_write(destination, reason) from error
        lock = _try_lock(staging)
        # A clean-up between mkdir and the lock may have taken the directory for an abandoned one.
        if fcntl is None or (lock is not None and _is_same(staging, lock)):
            return staging, lock
        _release(lock)


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _try_lock(directory: Path) -> int | None:
    """Lock `directory` for as long as this process lives; None where another process has it."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _release(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


def _is_abandoned(path: Path) -> bool:
    if path.is_symlink():
        return True
    if fcntl is None:
        with suppress(OSError):
            return time.time() - path.stat().st_mtime > STALE_AFTER_SECONDS
        return False
    lock = _try_lock(path)
    _release(lock)
    return lock is not None


def _publish(staging: Path, destination: Path, force: bool) -> None:
    if not os.path.lexists(destination):
        try:
            staging.rename(destination)
        except OSError as error:  # something appeared there this very moment
            raise _cannot_write(destination, error.strerror or str(error)) from error
        return
    refuse_existing(destination, force)  # it may have appeared while the block ran
    if exchange.exchange(staging, destination):
        _remove(staging)  # what was replaced
        return
    replaced = staging.with_name(staging.name.replace(STAGING_MARK, REPLACED_MARK))
    lock = _try_lock(destination)
    try:
        destination.rename(replaced)
        try:
            staging.rename(destination)
        except BaseException:
            replaced.rename(destination)
            raise
        _remove(replaced)
    finally:
        _release(lock)


def _discard(staging: Path, keep_failed: Path | None, force: bool) -> None:
    if keep_failed is not None and staging.is_dir() and any(staging.iterdir()):
        with suppress(OSError, OutputError):
            keep_failed = _absolute(keep_failed)
            keep_failed.parent.mkdir(parents=True, exist_ok=True)
            _publish(staging, keep_failed, force)
            return
    _remove(staging)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


@contextmanager
def _said_as_output_error(destination: Path) -> Iterator[None]:
    """Turn a failure to write, Python's or TensorFlow's, into an `OutputError`."""
    try:
        yield
    except OSError as error:
        reason = _WRITE_FAILURES.get(error.errno or 0)
        if reason is None:
            raise
        raise _cannot_write(destination, reason) from error
    except Exception as error:
        # TensorFlow reports the same failures as errors of its own, told apart by their text.
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            if os.strerror(number) in str(error):
                raise _cannot_write(destination, _WRITE_FAILURES[number]) from error
        raise


def _cannot_write(destination: Path, reason: str) -> OutputError:
    return OutputError(
        f"Cannot write {destination}: {reason}. Nothing was published.",
        "free some space or choose another place with -o",
    )
