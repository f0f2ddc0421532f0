"""A plan as JSON: everything comes back, and what is no plan is refused with its place."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import UsageError
from sigfix.planning import Choices, Plan
from sigfix.planning.codec import FORMAT, KINDS, read_plan, write_plan
from sigfix.planning.edits import (
    AddSignature,
    BoundInput,
    Candidate,
    Edit,
    FunctionSource,
    InputPlan,
    OutputPlan,
)
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.planning.steps import Activation, Cast, Normalize, Step, Transpose
from sigfix.presets import find_preset
from tests.planning.plans import Traced, X, of_functions, planned, sign

STEPS = (
    Cast("float32"),
    Normalize((0.5,), (1, 2.0)),
    Transpose((0, 3, 1, 2)),
    Activation("argmax"),
)
SIGNED = AddSignature(
    "serving_default",
    FunctionSource("f", "f_1"),
    (InputPlan("x", "uint8", (None, 3), "0", "x", STEPS),),
    (OutputPlan("y", "int64", None, "0", STEPS[3:]),),
    (BoundInput("1", "bool", (), True), BoundInput("2", "float32", (), 1.0)),
)
PLAN = Plan(
    "m", "repairable", 1, (SIGNED,), (Candidate("a", "--b", ("c",)),), "r", "h", ("l",), ("n",)
)


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    data = json.loads(write_plan(PLAN))
    change(data["plan"])
    return json.dumps(data)


def test_it_comes_back() -> None:
    found = read_plan(write_plan(PLAN), "plan")
    assert found == PLAN
    (edit,) = found.added
    assert [type(item.value) for item in edit.bound] == [bool, float]


def test_every_edit_and_step_has_a_name() -> None:
    for kind in (*typing.get_args(Edit), *typing.get_args(Step)):
        assert KINDS[kind.__name__] is kind


def test_plans_with_choices_and_presets(tmp_path: Path) -> None:
    from sigfix.planning.file_edits import ExportKeras

    choices = Choices(
        "k", "f", ("a",), ("t",), (), (parse_input("x=[?,1]"),), (("o", "t"),),
        append=(parse_append("p=sigmoid(y)"),), normalize=parse_normalize("1/2/3,4,5"),
        bind=(("a", True), ("b", 1), ("c", 1.0), ("d", "x")), preset=find_preset("db_resnet34"),
    )  # fmt: skip
    plan = Plan("m", "repairable", edits=(ExportKeras("3", ("a",), "file", choices),))
    assert read_plan(write_plan(plan), "plan") == plan
    model = of_functions({"__call__": Traced()})
    sign(model, "a", {"x": X}, {"y": X})
    sign(model, "b", {"x": X}, {"y": X})
    planned(model, tmp_path, from_key=("a", "b"))  # which reads what it writes


def test_the_report_of_a_dry_run_is_read_too() -> None:
    data = {"schema": "x", "repair": json.loads(write_plan(PLAN))}
    assert read_plan(json.dumps(data), "plan") == PLAN


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "plan is not JSON"),
        ("[]", f"plan is not a plan of this version of sigfix (format {FORMAT})"),
        (json.dumps({"format": FORMAT + 1, "plan": {}}), "is not a plan of this version"),
        (json.dumps({"format": FORMAT}), "plan holds no plan"),
        (json.dumps({"format": FORMAT, "plan": [1]}), "plan holds no plan"),
        (json.dumps({"format": FORMAT, "plan": {"kind": "Cast", "dtype": "x"}}), "holds no plan"),
        (json.dumps({"format": FORMAT, "plan": {"kind": "Path"}}), "unknown part: 'Path'"),
        (json.dumps({"format": FORMAT, "plan": {"a": 1}}), "unknown part: None"),
    ],
)
def test_what_is_no_plan(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        read_plan(text, "plan")


def step(number: int, **fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda plan: plan["edits"][0]["inputs"][0]["steps"][number].update(fields)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda plan: plan.update(edits=3), "plan: edits: 3 does not belong there"),
        (lambda plan: plan.update(meta_graph="1"), "plan: meta_graph: '1' does not belong there"),
        (lambda plan: plan.update(meta_graph=True), "plan: meta_graph: True does not belong"),
        (lambda plan: plan.update(notes=["a", 1]), "plan: notes: 1 does not belong there"),
        (lambda plan: plan.update(more=1), "The plan's Plan is not understood"),
        (lambda plan: plan.pop("verdict"), "The plan's Plan is not understood"),
        (lambda plan: plan["edits"][0].update(key=None), "does not belong there"),
        (lambda plan: plan["edits"].append(plan["candidates"][0]), "does not belong there"),
        (step(0, dtype="float31"), "does not belong there"),
        (step(1, mean=["a"]), "does not belong there"),
        (step(2, permutation=[0.5]), "does not belong there"),
    ],
)
def test_a_plan_that_somebody_changed(change: Callable[[dict[str, Any]], None], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        read_plan(changed(change), "plan")


def test_a_number_without_a_point_is_a_number() -> None:
    found = read_plan(changed(step(1, mean=[1])), "plan")
    normalize = found.added[0].inputs[0].steps[1]
    assert isinstance(normalize, Normalize)
    assert normalize.mean == (1,)
