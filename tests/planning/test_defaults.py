"""Switches for training that have a default, and dropout by a number of any name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.switches import evident_value, training_default
from sigfix.model import MetaGraph
from sigfix.pipeline.inspect import inspect
from sigfix.planning.commands import carried_out
from sigfix.reading import read
from tests.models import Call, Dtype, Model, add_node
from tests.planning.plans import FLOAT, added, planned, refused

BOOL = Dtype("bool")


def constant(model: Model, name: str, value: bool | float) -> None:
    """A scalar in the graph."""
    is_bool = isinstance(value, bool)
    tensor = model.node(name, "Const", dtype=BOOL if is_bool else FLOAT).attr["value"].tensor
    tensor.tensor_shape.SetInParent()
    if is_bool:
        tensor.dtype = 10
        tensor.bool_val.append(value)
    else:
        tensor.dtype = 1
        tensor.float_val.append(value)


def fed(default: bool | float | None, name: str, dtype: Dtype) -> Model:
    """`x`, and a scalar with that default; None for one without."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    if default is None:
        model.node(name, "Placeholder", dtype=dtype, shape=())
    else:
        constant(model, "given", default)
        model.node(name, "PlaceholderWithDefault", ["given"], dtype=dtype, shape=())
    return model


def switched(default: bool, name: str = "is_training") -> Model:
    """A condition on a placeholder with a default, one side of which draws random numbers."""
    model = fed(default, name, BOOL)
    for side, op in (("on", "RandomUniform"), ("off", "Relu")):
        body = model.function(side)
        body.signature.input_arg.add(name="x", type=1)
        add_node(body.node_def, "node", op, ["x"])
    model.node("end", "If", [name, "x"], Tout=[FLOAT],
               then_branch=Call("on"), else_branch=Call("off"))  # fmt: skip
    return model


def dropping(name: str, default: float | None = None, *, rate: bool = False) -> Model:
    """Dropout of TF1 by the part that it keeps, or (`rate`) by the part that it drops."""
    model = fed(default, name, FLOAT)
    constant(model, "one", 1.0)
    model.node("less", "Sub", ["one", name], T=FLOAT)
    dropped, kept = (name, "less") if rate else ("less", name)
    model.node("drawn", "RandomUniform", ["one"])
    model.node("mask", "GreaterEqual", ["drawn", dropped], T=FLOAT)
    model.node("scaled", "RealDiv", ["x", kept], T=FLOAT)
    model.node("end", "Select", ["mask", "scaled", "one"], T=FLOAT)
    return model


def meta(model: Model, folder: Path) -> MetaGraph:
    return read(model.write(folder / "model")).meta_graphs[0]


CASES = [
    (switched(True), "is_training=false", False),
    (switched(True, "noisy"), "noisy=false", False),
    (dropping("keep_prob", 0.5), "keep_prob=1.0", 1.0),
    (dropping("survive", 0.5), "survive=1.0", 1.0),
    (dropping("lost", 0.25, rate=True), "lost=0.0", 0.0),
]


@pytest.mark.parametrize(("model", "binding", "value"), CASES)
def test_a_default_that_means_training(
    model: Model, binding: str, value: bool | float, tmp_path: Path
) -> None:
    name = binding.partition("=")[0]
    found = planned(model, tmp_path)
    (edit,) = found.added
    assert ([item.name for item in edit.inputs], edit.bound) == (["x"], ())
    assert found.notes == (
        f"{name} has a default that means training, and is left as it is: "
        f"--bind {binding} switches training off",
    )
    for called in (name, f"{name}:0"):
        edit = added(model, tmp_path, bind=((called, value),))
        assert [(item.target, item.value) for item in edit.bound] == [(f"{name}:0", value)]
        assert [item.name for item in edit.inputs] == ["x"]
        assert planned(model, tmp_path, bind=((called, value),)).notes == ()
    path = model.write(tmp_path / "shown")
    (told,) = (item for item in inspect(path).findings if item.code == "SIG001")
    assert told.command.endswith(f" --bind {binding}"), "and its numbers can be compared"
    assert carried_out(read(path), []) == [("--no-verify",)]


@pytest.mark.parametrize(
    "model", [switched(False), dropping("keep_prob", 1.0), dropping("lost", 0.0, rate=True)]
)
def test_a_default_that_means_inference(model: Model, tmp_path: Path) -> None:
    assert planned(model, tmp_path).notes == ()
    path = model.write(tmp_path / "shown")
    (told,) = (item for item in inspect(path).findings if item.code == "SIG001")
    assert "--bind" not in told.command


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (dropping("survive"), "survive", "1.0"),
        (dropping("lost", rate=True), "lost", "0.0"),
    ],
)
def test_dropout_by_a_number_of_any_name(
    model: Model, name: str, value: str, tmp_path: Path
) -> None:
    found = meta(model, tmp_path)
    assert evident_value(found, found.graph.by_name[name]) == value
    assert f"{name} looks like a switch for training: --bind {name}={value} fixes it" in (
        planned(model, tmp_path).notes
    )
    path = model.write(tmp_path / "shown")
    (told,) = (item for item in inspect(path).findings if item.code == "SIG001")
    assert told.command.endswith(f" --bind {name}={value}")


def test_a_number_that_is_no_dropout(tmp_path: Path) -> None:
    """Compared with what is drawn, and no divisor; or a divisor alone."""
    sampled = fed(0.5, "chance", FLOAT)
    sampled.node("drawn", "RandomUniform", ["chance"])
    sampled.node("end", "GreaterEqual", ["drawn", "chance"], T=FLOAT)
    scaled = fed(0.5, "chance", FLOAT)
    scaled.node("end", "RealDiv", ["x", "chance"], T=FLOAT)
    for number, model in enumerate((sampled, scaled)):
        found = meta(model, tmp_path / str(number))
        node = found.graph.by_name["chance"]
        assert (evident_value(found, node), training_default(found, node)) == ("", "")


@pytest.mark.parametrize(
    ("value", "hint"), [(0, "noisy=false"), (1, "noisy=true"), ("off", "noisy=false")]
)
def test_a_bool_that_is_given_as_something_else(value: object, hint: str, tmp_path: Path) -> None:
    model = switched(True, "noisy")
    assert refused(model, tmp_path, bind=(("noisy", value),))[1] == f"--bind {hint}"
