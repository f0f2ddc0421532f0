"""What operators do beyond computing: the table, and what of it a model would execute."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.describing import running
from sigfix.describing.effects import (
    DETERMINISTIC,
    HARMLESS,
    KEEPS_STATE,
    RANDOM,
    REACHES,
    STATE,
    conduct,
    effects,
    is_stateless_random,
    reaching,
)
from sigfix.describing.operators import tensorflow_operators
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph
from sigfix.pipeline.inspect import inspect
from sigfix.planning.trust import refuse_reaching
from sigfix.reading import read
from tests.models import Call, Dtype, Model, add_node, healthy

STRING, FLOAT = Dtype("string"), Dtype("float32")
SUSPICIOUS = re.compile(
    "File|Reader|Rpc|Py[A-Z]|Save|Restore|Summary|Debug|Snapshot|Checkpoint|Remote|Socket|Http"
    "|Connect|Dump|Vocab|Url|Path|Print|Write|Load(?!er)|TFRecord|Abort|Record(?!s)"
)
"""Words in the name of an operator that has to be looked at, stateful or not."""


def test_every_stateful_operator_is_classified_on_purpose() -> None:
    known = tensorflow_operators()
    named = {name for name, item in known.items() if item.stateful or SUSPICIOUS.search(name)}
    assert sorted(named - effects().keys()) == []


def test_only_operators_are_classified_each_once() -> None:
    assert sorted(effects().keys() - tensorflow_operators().keys()) == []
    table = Path(running.__file__).with_name("tables") / "operator_effects.txt"
    lines = [line for line in table.read_text().splitlines() if line[:1] not in ("#", "[")]
    names = " ".join(lines).split()
    assert len(names) == len(set(names))


def test_the_kinds_are_those_that_are_asked_for() -> None:
    assert {effect.kind for effect in effects().values()} == {REACHES, RANDOM, STATE, HARMLESS}
    assert all(bool(item.words) == (item.kind == REACHES) for item in effects().values())


def test_every_random_operator_with_a_seed_input_is_recognised() -> None:
    named = [name for name in tensorflow_operators() if name.startswith("Stateless")]
    drawing = [
        name
        for name in named
        if re.search("Random|Normal|Multinomial|Shuffle|Sample|Uniform", name)
        and not name.startswith("StatelessRandomGet")
    ]
    assert [name for name in named if is_stateless_random(name)] == drawing


def described(model: Model, path: Path) -> MetaGraph:
    return read(model.write(path)).meta_graphs[0]


def in_graph(model: Model, op: str) -> None:
    model.node("z", op, ["x"])
    model.signature(outputs={"z": ("z:0", "float32", None)})


def in_function(model: Model, op: str) -> None:
    add_node(model.function("body").node_def, "z", op, [])
    model.node("z", "StatefulPartitionedCall", ["x"], f=Call("body"))
    model.signature(outputs={"z": ("z:0", "float32", None)})


def in_nested_function(model: Model, op: str) -> None:
    add_node(model.function("inner").node_def, "z", op, [])
    add_node(model.function("body").node_def, "c", "PartitionedCall", [], f=Call("inner"))
    model.node(
        "cond", "StatelessIf", ["x", "x"], then_branch=Call("body"), else_branch=Call("body")
    )
    model.signature(outputs={"z": ("cond:0", "float32", None)})


def behind_a_control_dependency(model: Model, op: str) -> None:
    model.node("z", op, [])
    model.node("out", "Identity", ["x", "^z"])
    model.signature(outputs={"z": ("out:0", "float32", None)})


def in_the_initialiser(model: Model, op: str) -> None:
    model.node("z", op, [])
    model.node("init", "NoOp", ["^z"])
    named = {"__saved_model_init_op": ("init", "invalid", None)}
    model.signature("__saved_model_init_op", inputs={}, outputs=named)
    model.signature()


def in_the_restoring(model: Model, op: str) -> None:
    model.node("z", op, [])
    model.node("restore_all", "NoOp", ["^z"])
    model.meta.saver_def.restore_op_name = "restore_all"
    model.signature()


def in_a_resource(model: Model, op: str) -> None:
    _method(model, op, "_initialize")


def in_the_making_of_a_resource(model: Model, op: str) -> None:
    _method(model, op, "_create_resource")


def _method(model: Model, op: str, name: str) -> None:
    model.object_node("user_object", table=1)
    model.object_node("user_object", **{name: 2})
    node = model.object_node("function")
    node.function.concrete_functions.append("f")
    model.meta.object_graph_def.concrete_functions["f"].SetInParent()
    add_node(model.function("f").node_def, "z", op, [])
    model.signature()


def in_an_object_that_restores_itself(model: Model, op: str) -> None:
    _method(model, op, "unused")
    saveable = model.meta.object_graph_def.nodes[1].saveable_objects["part"]
    saveable.restore_function = 2


def in_the_signature_of_the_object_graph(model: Model, op: str) -> None:
    model.object_node("user_object", signatures=1)
    model.object_node("user_object", serving_default=2)
    node = model.object_node("bare_concrete_function")
    node.bare_concrete_function.concrete_function_name = "f"
    model.meta.object_graph_def.concrete_functions["f"].SetInParent()
    add_node(model.function("f").node_def, "z", op, [])
    model.signature()


EXECUTED = (
    in_graph, in_function, in_nested_function, behind_a_control_dependency, in_the_initialiser,
    in_the_restoring, in_a_resource, in_the_making_of_a_resource,
    in_an_object_that_restores_itself, in_the_signature_of_the_object_graph,
)  # fmt: skip


def beside_the_signature(model: Model, op: str) -> None:
    model.node("z", op, [])
    model.signature()


def in_a_function_that_nothing_calls(model: Model, op: str) -> None:
    add_node(model.function("other").node_def, "z", op, [])
    model.signature()


NOT_EXECUTED = (beside_the_signature, in_a_function_that_nothing_calls)


def refused(path: Path) -> str:
    model = read(path)
    run = running.of_signature(model.meta_graphs[0], "serving_default")
    try:
        refuse_reaching(model, 0, [run], False, "--trust")
    except BlockedError as error:
        refuse_reaching(model, 0, [run], True, "--trust")
        return error.message
    return ""


REACHING = sorted(name for name, effect in effects().items() if effect.kind == REACHES)
CONDITIONAL = ("CacheDataset", "InitializeTableFromTextFile", "PrintV2", "Restore")


@pytest.mark.parametrize("plant", EXECUTED, ids=lambda item: item.__name__)
def test_what_is_executed_is_refused(plant: Callable[[Model, str], None], tmp_path: Path) -> None:
    for number, op in enumerate(REACHING):
        if op.startswith(CONDITIONAL) and op != "RestoreV2":
            continue
        model = Model()
        plant(model, op)
        path = model.write(tmp_path / str(number))
        message = refused(path)
        assert op in message
        assert effects()[op].words in message
        if plant not in (
            in_graph,
            behind_a_control_dependency,
            in_the_initialiser,
            in_the_restoring,
        ):
            assert f"{op} in function " in message


@pytest.mark.parametrize("plant", NOT_EXECUTED, ids=lambda item: item.__name__)
def test_what_nothing_executes_is_reported_and_not_refused(
    plant: Callable[[Model, str], None], tmp_path: Path
) -> None:
    for op in ("ReadFile", "WriteFile", "TFRecordDatasetV2", "RemoteCall", "SqlDataset"):
        model = Model()
        plant(model, op)
        path = model.write(tmp_path / op)
        assert refused(path) == ""
        (found,) = (item for item in inspect(path).findings if item.code == "BEH306")
        assert op in found.message
        assert "not executed" in found.evidence[0]


@pytest.mark.parametrize("op", REACHING)
def test_inspect_knows_what_the_gate_knows(op: str, tmp_path: Path) -> None:
    if op.startswith(CONDITIONAL):
        return
    model = Model()
    in_function(model, op)
    codes = {item.code for item in inspect(model.write(tmp_path / "m")).findings}
    assert codes & {"BEH305", "BEH306"}


def restoring(model: Model, filename: str, **attributes: object) -> None:
    """A restoring function as TensorFlow writes it, with its file's name from `filename`."""
    model.node("name", filename, dtype=STRING, **attributes)
    body = model.function("restore")
    body.signature.input_arg.add(name="prefix", type=7)
    add_node(body.node_def, "r", "RestoreV2", ["prefix"])
    model.node("saver", "StatefulPartitionedCall", ["name"], f=Call("restore"))
    model.meta.saver_def.restore_op_name = "saver"
    model.signature()


