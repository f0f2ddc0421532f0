"""Situations of bug reports, solved by following what `inspect` prints: `docs/situations.md`.

`python -m tests.printed.situations FOLDER` takes the models from FOLDER, in which a folder a report
has what its generator saved; the generators are not part of the repository.
"""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sigfix.quoting import quote
from tests.environments import ROOT
from tests.printed.exploring import BLANKS, commands_in, fresh, run

PAGE = ROOT / "docs" / "situations.md"
MOST = 3
"""Commands that a person may have to type."""
HEAD = """# Situations of bug reports

Made by `python -m tests.printed.situations`: models as people described them in public, rebuilt
small. Each is inspected, and the first command that is printed for an error or a warning is run,
up to three times. **Right** means that `inspect` has neither an error nor a warning left; of
those that are **warned**, what is left is for the author to decide; what is **not solved** has the
reason. A Keras file, and a model without a signature of which there is one to be made, are
converted in one step: `sigfix convert MODEL --tfjs`.

| situation | commands | what came of it |
|---|---|---|
"""
SITUATIONS = {
    "01/mobilenet": "a classifier called for training and for inference, no signature",
    "03/new": "a TF1 graph with a tag of its own and no signature",
    "06/a": "a version folder above the model",
    "07/posenet": "a TF1 graph of several heads, no signature",
    "09/a": "tags given as a string: a tag for each letter",
    "11/both": "one MetaGraph with the tags train and serve",
    "11/three": "MetaGraphs to train, to evaluate and to serve",
    "12/dicts": "inputs in a dictionary, called inputs and inputs_1",
    "12/kwargs": "a call of keyword arguments",
    "12/never_called": "a model that was never called before it was saved",
    "12/two_args.keras": "a class of the author's own in a .keras file",
    "13/saved_model": "a BERT-like encoder of three integer inputs",
    "15/combined": "a detector put together of two graphs",
    "15/nms": "a detector with its boxes suppressed inside",
    "19/hashtable": "a table lookup",
    "19/k3_image": "Keras 3 with augmentation inside",
    "20/saved": "a call that takes audio, or the name of a file",
    "21/est": "an Estimator",
    "25/with": "a TF1 graph whose signature feeds the switch for training",
    "25/without": "the same, with the switch forgotten",
    "31/ner2": "a transformer with GELU",
    "41/u8": "an image of bytes where the caller has floats",
    "43/facenet": "a signature that forgot phase_train",
    "43/nosig": "the same without a signature",
}


@dataclass(frozen=True)
class Solved:
    """The commands that were run, and what `inspect` and `repair` said in the end."""

    commands: tuple[str, ...]
    right: bool
    said: str


def solve(model: Path, folder: Path) -> Solved:
    """Follow the first command that is printed for an error or a warning."""
    place, name, done = fresh(model, folder), model.name, []
    compared = "nothing was to be changed"
    while True:
        code, output = run(f"sigfix inspect {quote(name)} --fail-on error", place)
        ways = [
            item.command
            for item in commands_in(output, "")
            if item.command.startswith("sigfix repair") and not BLANKS.search(item.command)
            if _is_heavy(item.finding, output) and f"fix: {item.command}" in output
        ]
        if not ways or len(done) == MOST:
            left = re.findall(r"^(?:error|warning) +(.*)", output, re.MULTILINE)
            return Solved(tuple(done), code == 0, "; ".join(left) or compared)
        done.append(ways[0])
        _, output = run(ways[0], place)
        wrote = re.search(r"^Wrote (.+)", output, re.MULTILINE)
        if wrote is None:
            last = re.search(r"^(?:error|Not repairable).*", output, re.MULTILINE)
            return Solved(tuple(done), False, last[0] if last else output.strip()[-200:])
        name = wrote[1]
        same = re.search(r"same as the source.*|.*not verified.*", output)
        compared = same[0].strip() if same else "it was compared"


def _is_heavy(finding: str, output: str) -> bool:
    return any(
        line.startswith(("error", "warning")) and finding in line for line in output.splitlines()
    )


def row(name: str, situation: str, found: Solved) -> str:
    """A line of the table."""
    commands = "<br>".join(f"`{item}`" for item in found.commands) or "none"
    warned = re.match(r"[A-Z]{3}\d{3}\b", found.said)
    verdict = "not solved" if not found.right else "warned" if warned else "right"
    return f"| {situation} | {commands} | {verdict}: {found.said} |\n"


def main(models: Path) -> None:
    """Solve all, and write the page."""
    lines = []
    with tempfile.TemporaryDirectory() as made:
        for name, situation in SITUATIONS.items():
            lines.append(row(name, situation, solve(models / name, Path(made))))
            print(lines[-1], end="", flush=True)
    PAGE.write_text(HEAD + "".join(lines), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
