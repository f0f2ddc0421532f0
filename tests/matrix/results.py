"""One JSON file a model: what was measured, kept so that a run that was cut off goes on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".matrix"

Result = dict[str, Any]


def code_digest() -> str:
    """What tells one state of sigfix from another: its code and the packages below it."""
    digest = hashlib.sha256()
    for path in [*sorted((ROOT / "sigfix").rglob("*")), ROOT / "constraints.txt"]:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def folder_of(name: str, cache: Path = CACHE) -> Path:
    """Where the model's files and its result lie."""
    return cache / name


def read_result(name: str, cache: Path = CACHE) -> Result:
    """What is known about the model so far; {} where nothing is, or it cannot be read."""
    try:
        found: Result = json.loads((folder_of(name, cache) / "result.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def write_section(name: str, section: str, value: Any, cache: Path = CACHE) -> None:
    """Add one section to the model's result, never leaving half a file behind."""
    folder = folder_of(name, cache)
    folder.mkdir(parents=True, exist_ok=True)
    result = {**read_result(name, cache), section: value}
    unfinished = folder / "result.json.unfinished"
    unfinished.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    unfinished.replace(folder / "result.json")