def test_restoring_from_the_models_own_files_is_no_reach(tmp_path: Path) -> None:
    model = Model()
    restoring(model, "Placeholder")
    model.meta.saver_def.filename_tensor_name = "name:0"
    assert refused(model.write(tmp_path / "own")) == ""
    model = Model()
    restoring(model, "Const")
    assert "RestoreV2 in function restore" in refused(model.write(tmp_path / "constant"))


def table_from_file(model: Model) -> None:
    model.node("name", "Const", dtype=STRING)
    model.node("table", "HashTableV2")
    model.node("fill", "InitializeTableFromTextFileV2", ["table", "name"])
    named = {"__saved_model_init_op": ("fill", "invalid", None)}
    model.signature("__saved_model_init_op", inputs={}, outputs=named)
    model.signature()


def test_a_table_of_an_asset_is_no_reach(tmp_path: Path) -> None:
    model = Model()
    table_from_file(model)
    assert "InitializeTableFromTextFileV2" in refused(model.write(tmp_path / "constant"))
    model.meta.asset_file_def.add(filename="words.txt").tensor_info.name = "name:0"
    assert refused(model.write(tmp_path / "asset")) == ""


@pytest.mark.parametrize("other", ["", "Const", "function"])
def test_a_name_kept_in_a_variable_is_an_assets_or_not(other: str, tmp_path: Path) -> None:
    model = Model()
    model.node("path", "Placeholder", dtype=STRING)
    model.node("handle", "VarHandleOp", dtype=STRING)
    model.node("keep", "AssignVariableOp", ["handle", "path"])
    model.node("name", "ReadVariableOp", ["handle"])
    model.node("table", "HashTableV2")
    model.node("fill", "InitializeTableFromTextFileV2", ["table", "name"])
    if other == "Const":
        model.node("elsewhere", "Const", dtype=STRING)
        model.node("keep_other", "AssignVariableOp", ["handle", "elsewhere"])
    elif other == "function":
        add_node(model.function("sets").node_def, "a", "NoOp", [])
        model.node("call", "StatefulPartitionedCall", ["handle"], f=Call("sets"))
    named = {"__saved_model_init_op": ("fill", "invalid", None)}
    model.signature("__saved_model_init_op", inputs={}, outputs=named)
    model.signature()
    model.meta.asset_file_def.add(filename="words.txt").tensor_info.name = "path:0"
    assert bool(refused(model.write(tmp_path / "m"))) == bool(other)


