"""Graphs of TF1 that read from queues and iterators, which nothing fills in a loaded model."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.planning.commands import choices_of
from sigfix.planning.parsing import parse_input
from sigfix.planning.planner import plan
from sigfix.quoting import split
from sigfix.reading import read
from tests.models import Dtype, Model
from tests.planning.plans import FLOAT, added, asked, refused

SCORE = (("s", "score:0"),)
QUEUE, ITERATOR = "QueueDequeueManyV2", "IteratorGetNext"


def read_from(operator: str, *, default: bool = False, switch: bool = False) -> Model:
    """`batch` comes out of a queue or an iterator, and `score` of it."""
    model = Model(empty=True, version="1.15.0")
    model.node("source", "FIFOQueueV2" if operator == QUEUE else "IteratorV2")
    types = {"component_types": [FLOAT], "output_types": [FLOAT]}
    model.node("batch", operator, ["source"], _output_shapes=[(None, 4)], **types)
    last = "batch"
    if default:
        model.node("x", "PlaceholderWithDefault", ["batch"], dtype=FLOAT, shape=(None, 4))
        last = "x"
    if switch:
        model.node("is_training", "Placeholder", dtype=Dtype("bool"), shape=())
        model.node("side", "Switch", [last, "is_training"], T=FLOAT)
        last = "side"
    model.node("score", "Sigmoid", [last], T=FLOAT, _output_shapes=[(None, 4)])
    return model


@pytest.mark.parametrize("operator", [QUEUE, ITERATOR])
@pytest.mark.parametrize("switch", [False, True])
def test_a_signature_that_would_wait_for_ever(operator: str, switch: bool, tmp_path: Path) -> None:
    model = read_from(operator, switch=switch)
    reason, hint = refused(model, tmp_path, outputs=SCORE)
    assert reason == (
        "score:0 would never be computed: it depends on no placeholder, and on a queue or an "
        "iterator (batch:0), which nothing fills once the model is loaded."
    )
    options = ["--output", "s=score:0", *split(hint.partition("   #")[0])]
    found = plan(read(model.write(tmp_path / "again")), choices_of(options))
    assert found.verdict == "repairable", "what it says works"
    assert "batch:0" in [item.target for item in found.added[0].inputs]


@pytest.mark.parametrize("operator", [QUEUE, ITERATOR])
def test_without_an_output_it_says_where_the_data_comes_from(operator: str, tmp_path: Path) -> None:
    model = read_from(operator)
    reason, (way,), hint = asked(model, tmp_path)
    assert "comes out of a queue or an iterator (batch:0)" in reason
    assert "repeat --output" in hint
    found = plan(read(model.write(tmp_path / "again")), choices_of(split(way)))
    assert found.verdict == "repairable", "what it says works"
    assert [(item.name, item.target) for item in found.added[0].inputs] == [("batch", "batch:0")]
    assert [item.name for item in found.added[0].outputs] == ["score"]


def test_a_tensor_within_the_graph_is_fed(tmp_path: Path) -> None:
    given = (parse_input("x:batch:0"),)
    edit = added(read_from(QUEUE), tmp_path, outputs=SCORE, inputs=given)
    assert [(str(item), item.target) for item in edit.inputs] == [("x: float32[?,4]", "batch:0")]


def test_a_placeholder_whose_default_is_a_queue_is_fed(tmp_path: Path) -> None:
    edit = added(read_from(QUEUE, default=True), tmp_path, outputs=SCORE)
    assert [(item.name, item.target) for item in edit.inputs] == [("x", "x:0")]


def test_a_tensor_that_nothing_reads_is_no_input(tmp_path: Path) -> None:
    model = read_from(QUEUE)
    model.node("aside", "Relu", ["batch"], T=FLOAT)
    given = (parse_input("x:batch:0"), parse_input("y:aside:0"))
    reason, _ = refused(model, tmp_path, outputs=SCORE, inputs=given)
    assert reason.startswith("--input y: there is no such input")
