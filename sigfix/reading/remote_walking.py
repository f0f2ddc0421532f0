"""Every model below a URL, found as those below a folder are.

The store is listed once. What the walk could ask something of stands as an empty file in a
temporary folder, so that there is one walk and not two; it fetches the beginnings of files whose
names do not tell (`.pb`, `.json`) and the directories of zip archives, and nothing else.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sigfix.paths import RemotePath
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.elsewhere import kept_elsewhere
from sigfix.reading.remote import Store
from sigfix.reading.walking import may_matter, models_below
from sigfix.temporary import temporary_folder
from sigfix.wire import Ranges

MOST_LISTED = 1_000_000


def models_below_url(url: RemotePath) -> list[RemotePath]:
    """The URLs of what `models_below` finds, in its order; a file's own URL where it is one.

    Raises `MissingExtraError`, and `UnreadableModelError` where there is nothing at `url`, or its
    store cannot be reached or may not be listed.
    """
    text = str(url)
    with said_as_unreadable(text), temporary_folder() as place:
        store = Store(text)
        if store.is_file:
            return [url]
        listed = store.listed(MOST_LISTED, "name a folder further down", may_matter)
        top = Path(os.path.realpath(place)) / store.name
        top.mkdir()
        with kept_elsewhere(_empty_files(top, listed)):
            names = [model.relative_to(top).as_posix() for model in models_below(top)]
    return [RemotePath(text if name == "." else f"{text.rstrip('/')}/{name}") for name in names]


def _empty_files(top: Path, listed: dict[str, Ranges]) -> dict[Path, Ranges]:
    """Those that a folder can hold; a store has longer names, and files below files."""
    made = {}
    for name, ranges in listed.items():
        path = top / name
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.truncate(len(ranges))
            made[path] = ranges
    return made
