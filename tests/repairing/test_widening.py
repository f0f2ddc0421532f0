"""A batch of 1 that a function was traced for is opened, or what has it built in is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import BlockedError, ParityError
from sigfix.pipeline.applying import RepairOptions, write_result
from sigfix.pipeline.convert import ConvertOptions, convert
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.repair import plan, repair
from sigfix.planning.commands import choices_of
from sigfix.reading import read
from sigfix.reading.saved_model import load_message
from sigfix.repairing.widening import with_open_batch
from tests.loaders import run_both

INPUTS = {
    "one_image": ("--input", "x=float32[?,8,8,2]"),
    "one_sentence": ("--input", "x=float32[?,5,8]", "--input", "mask:x1=float32[?,6]"),
    "one_row_normalised": ("--input", "x=float32[?,4,4,2]"),
    "one_photo": ("--input", "photo=float32[?,12,12,3]"),
    "one_passage": ("--input", "words=float32[?,6,8]"),
    "one_state": ("--input", "steps=float32[?,4,3]"),
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


@pytest.fixture
def in_process(monkeypatch) -> None:
    """What is done in a process of its own is done here, where TensorFlow is imported already."""
    from sigfix import processes
    from sigfix.repairing import widening_child

    monkeypatch.setattr(processes, "run_process", lambda module, job: widening_child.work(job))


@pytest.mark.parametrize(("name", "sizes"), [("one_photo", (12, 12, 3)), ("one_passage", (6, 8))])
def test_networks_of_keras(name: str, sizes: tuple[int, ...], saved, tmp_path, in_process) -> None:
    import tensorflow as tf

    decided = plan(saved(name), choices_of(options(name)))
    write_result(read(saved(name)), decided, saved(name), tmp_path / "out")
    model = tf.saved_model.load(str(saved(name)))
    (given,) = decided.added[0].inputs
    for batch in (1, 2, 5):
        rows = drawn(batch, *sizes)
        alone = [model._default_save_signature(tf.constant(rows[n : n + 1])) for n in range(batch)]
        whole = np.concatenate([tf.nest.flatten(item)[0].numpy() for item in alone])
        (found,) = run_both(tmp_path / "out", {given.name: rows}).values()
        np.testing.assert_allclose(found, whole, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("one_row_unpacked", r"Squeeze \(Squeeze\): Can not squeeze dim\[0\]"),
        ("one_row_summed", r"Sum \(Sum\): its result has no batch any more"),
        ("one_row_in_a_loop", r"while \((Stateless)?While\): a loop or a branch"),
        ("one_row_normalised", r"normalises by the statistics of the batch"),
        ("one_state", r"lstm/.* \(TensorListFromTensor\): Dimension 0 .* \[1,3\]\.$"),
    ],
)
def test_what_has_the_batch_built_in_is_named(name: str, why: str, saved, in_process) -> None:
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
    choices = choices_of(options(""))
    with pytest.raises(BlockedError, match="row by row"):
        repair(saved("one_row"), tmp_path / "out", choices, unchecked)
    for name in ("one_row", "one_row_signed"):
        with pytest.raises(BlockedError, match="row by row"):
            asked = ConvertOptions(SourceChoice(inputs=choices.inputs), verify=False)
            convert(saved(name), tmp_path / "out", asked)
    assert not (tmp_path / "out").exists()


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
