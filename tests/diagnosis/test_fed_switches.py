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


RATE = ("rate", "float32", ())


def constant(nodes, name: str, value: float) -> None:
    """A scalar constant of float32."""
    node = add_node(nodes, name, "Const", dtype=FLOAT)
    node.attr["value"].tensor.dtype = 1
    node.attr["value"].tensor.tensor_shape.SetInParent()
    node.attr["value"].tensor.float_val.append(value)


def dropping(nodes, rate: str, early: bool = False) -> None:
    """What `tf.nn.dropout` draws and compares, or rounds down as that of early TF1 does."""
    add_node(nodes, "dropout/random_uniform", "RandomUniform", ["x"], dtype=FLOAT)
    drawn = "dropout/random_uniform:output:0" if "x" not in rate else "dropout/random_uniform"
    if early:
        add_node(nodes, "dropout/add", "Add", [rate, drawn], T=FLOAT)
        add_node(nodes, "dropout/mask", "Floor", ["dropout/add"], T=FLOAT)
    else:
        add_node(nodes, "dropout/mask", "GreaterEqual", [drawn, rate], T=FLOAT)


def chosen_rate(on: float, off: float, early: bool = False) -> Model:
    """The rate is what one of two functions returns, in the function that the signature calls."""
    traced = Traced(traces=((X, FLAG),), arguments=("x", "noisy"))
    model = of_functions({"call": traced})
    sign(model, "serving_default", {"x": X, "noisy": FLAG}, {"y": X})
    library = {item.signature.name: item for item in model.meta.graph_def.library.function}
    body, wrapper = library["call_0"], library["signature_serving_default"]
    for name, value in (("high", on), ("low", off)):
        side = model.function(name)
        side.signature.output_arg.add(name="out", type=1)
        constant(side.node_def, "value", value)
        add_node(side.node_def, "Identity", "Identity", ["value:output:0"], T=FLOAT)
        side.ret["out"] = "Identity:output:0"
    sides = {"then_branch": Call("high"), "else_branch": Call("low")}
    add_node(body.node_def, "cond", "If", ["x1"], Tout=[FLOAT], **sides)
    add_node(body.node_def, "cond/Identity", "Identity", ["cond:output:0"], T=FLOAT)
    dropping(body.node_def, "cond/Identity:output:0", early)
    add_node(body.node_def, "end", "Mul", ["dropout/mask:z:0", "x"], T=FLOAT)
    body.ret["y"] = "end:z:0"
    inner = {"f": Call("call_0"), "Tout": [FLOAT]}
    add_node(wrapper.node_def, "called", "StatefulPartitionedCall", ["x1", "x"], **inner)
    wrapper.ret["y"] = "called:output:0"
    return model


def test_a_rate_that_is_chosen_by_an_input(tmp_path: Path) -> None:
    told = training(chosen_rate(0.5, 0.0), tmp_path / "a")
    assert told.message == "dropout is on (1x), where noisy is true"
    assert told.command.endswith("--bind noisy=false")
    told = training(chosen_rate(0.0, 0.5), tmp_path / "b")
    assert told.command.endswith("--bind noisy=true")
    told = training(chosen_rate(0.7, 1.0, early=True), tmp_path / "c")  # the part that is kept
    assert told.command.endswith("--bind noisy=false")


def test_a_rate_that_an_input_does_not_switch_off(tmp_path: Path) -> None:
    told = training(chosen_rate(0.5, 0.3), tmp_path)
    assert (told.message, told.command) == ("dropout is on (1x)", "")


def test_a_rate_of_nothing_either_way(tmp_path: Path) -> None:
    found = inspect(chosen_rate(0.0, 0.0).write(tmp_path / "m")).findings
    assert not {"BEH301", "BEH308"} & {item.code for item in found}


