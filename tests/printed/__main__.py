"""What became of every command that is printed about many models, as `docs/printed.md`.

`python -m tests.printed` saves the repository's own models, and takes those of the corpus where it
is there; it runs for an hour or so. `python -m tests.printed NAME...` tries these alone, and
replaces their rows of the page, or adds them.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from tests.brought import SAVERS as BROUGHT
from tests.corpus import CORPUS, everything
from tests.environments import ROOT
from tests.printed.exploring import STARTS, Outcome, explore
from tests.saved_models import SAVERS

PAGE = ROOT / "docs" / "printed.md"
ENDLESS = ("endless",)
"""A model that never answers: its repair takes as long as `--timeout` lets it."""
FILES = {
    "keras_file": ("keras2.h5", "lambda.keras", "model.h5", "model.keras", "two.keras"),
    "onnx_file": ("model.onnx",),
}
"""Savers that save files -> the files that are models."""
HEAD = """# Printed commands, run

Made by `python -m tests.printed`: every command that `inspect`, `repair` and `convert` print
about a model was run in a shell as it was printed, and so was every command that these printed in
turn, up to three in a row. A command is **kept** where it succeeded and `inspect` no longer says
what it was printed for; it **asks** where another question came, with another command that is
kept; only the **author** can fill in a word such as NAME; `convert` may have **refused** what it
had asked for, for a reason that it gave. It is **broken** where the shell or the parser did not
take it, where the same question came back, and where nothing followed.

| model | kept | asks | author | refused | broken |
|---|---|---|---|---|---|
"""


def models(folder: Path, names: Collection[str] = ()) -> list[Path]:
    """The models to try, the repository's own saved below `folder`, where they are to be tried.

    Of the others of its own only the places are told.
    """
    found = []
    for name, saver in {**SAVERS, **BROUGHT}.items():
        if name in ENDLESS:
            continue
        files = FILES.get(name, ())
        if not names or {name, *files} & set(names):
            saver(folder / name)
        found += [folder / name / file for file in files] or [folder / name]
    return sorted(found) + [CORPUS / name for name in everything()]


def row(model: Path, outcomes: list[Outcome]) -> str:
    """A line of the table."""
    counts = Counter(item.verdict for item in outcomes)
    broken = [f"`{item.printed.command}`: {item.said}" for item in outcomes
              if item.verdict == "broken"]  # fmt: skip
    cells = [counts[name] or "" for name in ("kept", "asks", "author", "refused")]
    return f"| {model.name} | {' | '.join(map(str, cells))} | {'; '.join(broken)} |\n"


def rows_of(page: str) -> dict[str, str]:
    """Model -> its row of a page."""
    rows = [line for line in page.partition("|---|")[2].splitlines()[1:] if line.startswith("|")]
    return {line.split("|")[1].strip(): f"{line}\n" for line in rows}


def page_of(rows: dict[str, str]) -> str:
    """The page with these rows, and how many commands ended in which way."""
    kinds = ("kept", "asks", "author", "refused", "broken")
    numbers = Counter[str]()
    for line in rows.values():
        cells = [cell.strip() for cell in line.split("|")[2:7]]
        found = [*(int(cell or 0) for cell in cells[:4]), len(re.findall("`: ", cells[4]))]
        numbers.update(dict(zip(kinds, found, strict=True)))
    total = ", ".join(f"{numbers[kind]} {kind}" for kind in kinds)
    return f"{HEAD}{''.join(rows.values())}\nOf {len(rows)} models: {total}.\n"


def main(names: list[str]) -> None:
    """Try all models, or those of these names."""
    known = rows_of(PAGE.read_text("utf-8")) if PAGE.is_file() else {}
    found: dict[str, str] = {}
    order = []
    with tempfile.TemporaryDirectory() as made:
        for model in models(Path(made), names):
            order.append(model.name)
            if names and model.name not in names:
                continue
            found[model.name] = row(model, explore(model, STARTS, Path(made) / "tried"))
            print(found[model.name], end="", flush=True)
    rows = {**known, **found} if names else found
    PAGE.write_text(page_of({name: rows[name] for name in order if name in rows}), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
