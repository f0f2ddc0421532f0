"""What `sigfix repair` makes of each model beside what a person makes of it: `docs/by-hand.md`.

`python -m tests.by_hand` takes some minutes; `python -m tests.by_hand NAME...` runs these models
alone, and replaces their rows of the page.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from tests.by_hand.rows import ROWS, UNREPAIRED, Row
from tests.by_hand.running import compare
from tests.environments import ROOT

PAGE = ROOT / "docs" / "by-hand.md"
HEAD = """# Repaired, and mended by hand

Made by `python -m tests.by_hand`: every model of `tests/saved_models` and `tests/classes` that can
be repaired, what `sigfix repair` was told, and whether the result is what a person writes with
TensorFlow alone (`tests/by_hand/hands.py`: `tf.saved_model.load` and a `tf.function`, or the loader
of TF1): the same keys, names, types and shapes of the inputs, names and types of the outputs, and
through both loaders the same numbers. Equal is to the bit; where operators stand in another order,
numbers may be a millionth of an output's largest apart. What is well as it is, is copied and
compared with itself. A word that is not equal stops the command.

| model | options of `sigfix repair` | compared with | equal | loaders |
|---|---|---|---|---|
"""


def cells(row: Row) -> str:
    """How a line of the table begins: what tells a row from the others."""
    name = f"{row.model}/{row.file}".rstrip("/")
    options = f"`{row.options}`" if row.options else ""
    return f"| {name} | {options} |"


def line(row: Row) -> str:
    """A line of the table. Raises `AssertionError` where the two differ."""
    with tempfile.TemporaryDirectory() as folder:
        found = compare(row, Path(folder))
    beside = "the model itself" if row.hand is None else "a hand's"
    numbers = "" if row.runs else "; it never answers, so names alone"
    apart = f"; within {row.apart:g}" if row.apart else ""
    loaders = "both" if len(row.loaders) == 2 else "TF1's alone: TensorFlow 2 refuses the model"
    return f"{cells(row)} {beside} | {found}{numbers}{apart} | {loaders} |"


def page(lines: Mapping[str, str]) -> str:
    """The whole document, of the lines that there are, by how they begin."""
    rows = "".join(f"{lines[cells(row)]}\n" for row in ROWS if cells(row) in lines)
    said = "".join(f"- `{name}`: {reason}.\n" for name, reason in UNREPAIRED.items())
    return f"{HEAD}{rows}\nWithout a row:\n\n{said}"


def main(names: Collection[str]) -> None:
    """Compare the models of these names, or all; the page has each line as soon as it is known."""
    old = PAGE.read_text("utf-8").splitlines() if PAGE.is_file() else []
    lines = {cells(row): text for row in ROWS for text in old if text.startswith(cells(row))}
    for row in ROWS:
        if not names or row.model in names:
            lines[cells(row)] = line(row)
            print(lines[cells(row)], flush=True)
            PAGE.write_text(page(lines), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