def rate_in_a_branch(early: bool = False, read: bool = False) -> Model:
    """The rate is an input that reaches its dropout through a branch of something else."""
    model = Model()
    model.node("rate", "Placeholder", dtype=FLOAT, shape=())
    model.node("large", "Placeholder", dtype=BOOL, shape=())
    for name in ("big", "small"):
        body = model.function(name)
        body.signature.input_arg.add(name="x", type=1)
        body.signature.input_arg.add(name="p", type=1)
        body.signature.output_arg.add(name="out", type=1)
        if name == "big":
            dropping(body.node_def, "p", early)
        else:
            add_node(body.node_def, "dropout/mask", "Relu", ["x"], T=FLOAT)
        if read:
            add_node(body.node_def, "n", "Exp", ["dropout/random_uniform:output:0"], T=FLOAT)
        body.ret["out"] = "dropout/mask:z:0" if name == "big" else "dropout/mask:activations:0"
    sides = {"then_branch": Call("big"), "else_branch": Call("small")}
    model.node("end", "If", ["large_enough", "y", "rate"], Tout=[FLOAT], **sides)
    model.node("large_enough", "LogicalNot", ["large"])
    signed = {"x": ("x:0", *X[1:]), "rate": ("rate:0", *RATE[1:]), "large": ("large:0", *FLAG[1:])}
    model.signature(inputs=signed, outputs={"y": ("end:0", *X[1:])})
    return model


def test_a_rate_that_is_an_input_of_a_branch(tmp_path: Path) -> None:
    told = training(rate_in_a_branch(), tmp_path / "a")
    assert told.message == "dropout is on (1x), where rate is not 0.0"
    assert told.command.endswith("--bind rate=0.0")
    told = training(rate_in_a_branch(early=True), tmp_path / "b")
    assert told.command.endswith("--bind rate=1.0")
    told = training(rate_in_a_branch(read=True), tmp_path / "c")  # its numbers are used besides
    assert told.message == "dropout is on (1x), where large is false"


def chain(length: int, outside: str = "") -> Model:
    """Choices on an input, one in another's branch, each with a dropout; `outside` is called, too.

    That is one of them (`f3`), or `lone`, which has one of its own.
    """
    model = Model()
    model.node("noisy", "Placeholder", dtype=BOOL, shape=())
    quiet = model.function("quiet")
    for number in range(length + 1):
        body = quiet if number == length else model.function(f"f{number}")
        body.signature.input_arg.add(name="x", type=1)
        body.signature.input_arg.add(name="c", type=10)
        body.signature.output_arg.add(name="out", type=1)
        name = f"dropout/{number}"
        if number < length:
            add_node(body.node_def, name, "RandomUniform", ["x"], dtype=FLOAT)
            following = f"f{number + 1}" if number + 1 < length else "quiet"
            sides = {"then_branch": Call(following), "else_branch": Call("quiet")}
            add_node(body.node_def, "If", "If", ["c", f"{name}:output:0", "c"], **sides)
            body.ret["out"] = "If:output:0"
        else:
            add_node(body.node_def, "Relu", "Relu", ["x"], T=FLOAT)
            body.ret["out"] = "Relu:activations:0"
    sides = {"then_branch": Call("f0"), "else_branch": Call("quiet")}
    model.node("first", "If", ["noisy", "y", "noisy"], Tout=[FLOAT], **sides)
    lone = model.function("lone")
    lone.signature.input_arg.add(name="x", type=1)
    lone.signature.input_arg.add(name="c", type=10)
    lone.signature.output_arg.add(name="out", type=1)
    add_node(lone.node_def, "dropout/lone", "RandomUniform", ["x"], dtype=FLOAT)
    lone.ret["out"] = "dropout/lone:output:0"
    model.node("other", "PartitionedCall", ["first", "noisy"], f=Call(outside or "quiet"))
    signed = {"x": ("x:0", *X[1:]), "noisy": ("noisy:0", *FLAG[1:])}
    end = "other:0" if outside else "first:0"
    model.signature(inputs=signed, outputs={"y": (end, *X[1:])})
    return model


@pytest.mark.parametrize(
    ("outside", "said"),
    [("", "(5x), where noisy is true"), ("f4", "(5x)"), ("lone", "(6x)")],
)
def test_choices_within_choices(outside: str, said: str, tmp_path: Path) -> None:
    told = training(chain(5, outside), tmp_path)
    assert told.message == f"dropout is on {said}"


def test_many_choices_are_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is gone through grows as the model does, not as its square."""
    from sigfix.model import Graph

    counts = {}
    plain = Graph.executed
    for length in (50, 200):
        model = chain(length, "lone")
        seen = []

        def counted(self, tensors, functions=(), seen=seen):
            found = plain(self, tensors, functions)
            seen.append(len(found))
            return found

        monkeypatch.setattr(Graph, "executed", counted)
        training(model, tmp_path / str(length))
        counts[length] = sum(seen)
    assert counts[200] <= 4.5 * counts[50], counts
