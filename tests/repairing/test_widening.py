"""A batch of 1 that a function was traced for is opened, or what has it built in is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import BlockedError, ParityError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import plan, repair
from sigfix.planning.commands import choices_of
from sigfix.reading.saved_model import load_message
from sigfix.repairing.widening import with_open_batch
from tests.loaders import run_both

INPUTS = {
    "one_image": ("--input", "x=float32[?,8,8,2]"),
    "one_sentence": ("--input", "x=float32[?,5,8]", "--input", "mask:x1=float32[?,6]"),
    "one_row_normalised": ("--input", "x=float32[?,4,4,2]"),
}
"""Model -> its options; of the others the rows have 8 numbers."""


def options(name: str) -> tuple[str, ...]:
    return INPUTS.get(name, ("--input", "x=float32[?,8]"))


def rows_alone(path: Path, inputs: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """What the model as it was saved gives for each row, called from Python."""
    import tensorflow as tf

    model = tf.saved_model.load(str(path))
    count = len(next(iter(inputs.values())))
    each = [model(*(tf.constant(value[n : n + 1]) for value in inputs.values()))
            for n in range(count)]  # fmt: skip
    return [{key: value.numpy() for key, value in found.items()} for found in each]


def opened(name: str, saved, folder: Path, inputs: dict[str, np.ndarray]) -> None:
    """Repair, and compare what both loaders give for a batch with the rows alone."""
    result = repair(saved(name), folder / "out", choices_of(options(name)))
    (parity,) = result.parity
    assert parity.batches == (1, 2, 3)
    assert result.output is not None
    found = run_both(result.output, inputs)
    expected = rows_alone(saved(name), inputs)
    assert set(found) == set(expected[0])
    for key, value in found.items():
        whole = np.concatenate([row[key] for row in expected])
        np.testing.assert_allclose(value, whole, atol=1e-5)


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype("float32")


def test_a_sentence(saved, tmp_path: Path) -> None:
    opened("one_sentence", saved, tmp_path, {"x": drawn(5, 5, 8), "mask": drawn(5, 6)})


@pytest.mark.matrix
def test_an_image(saved, tmp_path: Path) -> None:
    opened("one_image", saved, tmp_path, {"x": drawn(4, 8, 8, 2)})


@pytest.mark.matrix
def test_a_signature_of_one_row(saved, tmp_path: Path) -> None:
    opened("one_row_signed", saved, tmp_path, {"x": drawn(3, 8)})


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("one_row_unpacked", r"Squeeze \(Squeeze\): Can not squeeze dim\[0\]"),
        ("one_row_summed", r"Sum \(Sum\): its result has no batch any more"),
        ("one_row_in_a_loop", r"while \((Stateless)?While\): a loop or a branch"),
        ("one_row_normalised", r"normalises by the statistics of the batch"),
    ],
)
def test_what_has_the_batch_built_in_is_named(name: str, why: str, saved, monkeypatch) -> None:
    from sigfix import processes
    from sigfix.repairing import widening_child

    monkeypatch.setattr(processes, "run_process", lambda module, job: widening_child.work(job))
    decided = plan(saved(name), choices_of(options(name)))
    message, _ = load_message(saved(name))
    with pytest.raises(BlockedError, match=why):
        with_open_batch(message.meta_graphs[0], decided.added[0])


@pytest.mark.matrix
def test_rows_that_depend_on_each_other_are_seen(saved, tmp_path: Path) -> None:
    """Shapes cannot tell: the numbers do."""
    with pytest.raises(ParityError, match="different"):
        repair(saved("one_row_of_its_own"), tmp_path / "out", choices_of(options("")))
    assert not (tmp_path / "out").exists()


def test_it_is_not_written_uncompared(saved, tmp_path: Path) -> None:
    unchecked = RepairOptions(verify=False)
    with pytest.raises(BlockedError, match="row by row"):
        repair(saved("one_row"), tmp_path / "out", choices_of(options("")), unchecked)


@pytest.mark.parametrize("shape", ["[?,9]", "[2,8]", "[?,?]", "[...]", "[?,8,1]"])
def test_other_sizes_are_not_opened(shape: str, saved) -> None:
    decided = plan(saved("one_row"), choices_of(["--input", f"x=float32{shape}"]))
    assert decided.verdict == "blocked"


def test_the_plan_says_so_and_is_stored(saved) -> None:
    from sigfix.planning.codec import read_plan, write_plan

    decided = plan(saved("one_sentence"), choices_of(options("one_sentence")))
    assert decided.added[0].heads[0].widened == (0, 1)
    assert [item.shape for item in decided.added[0].outputs] == [(None, 6, 8), (None, 8)]
    assert "traced for a batch of 1" in decided.notes[0]
    assert read_plan(write_plan(decided), "plan") == decided
