"""Findings that are known and accepted for now: a file of them, and what it leaves out.

An entry is a path (relative to the file's folder), a code, a place in the model, and how many.
More of the same kind at the same place than there were are findings again.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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


@dataclass(frozen=True)
class Applied:
    """What is left of inspections, and the entries that none of them has any more."""

    inspections: list[Inspection]
    expired: list[Key]


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


def write_baseline(file: Path, inspections: Sequence[Inspection]) -> int:
    """Write everything that was found to `file`; how many entries. Raises `OutputError`."""
    entries: Counter[Key] = Counter()
    for item in inspections:
        path = keyed_path(item.path, file.parent)
        if item.failure is not None and item.failure.code and not item.failure.ignored:
            entries[path, item.failure.code, ""] += 1
        for found in item.findings:
            entries[path, found.code, found.location] += found.count
    document = {
        "schema_version": VERSION,
        "findings": [
            {"path": path, "code": code, "location": location, "count": count}
            for (path, code, location), count in sorted(entries.items())
        ],
    }
    write_text(file, json.dumps(document, indent=2) + "\n")
    return len(entries)


def apply_baseline(
    inspections: Iterable[Inspection], entries: Counter[Key], folder: Path
) -> Applied:
    """Leave out what the entries name, for paths relative to `folder`.

    An entry of a model that was not inspected says nothing of it: it has not expired, unless the
    model is gone.
    """
    left, seen, kept = Counter(entries), set(), []
    for item in inspections:
        path = keyed_path(item.path, folder)
        seen.add(path)
        failure, findings = item.failure, []
        if failure is not None and failure.code and left[path, failure.code, ""]:
            left[path, failure.code, ""] -= 1
            failure = replace(failure, ignored=True)
        for found in item.findings:
            key = (path, found.code, found.location)
            if found.count <= left[key]:
                left[key] -= found.count
            else:
                findings.append(found)
        known = len(item.findings) - len(findings) + (failure is not item.failure)
        kept.append(replace(item, failure=failure, findings=tuple(findings), baselined=known))
    expired = [
        key
        for key, count in sorted(left.items())
        if count and (key[0] in seen or _is_gone(folder, key[0]))
    ]
    return Applied(kept, expired)


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
