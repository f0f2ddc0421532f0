"""What became of every command that is printed about many models, as `docs/printed.md`.

`python -m tests.printed` saves the repository's own models, and takes those of the corpus where it
is there; it runs for an hour or so. `python -m tests.printed NAME...` tries these alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.corpus import CORPUS, everything
from tests.environments import ROOT
from tests.printed.exploring import STARTS, Outcome, explore
from tests.saved_models import SAVERS

PAGE = ROOT / "docs" / "printed.md"
ENDLESS = ("endless",)
"""A model that never answers: its repair takes as long as `--timeout` lets it."""
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


def models(folder: Path) -> list[Path]:
    """The models to try, the repository's own saved below `folder`."""
    found = []
    for name, saver in SAVERS.items():
        if name in ENDLESS:
            continue
        saver(folder / name)
        files = [p for p in (folder / name).iterdir() if p.suffix in (".h5", ".keras", ".onnx")]
        found += files or [folder / name]
    return sorted(found) + [CORPUS / name for name in everything()]


def row(model: Path, outcomes: list[Outcome]) -> str:
    """A line of the table."""
    counts = Counter(item.verdict for item in outcomes)
    broken = [f"`{item.printed.command}`: {item.said}" for item in outcomes
              if item.verdict == "broken"]  # fmt: skip
    cells = [counts[name] or "" for name in ("kept", "asks", "author", "refused")]
    return f"| {model.name} | {' | '.join(map(str, cells))} | {'; '.join(broken)} |\n"


def main(names: list[str]) -> None:
    """Try all models, or those of these names."""
    lines, numbers = [], Counter[str]()
    with tempfile.TemporaryDirectory() as made:
        for model in models(Path(made)):
            if names and model.name not in names:
                continue
            outcomes = explore(model, STARTS, Path(made) / "tried")
            numbers.update(item.verdict for item in outcomes)
            lines.append(row(model, outcomes))
            print(lines[-1], end="", flush=True)
    total = ", ".join(f"{numbers[name]} {name}" for name in
                      ("kept", "asks", "author", "refused", "broken"))  # fmt: skip
    print(total)
    if not names:
        PAGE.write_text(f"{HEAD}{''.join(lines)}\nOf {len(lines)} models: {total}.\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
