"""A repair gives what a person writes by hand with TensorFlow: the same names, the same numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.by_hand import hands
from tests.by_hand.__main__ import PAGE, cells
from tests.by_hand.rows import ROWS, UNREPAIRED, Row
from tests.by_hand.running import compare
from tests.classes.models import MODELS
from tests.classes.running import saved
from tests.environments import needs
from tests.printed.exploring import run
from tests.saved_models import SAVERS

SAMPLE = (
    "wrapper", "submodule", "traces", "image", "nested", "composite", "stored_tables",
    "tf1_dropout", "tf1_collection", "tf1_meta_graphs", "sparse", "keras2", "hub", "letters",
    "forgetful", "estimator",
)  # fmt: skip
"""Models of which the first row is run each time: a kind of source each."""


def first(name: str) -> Row:
    return next(row for row in ROWS if row.model == name)


@pytest.mark.parametrize("name", SAMPLE)
def test_what_is_repaired_is_what_a_hand_makes(name: str, tmp_path: Path) -> None:
    needs("tensorflow")
    assert compare(first(name), tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.model} {row.file}{row.options}")
def test_all_of_them(row: Row, tmp_path: Path) -> None:
    needs("tensorflow", "keras", "tf_keras", "onnx")
    assert compare(row, tmp_path)


def test_every_model_has_a_row_or_a_reason() -> None:
    assert {row.model for row in ROWS} | set(UNREPAIRED) == {*SAVERS, *MODELS}
    assert not {row.model for row in ROWS} & set(UNREPAIRED)
    text = PAGE.read_text("utf-8")
    assert [row for row in ROWS if text.count(cells(row)) != 1] == []


def test_what_is_not_repairable_is_refused(tmp_path: Path) -> None:
    for name in ("a_shard_less", "other_text"):
        code, said = run(f"sigfix repair {name} -o out", saved(name, tmp_path))
        assert code in (1, 2) and said
        assert not (tmp_path / name / "out").exists()


def test_another_function_is_seen(tmp_path: Path) -> None:
    """Other numbers, other names and another shape than the hand's are not taken for equal."""
    needs("tensorflow")
    row = first("two_functions")
    for hand, said in (
        (hands.traced("decode", (None,)), "numbers differ"),
        (hands.traced("encode", (3,)), "inputs of"),
        (hands.wrapped(lambda model, y: model.encode(y), y=("float32", [None])), "inputs of"),
    ):
        with pytest.raises(AssertionError, match=said):
            compare(replace(row, hand=hand), tmp_path / said / str(id(hand)))
