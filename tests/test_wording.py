"""Numbers and their nouns: `1 tensors` is said nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigfix.wording import plural, verb

PACKAGE = Path(__file__).parents[1] / "sigfix"
NOUN = re.compile(r" (?:more |own )?([A-Za-z]+s)\b")
NO_NOUNS = {"is", "has", "does", "was", "as", "its", "this", "times", "holds", "needs", "takes"}
"""Words that end as a plural does; `times` follows numbers from two on."""
SEVERAL = {
    "container/MetaGraphs", "meta_graphs/MetaGraphs", "model_text/tensors",
    "model_text/traces", "signatures/functions", "signatures/signatures", "signatures/traces",
    "building/functions", "building/tensors", "traces/traces", "locating/SavedModels",
    "source/SavedModels", "summary/signatures", "weights/tensors", "preflight/nodes",
    "preset_spec/outputs",  # several are asked about, of one nothing is said
    "preset_spec/characters", "preset_spec/classes", "fitting/classes", "fitting/characters",
    "onnx_graph/classes", "onnx_graph/characters", "target/dimensions", "soundness/objects",
    "fitting/tensors", "running/calls", "bundle_models/classes",  # of models that have many
    "files/bytes", "folder/bytes", "archives/bytes", "remote/bytes", "remote/files",  # limits
    "model_card/degrees",  # angles
    "weights/bytes", "tfjs/bytes",  # a size of another size
    "style/bytes",  # its own singular
}  # fmt: skip
"""Module and noun where the number is never one."""


def numbers_with_nouns() -> Iterator[tuple[str, str]]:
    """(`module/noun`, place) of every f-string that puts a plural noun behind a value."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.JoinedStr):
                continue
            for value, following in zip(node.values, node.values[1:], strict=False):
                if not isinstance(value, ast.FormattedValue) or not is_number(value.value):
                    continue
                text = following.value if isinstance(following, ast.Constant) else ""
                found = NOUN.match(str(text))
                if found and found[1] not in NO_NOUNS:
                    where = f"{path.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}"
                    yield f"{path.stem}/{found[1]}", where


def is_number(value: ast.expr) -> bool:
    """Whether a value may be a number: what is called a number, or counts something."""
    told = ast.unparse(value)
    if told.startswith(("plural(", "size_text(", "quote(", "printable(")):
        return False
    return bool(
        re.search(
            r"\blen\(|\bsum\(|count|number|total|needed|missing|rank|size|classes|\bmost\b", told
        )
        or (isinstance(value, ast.Name) and value.id in ("rest", "more", "changed", "maps", "left"))
    )


def test_one_is_no_plural() -> None:
    found = list(numbers_with_nouns())
    assert [where for name, where in found if name not in SEVERAL] == []


def test_the_search_finds_one() -> None:
    assert is_number(ast.parse("len(found)").body[0].value)  # type: ignore[attr-defined]
    assert not is_number(ast.parse("plural(len(found), 'x')").body[0].value)  # type: ignore[attr-defined]
    assert [name for name, _ in numbers_with_nouns()]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "no errors"), (1, "1 error"), (2, "2 errors"), (1200, "1,200 errors")]
)
def test_plural(count: int, said: str) -> None:
    assert plural(count, "error") == said


def test_verb() -> None:
    assert [verb(count, "differs", "differ") for count in (0, 1, 2)] == [
        "differ",
        "differs",
        "differ",
    ]
