"""What stands at each key once the edits are applied."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import BlockedError
from sigfix.model import Signature
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    AttachSignature,
    Edit,
    GraphSource,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
    SetTags,
)
from sigfix.planning.signature_map import Standing, after
from sigfix.reading import read
from tests.models import Model

BUILT = AddSignature("one", GraphSource(), (), (), method_name="m")


@pytest.fixture
def there(tmp_path: Path) -> tuple[Signature, ...]:
    """`one` and `two`, of method names `first` and `second`."""
    model = Model()
    model.signature("one", method="first")
    model.signature("two", method="second")
    return read(model.write(tmp_path / "m")).meta_graphs[0].user_signatures


@pytest.mark.parametrize(
    ("edits", "standing"),
    [
        ([], {"one": ("one", "first"), "two": ("two", "second")}),
        (
            [SetTags(("a",)), AttachSignature("one", "f")],
            {"one": ("one", "first"), "two": ("two", "second")},
        ),
        ([RemoveSignature("one")], {"two": ("two", "second")}),
        ([RenameSignature("one", "a")], {"two": ("two", "second"), "a": ("one", "first")}),
        (
            [RemoveSignature("two"), RenameSignature("one", "two")],
            {"two": ("one", "first")},
        ),
        (
            [AliasSignature("a", "one"), SetMethodName("a", "new")],
            {"one": ("one", "first"), "two": ("two", "second"), "a": ("one", "new")},
        ),
    ],
)  # fmt: skip
def test_what_stands_at_each_key(
    edits: list[Edit], standing: dict[str, tuple[str, str]], there: tuple[Signature, ...]
) -> None:
    found = after(there, edits)
    assert {key: (item.of.key, item.method_name) for key, item in found.items()} == standing
    assert list(found) == list(standing), "in the order in which they came to be"


def test_a_signature_that_is_built_takes_the_place(there: tuple[Signature, ...]) -> None:
    found = after(there, [BUILT, AliasSignature("a", "one")])
    assert found["one"] == found["a"] == Standing(BUILT, "m")
    assert found["two"].of is there[1]


@pytest.mark.parametrize(
    "edit",
    [
        RemoveSignature("a"), RenameSignature("a", "b"), AliasSignature("b", "a"),
        SetMethodName("a", "m"),
    ],
)  # fmt: skip
def test_a_plan_for_another_model(edit: Edit, there: tuple[Signature, ...]) -> None:
    with pytest.raises(BlockedError, match="for another model: there is no signature a"):
        after(there, [edit])
    assert after(there, [AliasSignature("a", "one"), edit])
