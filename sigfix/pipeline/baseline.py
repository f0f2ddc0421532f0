"""Findings that are known and accepted for now: a file of them, and what it leaves out.

An entry is a path (relative to the file's folder), a code, a place in the model, and how many.
More of the same kind at the same place than there were are findings again.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigfix.errors import UsageError
from sigfix.paths import RemotePath
from sigfix.pipeline.write_failures import write_text
from sigfix.report import Inspection
from sigfix.wording import verb

VERSION = 1
Key = tuple[str, str, str]
"""Path, code and location."""


def keyed_path(path: Path, folder: Path) -> str:
    """A path as a baseline in `folder` has it: the same on every machine."""
    if isinstance(path, RemotePath):
        return str(path)
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def read_baseline(file: Path) -> Counter[Key]:
    """The entries of a file and their numbers.

    Raises `UsageError` where there is none, or it is no baseline of this version.
    """
    try:
        document = json.loads(file.read_text("utf-8"))
        if document["schema_version"] != VERSION:
            raise UsageError(
                f"{file} is a baseline of version {document['schema_version']}, "
                f"and this sigfix knows version {VERSION}.",
                "add --write-baseline to write it anew",
            )
        entries: Counter[Key] = Counter()
        for entry in document["findings"]:
            entries[_key(entry)] += int(entry["count"])
    except FileNotFoundError as error:
        raise UsageError(
            f"There is no baseline {file} yet.", "add --write-baseline to write it"
        ) from error
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{file} is no baseline of sigfix.", "add --write-baseline to write it anew"
        ) from error
    return entries


def _key(entry: Any) -> Key:
    key = (entry["path"], entry["code"], entry["location"])
    if not all(isinstance(part, str) for part in key):
        raise TypeError
    return key


def write_baseline(file: Path, entries: Counter[Key]) -> None:
    """Write entries to `file`. Raises `OutputError`."""
    document = {
        "schema_version": VERSION,
        "findings": [
            {"path": path, "code": code, "location": location, "count": count}
            for (path, code, location), count in sorted(entries.items())
        ],
    }
    write_text(file, json.dumps(document, indent=2) + "\n")


class Baseline:
    """The entries of a file, for paths relative to its folder, while models are compared with it.

    One that is `writing` starts without entries, and has all that is found in the end.
    """

    def __init__(self, file: Path, writing: bool) -> None:
        self._file = file
        self._entries: Counter[Key] | None = Counter() if writing else None
        self._left = Counter() if writing else read_baseline(file)
        self._paths = {path for path, _, _ in self._left}
        self._seen: set[str] = set()

    def apply(self, item: Inspection) -> Inspection:
        """Leave out what the entries name."""
        path = keyed_path(item.path, self._file.parent)
        if path in self._paths:
            self._seen.add(path)
        if self._entries is not None:
            found = _entries_of(item, path)
            self._entries.update(found)
            self._left = found
        left, failure, findings = self._left, item.failure, []
        if failure is not None and failure.code and left[path, failure.code, ""]:
            left[path, failure.code, ""] -= 1
            failure = replace(failure, ignored=True)
        for each in item.findings:
            key = (path, each.code, each.location)
            if each.count <= left[key]:
                left[key] -= each.count
            else:
                findings.append(each)
        known = len(item.findings) - len(findings) + (failure is not item.failure)
        return replace(item, failure=failure, findings=tuple(findings), baselined=known)

    def finish(self) -> list[str]:
        """Write the file where that was asked; else what to say of entries that have expired.

        An entry of a model that was not inspected says nothing of it: it has not expired, unless
        the model is gone. Raises `OutputError`.
        """
        if self._entries is not None:
            write_baseline(self._file, self._entries)
            return []
        expired = [
            key
            for key, count in sorted(self._left.items())
            if count and (key[0] in self._seen or _is_gone(self._file.parent, key[0]))
        ]
        return expired_notes(expired, self._file)


def _entries_of(item: Inspection, path: str) -> Counter[Key]:
    entries: Counter[Key] = Counter()
    if item.failure is not None and item.failure.code and not item.failure.ignored:
        entries[path, item.failure.code, ""] += 1
    for found in item.findings:
        entries[path, found.code, found.location] += found.count
    return entries


def _is_gone(folder: Path, path: str) -> bool:
    """Whether nothing is at an entry's path any more; of a URL nobody knows without asking."""
    return "://" not in path and not os.path.lexists(folder / path)


def expired_notes(expired: Sequence[Key], file: Path, most: int = 5) -> list[str]:
    """What to say of entries that nothing has any more, the first ones by name."""
    if not expired:
        return []
    count = len(expired)
    what = f"{count} {verb(count, 'entry is', 'entries are')} of faults that are no more"
    lines = [f"{file}: {what}; --write-baseline leaves them out:"]
    lines += [f"  {' '.join(filter(None, key))}" for key in expired[:most]]
    return lines + ([f"  and {len(expired) - most} more"] if len(expired) > most else [])
