"""What `sigfix repair` makes of every model of the corpus, as the table in `docs/corpus.md`.

`python -m tests.corpus_table` runs all of them and writes the table; it takes some minutes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from sigfix.errors import SigfixError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.pipeline.verify import verify
from sigfix.planning import Choices
from tests.corpus import CORPUS, everything

TABLE = Path(__file__).parents[1] / "docs" / "corpus.md"
HEAD = """# The corpus, repaired

Made by `python -m tests.corpus_table`: what `sigfix repair MODEL --run` makes of models from other
people's repositories, without any option that chooses for it. Repaired and verified means that
TensorFlow's two loaders ran the new signature from disk, at every batch size named, and that all
outputs equal the source's within 1e-5 of their range. Healthy models were run too: each signature
through both loaders, on made-up inputs; where it was not run, the reason is said.

| model | verdict | how |
|---|---|---|
"""


def verdict(name: str, folder: Path) -> tuple[str, str]:
    """One model's verdict, and what was done, chosen from or in the way."""
    plans = []
    try:
        result = repair(
            CORPUS / name,
            folder / name,
            Choices(),
            RepairOptions(run=True, seconds=300),
            show=lambda plan, model: plans.append(plan),
        )
    except SigfixError as error:
        if not plans:
            return "not readable", error.message
        (plan,) = plans
        if plan.verdict == "ambiguous":
            ranked = "; ".join(f"`{item.choose}`" for item in plan.candidates[:8])
            return "ambiguous", f"{plan.reason} {ranked}"
        if plan.verdict == "blocked":
            return "not repairable", plan.reason
        return "not repairable, cannot be compared", error.message
    done = ", ".join(_words(edit) for edit in result.plan.edits)
    if result.plan.verdict == "healthy":
        return "healthy", _run_as_it_is(name)
    if result.not_verified:
        return "repaired, structure checked", f"{done}; {result.not_verified}"
    batches = ", ".join(str(item) for item in result.parity[0].batches)
    largest = max(item.largest for item in result.parity)
    return "repaired and verified", f"{done}; batch {batches}, largest difference {largest:.1g}"


def _run_as_it_is(name: str) -> str:
    """What came of running every signature of a model that is not repaired."""
    try:
        parities = verify(CORPUS / name, CORPUS / name, seconds=300)
    except SigfixError as error:
        return f"not run: {error.message}"
    ran = [item.key for item in parities if item.verdict == "same"]
    others = [f"`{item.key}`: {item.reason}" for item in parities if item.verdict != "same"]
    said = [f"ran {', '.join(f'`{key}`' for key in ran)}"] if ran else []
    return "; ".join(said + others)


def _words(edit: object) -> str:
    name = type(edit).__name__
    return {
        "AttachSignature": lambda: f"`{edit.key}` made known to tf.saved_model.load",
        "AddSignature": lambda: f"`{edit.key}` from {edit.source}",
        "AliasSignature": lambda: f"`{edit.key}` is `{edit.of}`",
        "SetTags": lambda: "tags " + ",".join(edit.tags),
        "SetMethodName": lambda: f"method name {edit.method_name}",
    }[name]()


def table() -> str:
    """The whole document."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in everything():
            said, how = verdict(name, Path(folder))
            print(name, said, file=sys.stderr)
            how = how.replace(str(CORPUS), "").replace(folder, "").replace("|", "\\|")
            rows.append(f"| {name} | {said} | {how} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
