"""What a model would reach for when it is run is refused; what lies beside it is reported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.describing.effects import (
    REACHES,
    effects,
)
from sigfix.pipeline.inspect import inspect
from tests.describing.planted_operators import (
    EXECUTED,
    NOT_EXECUTED,
    behind_a_control_dependency,
    in_function,
    in_graph,
    in_the_initialiser,
    in_the_restoring,
    refused,
)
from tests.models import Call, Dtype, Model, add_node

STRING = Dtype("string")
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