@pytest.mark.parametrize(("kind", "is_refused"), [("asset", False), ("constant", True)])
def test_a_captured_name_is_an_asset_or_not(kind: str, is_refused: bool, tmp_path: Path) -> None:
    model = Model()
    model.object_node("user_object", table=1)
    model.object_node("user_object", _initialize=2)
    model.object_node("function").function.concrete_functions.append("f")
    model.object_node(kind)
    concrete = model.meta.object_graph_def.concrete_functions["f"]
    concrete.bound_inputs.append(3)
    body = model.function("f")
    body.signature.input_arg.add(name="name", type=7)
    add_node(body.node_def, "t", "HashTableV2", [])
    add_node(body.node_def, "fill", "InitializeTableFromTextFileV2", ["t:table_handle:0", "name"])
    model.signature()
    assert bool(refused(model.write(tmp_path / "m"))) == is_refused


@pytest.mark.parametrize(("stream", "is_refused"), [("stderr", False), ("file:///x", True)])
def test_printing_to_a_file(stream: str, is_refused: bool, tmp_path: Path) -> None:
    model = Model()
    model.node("print", "PrintV2", ["x"], output_stream=stream)
    model.node("out", "Identity", ["x", "^print"])
    model.signature(outputs={"z": ("out:0", "float32", None)})
    assert bool(refused(model.write(tmp_path / "m"))) == is_refused


def run_of(model: Model, path: Path) -> running.Run:
    return running.of_signature(described(model, path), "serving_default")


def seeded(seed: str, *, changes: bool) -> Model:
    """Random numbers in a function, whose seed is made from what `seed` puts out, by a caller."""
    model = Model()
    model.node("seed", seed, ["x"], dtype=Dtype("int64"))
    body = model.function("draw")
    body.signature.input_arg.add(name="s", type=9)
    add_node(body.node_def, "half", "Cast", ["s"])
    add_node(body.node_def, "key", "StatelessRandomGetKeyCounter", ["half:y:0"])
    add_node(body.node_def, "draw", "StatelessRandomUniformV2", ["key:key:0", "key:counter:0"])
    body.ret["out"] = "draw:output:0"
    model.node("z", "StatefulPartitionedCall", ["seed", *["^next"] * changes], f=Call("draw"))
    model.node("next", "AssignVariableOp", ["x"])
    model.signature(outputs={"z": ("z:0", "float32", None)})
    return model


@pytest.mark.parametrize(
    ("seed", "changes", "expected"),
    [
        ("ReadVariableOp", True, RANDOM),
        ("ReadVariableOp", False, DETERMINISTIC),
        ("Const", False, DETERMINISTIC),
        ("Const", True, KEEPS_STATE),
    ],
)
def test_a_seed_from_a_variable_that_changes_is_random(
    seed: str, changes: bool, expected: str, tmp_path: Path
) -> None:
    model = seeded(seed, changes=changes)
    path = model.write(tmp_path / "m")
    found = conduct(running.of_signature(read(path).meta_graphs[0], "serving_default"))
    assert found.kind == expected
    assert ("StatelessRandomUniformV2" in found.operators) == (expected == RANDOM)
    codes = {item.code for item in inspect(path).findings}
    assert ("BEH308" in codes) == (expected == RANDOM)
    assert ("BEH303" in codes) == changes


@pytest.mark.parametrize("op", sorted(n for n, e in effects().items() if e.kind == RANDOM))
def test_random_operators_are_random(op: str, tmp_path: Path) -> None:
    model = Model()
    in_nested_function(model, op)
    assert conduct(run_of(model, tmp_path / "m")).operators == (op,)


def test_loading_is_no_part_of_a_callables_conduct(tmp_path: Path) -> None:
    model = Model()
    in_the_initialiser(model, "AssignVariableOp")
    assert conduct(run_of(model, tmp_path / "m")).kind == DETERMINISTIC
    assert conduct(run_of(healthy(), tmp_path / "h")).kind == DETERMINISTIC


def test_damaged_object_graphs_are_walked(tmp_path: Path) -> None:
    model = Model()
    model.object_node("user_object", signatures=7, _initialize=-3, table=1)
    model.object_node("user_object", _create_resource=99)
    model.signature()
    meta = described(model, tmp_path / "m")
    assert reaching(running.loading(meta), running.of_signature(meta, "serving_default")) == ()
