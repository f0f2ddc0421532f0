"""What an output is computed from: by data, from what is fed, by the branch that is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.computing import Computation, of_function, of_signature
from sigfix.model import SavedModel
from sigfix.reading import read
from tests.diagnosis.broken_models.case import switched
from tests.models import Call, Dtype, Model, add_node

FLOAT = Dtype("float32")


def computed(model: Model, path: Path) -> Computation:
    found = read(model.write(path))
    assert isinstance(found, SavedModel)
    return of_signature(found.meta_graphs[0], "serving_default")


def operators(computation: Computation) -> set[str]:
    return {node.op for _, node in computation.nodes}


def varying(computation: Computation) -> set[str]:
    return {node.op for _, node in computation.varying}


def test_neither_control_inputs_nor_what_is_in_front_of_a_fed_tensor(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("examples", "Placeholder", dtype=Dtype("string"))
    model.node("parsed", "ParseExample", ["examples"])
    model.node("saved", "SaveV2")
    model.node("y", "Relu", ["parsed:1", "^saved"], T=FLOAT)
    model.signature(inputs={"x": ("parsed:1", "float32", (None, 3))})
    assert operators(computed(model, tmp_path / "m")) == {"Relu"}
    model.signature(inputs={"x": ("parsed:0", "float32", (None, 3))})
    assert "ParseExample" in operators(computed(model, tmp_path / "other_output"))


def calling(returned: str, *inputs: str) -> Model:
    """y is the second result of a function of two arguments; each result has its operator."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("unused", "Betainc", ["x", "x", "x"], T=FLOAT)
    body = model.function("body")
    for name in ("a", "b"):
        body.signature.input_arg.add(name=name, type=1)
        body.signature.output_arg.add(name=f"of_{name}", type=1)
    add_node(body.node_def, "lgamma", "Lgamma", ["a"], T=FLOAT)
    add_node(body.node_def, "relu", "Relu", ["b"], T=FLOAT)
    body.ret["of_a"], body.ret["of_b"] = "lgamma:y:0", "relu:activations:0"
    model.node("call", "PartitionedCall", list(inputs), f=Call("body"), Tout=[FLOAT, FLOAT])
    model.signature(outputs={"y": (returned, "float32", (None, 3))})
    return model


def test_only_the_results_and_arguments_that_are_asked_for(tmp_path: Path) -> None:
    found = computed(calling("call:1", "unused", "x"), tmp_path / "m")
    assert operators(found) == {"PartitionedCall", "Relu"}
    found = computed(calling("call:0", "unused", "x"), tmp_path / "first")
    assert operators(found) == {"PartitionedCall", "Lgamma", "Betainc"}


def test_what_is_of_variables_alone_is_a_constant(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("w", "VarHandleOp", dtype=FLOAT)
    model.node("read", "ReadVariableOp", ["w"], dtype=FLOAT)
    model.node("gamma", "Lgamma", ["read"], T=FLOAT)
    model.node("drawn", "RandomUniform", dtype=FLOAT)
    model.node("noise", "Sin", ["drawn"], T=FLOAT)
    model.node("noisy", "Mul", ["noise", "gamma"], T=FLOAT)
    model.node("y", "Mul", ["x", "noisy"], T=FLOAT)
    model.signature()
    found = computed(model, tmp_path / "m")
    assert "Lgamma" in operators(found)
    assert varying(found) == {"RandomUniform", "Sin", "Mul"}


@pytest.mark.parametrize(
    ("model", "branches"),
    [
        (switched(False), {"Relu"}),
        (switched(True), {"Lgamma"}),
        (switched(False, negated=True), {"Lgamma"}),
        (switched(False, fed=True), {"Relu", "Lgamma"}),
    ],
)
def test_the_branch_that_is_taken(model: Model, branches: set[str], tmp_path: Path) -> None:
    assert operators(computed(model, tmp_path / "m")) & {"Relu", "Lgamma"} == branches


def test_everything_in_a_loop_varies(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    for name, op in (("cond", "LoopCond"), ("body", "Lgamma")):
        function = model.function(name)
        function.signature.input_arg.add(name="a", type=1)
        function.signature.output_arg.add(name="out", type=1)
        add_node(function.node_def, "n", op, ["a"], T=FLOAT)
        function.ret["out"] = "n:y:0"
    model.node("y", "StatelessWhile", ["x"], cond=Call("cond"), body=Call("body"), T=[FLOAT])
    model.signature()
    assert varying(computed(model, tmp_path / "m")) >= {"StatelessWhile", "Lgamma", "LoopCond"}


def test_a_function_that_calls_itself_ends(tmp_path: Path) -> None:
    model = Model(empty=True)
    body = model.function("f")
    body.signature.input_arg.add(name="a", type=1)
    body.signature.output_arg.add(name="out", type=1)
    add_node(body.node_def, "again", "PartitionedCall", ["a"], f=Call("f"), Tout=[FLOAT])
    body.ret["out"] = "again:output:0"
    found = read(model.write(tmp_path / "m"))
    assert isinstance(found, SavedModel)
    assert operators(of_function(found.meta_graphs[0], "f")) == {"PartitionedCall"}
