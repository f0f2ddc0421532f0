"""What the commands do with each class of models now, as `docs/classes.md`.

`python -m tests.classes` takes a few minutes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.classes.rows import ROWS, Row
from tests.classes.running import now
from tests.environments import ROOT

PAGE = ROOT / "docs" / "classes.md"
HEAD = """# Classes of models

Made by `python -m tests.classes`: kinds of models that commands were wrong about, a model of each
(`tests/classes/`, `tests/saved_models/`, `tests/brought/`), what was typed, what used to come of
it, and what comes now: the exit code, and the words of the output that a test looks for.

| class | command | before | now |
|---|---|---|---|
"""


def line(row: Row, folder: Path) -> str:
    """A line of the table. Raises `AssertionError` where the command does something else."""
    code, said = now(row, folder)
    assert code == row.code and all(text in said for text in row.says), (row, code, said)
    command = "sigfix " + row.command.format(m=row.model)
    words = ", ".join(f"`{text}`" for text in row.says)
    return f"| {row.what} | `{command}` | {row.before} | {code}: {words} |\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(HEAD + "".join(line(row, Path(made)) for row in ROWS), "utf-8")
