"""BEH301 says which input switches dropout on, and the binding that switches it off."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.diagnosis.rule import Finding
from sigfix.pipeline.inspect import inspect
from tests.models import Call, Dtype, Model, add_node
from tests.planning.plans import Traced, of_functions, sign

FLOAT, BOOL = Dtype("float32"), Dtype("bool")
X, FLAG = ("x", "float32", (None, 3)), ("noisy", "bool", ())


def training(model: Model, folder: Path) -> Finding:
    """The one BEH301 of a model."""
    found = inspect(model.write(folder / "m")).findings
    (told,) = (item for item in found if item.code == "BEH301")
    return told


def branches(model: Model, *, turned: bool = False) -> dict[str, Call]:
    """Two functions, one of which drops out: the one for true, or (`turned`) for false."""
    for name, op in (("on", "RandomUniform"), ("off", "Relu")):
        body = model.function(name)
        body.signature.input_arg.add(name="x", type=1)
        body.signature.output_arg.add(name="out", type=1)
        add_node(body.node_def, f"dropout/{name}", op, ["x"], T=FLOAT, dtype=FLOAT)
        body.ret["out"] = f"dropout/{name}:output:0"
    sides = ("off", "on") if turned else ("on", "off")
    return {"then_branch": Call(sides[0]), "else_branch": Call(sides[1])}


def in_graph(*, turned: bool = False, conditions: int = 1, switch: bool = False) -> Model:
    model = Model()
    model.node("noisy", "Placeholder", dtype=BOOL, shape=())
    if switch:
        model.node("side", "Switch", ["y", "noisy"], T=FLOAT)
        model.node("dropout/drawn", "RandomUniform", ["side:1"], dtype=FLOAT)
        model.node("end", "Merge", ["side", "dropout/drawn"], T=FLOAT)
    elif conditions:
        model.node("end", "If", ["noisy", "y"], Tout=[FLOAT], **branches(model, turned=turned))
    else:
        model.node("dropout/drawn", "RandomUniform", ["y"], dtype=FLOAT)
        model.node("end", "Switch", ["dropout/drawn", "noisy"], T=FLOAT)
    signed = {"x": ("x:0", *X[1:]), "noisy": ("noisy:0", *FLAG[1:])}
    model.signature(inputs=signed, outputs={"y": ("end:0", *X[1:])})
    return model


@pytest.mark.parametrize(
    ("model", "on", "off"),
    [
        (in_graph(), "true", "false"),
        (in_graph(turned=True), "false", "true"),
        (in_graph(switch=True), "true", "false"),
    ],
)
def test_dropout_behind_an_input(model: Model, on: str, off: str, tmp_path: Path) -> None:
    told = training(model, tmp_path)
    assert told.message == f"dropout is on (1x), where noisy is {on}"
    assert told.command.endswith(f"--bind noisy={off}")


def test_dropout_that_no_input_switches(tmp_path: Path) -> None:
    told = training(in_graph(conditions=0), tmp_path)
    assert (told.message, told.command) == ("dropout is on (1x)", "")


def test_dropout_within_a_function_of_the_object_graph(tmp_path: Path) -> None:
    traced = Traced(traces=((X, FLAG),), arguments=("x", "noisy"))
    model = of_functions({"call": traced})
    sign(model, "serving_default", {"x": X, "noisy": FLAG}, {"y": X})
    library = {item.signature.name: item for item in model.meta.graph_def.library.function}
    body, wrapper = library["call_0"], library["signature_serving_default"]
    # Its arguments are x and x1, in order: x, noisy; those of the wrapper are sorted: noisy, x.
    add_node(body.node_def, "choice", "If", ["x1", "x"], Tout=[FLOAT], **branches(model))
    body.ret["y"] = "choice:output:0"
    inner = {"f": Call("call_0"), "Tout": [FLOAT]}
    add_node(wrapper.node_def, "called", "StatefulPartitionedCall", ["x1", "x"], **inner)
    wrapper.ret["y"] = "called:output:0"
    told = training(model, tmp_path)
    assert told.message == "dropout is on (1x), where noisy is true"
    assert told.command.endswith("--bind noisy=false")
