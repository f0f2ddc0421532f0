"""`repair`, `verify` and `convert` ask the same table before they run anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.prepare import prepare
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.repair import plan, repair
from sigfix.pipeline.source import find_source
from sigfix.pipeline.verify import verify
from sigfix.planning import Choices
from sigfix.planning.trust import runs_of_plan
from sigfix.reading import read
from tests.describing.planted_operators import EXECUTED, NOT_EXECUTED
from tests.models import Call, Dtype, Model, add_node

OPERATORS = ("ReadFile", "WriteFile", "TFRecordDatasetV2", "RemoteCall", "EagerPyFunc", "SaveV2",
             "CreateSummaryFileWriter", "SqlDataset", "SnapshotDataset", "Abort")  # fmt: skip


def verified(path: Path, *, trust: bool) -> None:
    verify(path, path, trust=trust, seconds=1)


def converted(path: Path, *, trust: bool) -> None:
    source = find_source(str(path), path.parent)
    prepare(source, SourceChoice(trust=trust), path.parent, lambda message: None)


COMMANDS = {"verify": verified, "convert": converted}


@pytest.mark.parametrize("plant", EXECUTED, ids=lambda item: item.__name__)
@pytest.mark.parametrize("command", ["verify", "convert"])
def test_what_would_be_executed_needs_trust(command, plant, tmp_path) -> None:
    pytest.importorskip("tensorflow")
    for op in OPERATORS:
        model = Model()
        plant(model, op)
        path = model.write(tmp_path / op)
        with pytest.raises(BlockedError, match=op) as caught:
            COMMANDS[command](path, trust=False)
        assert "--trust" in (caught.value.hint or "")
        codes = {item.code for item in inspect(path).findings}
        assert codes & {"BEH305", "BEH306"}


def test_a_trusted_model_is_prepared(tmp_path) -> None:
    model = Model()
    EXECUTED[0](model, "ReadFile")
    converted(model.write(tmp_path / "m"), trust=True)


@pytest.mark.parametrize("plant", NOT_EXECUTED, ids=lambda item: item.__name__)
def test_what_nothing_executes_stops_nobody(plant, tmp_path) -> None:
    for op in OPERATORS:
        model = Model()
        plant(model, op)
        converted(model.write(tmp_path / op), trust=False)


def two_functions(op: str) -> Model:
    """A function that only computes, beside one that reaches out."""
    x = ("x", "float32", (None, 3))
    model = Model(empty=True)
    model.object_node("user_object", clean=1, dirty=2)
    model.traced_function(["clean_1"], [x])
    model.traced_function(["dirty_1"], [x])
    library = model.meta.graph_def.library.function
    add_node(library[1].node_def, "reach", "PartitionedCall", ["x"], f=Call("deep"))
    add_node(model.function("deep").node_def, "z", op, [], dtype=Dtype("string"))
    return model


@pytest.mark.parametrize("op", OPERATORS)
def test_of_two_functions_only_the_one_in_question_counts(op, tmp_path) -> None:
    from sigfix.describing.effects import reaching

    path = two_functions(op).write(tmp_path / "m")
    described = read(path)
    for function, reaches in (("clean", False), ("dirty", True)):
        decided = plan(path, Choices(function=function))
        assert decided.verdict == "repairable"
        found = reaching(*runs_of_plan(described, decided))
        assert [(item.operator, item.function) for item in found] == [(op, "deep")] * reaches


def test_repair_refuses_before_anything_is_written(tmp_path) -> None:
    pytest.importorskip("tensorflow")
    path = two_functions("ReadFile").write(tmp_path / "m")
    with pytest.raises(BlockedError, match=r"ReadFile in function deep \(reads files\)"):
        repair(path, tmp_path / "out", Choices(function="dirty"))
    assert [item.name for item in tmp_path.iterdir()] == ["m"]
