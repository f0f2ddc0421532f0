"""What a project asks of `sigfix inspect` once and for all: sigfix.toml, or [tool.sigfix].

The nearest folder counts, from the current one upwards; in one folder sigfix.toml comes before
pyproject.toml. An option on the command line takes the place of the file's line of that name.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

from sigfix.diagnosis import Severity, check_selection
from sigfix.errors import UsageError
from sigfix.paths import RemotePath


class FailOn(str, Enum):
    """The mildest finding that makes the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NEVER = "never"

    @property
    def severity(self) -> Severity | None:
        """None for `never`."""
        return None if self is FailOn.NEVER else Severity(self.value)


class TargetName(str, Enum):
    """Where the model shall run."""

    TFJS = "tfjs"
    TFJS_WASM = "tfjs-wasm"
    TFJS_WEBGL = "tfjs-webgl"
    TFJS_WEBGPU = "tfjs-webgpu"
    TFJS_NODE = "tfjs-node"
    SERVING = "serving"
    TFLITE = "tflite"


NAMES = ("sigfix.toml", "pyproject.toml")
_LISTS = ("select", "ignore", "target", "exclude")
_KEYS = (*_LISTS, "fail-on", "findings-page", "per-path-ignores")


@dataclass(frozen=True)
class Settings:
    """The lines of a file; patterns are of paths relative to its `folder`."""

    folder: Path
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = ""
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    findings_page: str = ""
    per_path_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def is_excluded(self, path: Path) -> bool:
        """Whether a pattern of `exclude` names the path, or a folder that it is in."""
        return any(names(pattern, path, self.folder) for pattern in self.exclude)

    def ignored_at(self, path: Path) -> tuple[str, ...]:
        """The codes and families that `per-path-ignores` has for a path."""
        return tuple(
            code
            for pattern, codes in self.per_path_ignores
            if names(pattern, path, self.folder)
            for code in codes
        )


def names(pattern: str, path: Path, folder: Path) -> bool:
    """Whether a pattern (`*`, `?`, `[...]`) names a path, or a folder that it is in.

    Both are seen from `folder`, but a URL is taken whole; `*` stands for any characters, slashes
    among them.
    """
    if isinstance(path, RemotePath):
        parts = tuple(str(path).split("/"))
    else:
        try:
            parts = path.resolve().relative_to(folder.resolve()).parts
        except (OSError, ValueError):
            return False
    wanted = pattern.rstrip("/")
    return any(fnmatchcase("/".join(parts[:end]), wanted) for end in range(1, len(parts) + 1))


def find_settings(start: Path, named: Path | None = None) -> Settings:
    """The settings in `named`, else in the nearest file that has some, else none.

    Raises `UsageError` for a file that cannot be read, a key that there is not, or a wrong value.
    """
    if named is not None:
        return _settings(named, _table(named) or {})
    try:
        start = start.resolve()
    except OSError:  # the current directory was deleted
        return Settings(start)
    for folder in (start, *start.parents):
        for name in NAMES:
            file = folder / name
            # A folder that may not be looked into has no settings; `isfile` raises nothing.
            if os.path.isfile(file) and (table := _table(file)) is not None:  # noqa: PTH113
                return _settings(file, table)
    return Settings(start)


def _table(file: Path) -> dict[str, Any] | None:
    """sigfix's part of a TOML file; None where a pyproject.toml has none."""
    tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:  # TOML's own error, and bytes that are no UTF-8
        raise UsageError(f"{file} is no TOML file: {error}.") from error
    if file.name != "pyproject.toml":
        return document
    tools = document.get("tool")
    found = tools.get("sigfix") if isinstance(tools, dict) else None
    if found is not None and not isinstance(found, dict):
        raise UsageError(f"tool.sigfix in {file} is no table.", "[tool.sigfix]")
    return found


def _settings(file: Path, table: dict[str, Any]) -> Settings:
    for key in table:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            raise UsageError(
                f"{file} has {key!r}, which sigfix does not know.",
                f"{near[0]!r} is known" if near else f"these are: {', '.join(_KEYS)}",
            )
    lists = {key: _texts(table[key], key, file) for key in _LISTS if key in table}
    fail_on = table.get("fail-on", "")
    _refuse_unknown([fail_on] if fail_on else [], FailOn, "fail-on", file)
    _refuse_unknown(lists.get("target", ()), TargetName, "target", file)
    if "findings-page" in table:
        check_page(table["findings-page"], f"findings-page in {file}")
    per_path = table.get("per-path-ignores", {})
    if not isinstance(per_path, dict):
        raise UsageError(
            f"per-path-ignores in {file} is no table.", '"old/*" = ["SIG001"] below its name'
        )
    return Settings(
        folder=file.parent,
        select=_codes(lists.get("select", ()), file),
        ignore=_codes(lists.get("ignore", ()), file),
        fail_on=fail_on,
        target=lists.get("target", ()),
        exclude=lists.get("exclude", ()),
        findings_page=table.get("findings-page", ""),
        per_path_ignores=tuple(
            (pattern, _codes(_texts(codes, pattern, file), file))
            for pattern, codes in per_path.items()
        ),
    )


def check_page(address: Any, where: str) -> None:
    """Raise `UsageError` where this is no address of a page, to which `#heading` can be added."""
    if not (isinstance(address, str) and re.fullmatch(r"https?://[!-~]+", address)):
        raise UsageError(f"{where} is {address!r}.", "https://docs.example.com/findings.html")
    if "#" in address:
        raise UsageError(f"{where} leads into a page: {address}.", "leave out # and what follows")


def _refuse_unknown(words: Iterable[Any], known: type[Enum], key: str, file: Path) -> None:
    values = [each.value for each in known]
    for word in words:
        if word not in values:
            raise UsageError(f"{key} in {file} is {word!r}.", f"one of {', '.join(values)}")


def _texts(value: Any, key: str, file: Path) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise UsageError(f"{key} in {file} is {value!r}.", 'a list of texts, for example ["SIG001"]')


def _codes(texts: Iterable[str], file: Path) -> tuple[str, ...]:
    try:
        return check_selection(texts)
    except UsageError as error:
        error.message = f"{file}: {error.message}"
        raise
