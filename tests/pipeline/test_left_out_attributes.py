"""Attributes that a graph leaves out, as old and stripped ones do, are what TensorFlow takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sigfix.describing.candidates import unsigned_candidates
from sigfix.model import SavedModel
from sigfix.operator_defaults import complete
from sigfix.pipeline.convert import convert
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.reading import read
from tests.saved_models import SAVERS
from tests.tools.tensorflow_operators import operators

FILES = {"keras_file", "onnx_file"}


def graphs(path: Path) -> Iterator[tuple[Any, Path, Any]]:
    """The message of each file with a graph, the file, and its GraphDefs."""
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import saved_model_pb2

    for file in path.glob("*.pb"):
        if file.name == "saved_model.pb":
            message = saved_model_pb2.SavedModel.FromString(file.read_bytes())
            yield message, file, [meta.graph_def for meta in message.meta_graphs]
        elif file.name == "frozen.pb":
            graph = graph_pb2.GraphDef.FromString(file.read_bytes())
            yield graph, file, [graph]


def made(path: Path, to: Path, *, written: bool) -> Path:
    """A copy of a model in which every attribute that has its default is written, or none is."""
    shutil.copytree(path, to)
    known = {item.name: {a.name: a.default_value for a in item.attr} for item in operators()}
    count = 0
    for message, file, found in graphs(to):
        for graph in found:
            nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
            for node in nodes:
                for name, value in known.get(node.op, {}).items():
                    if not value.WhichOneof("value"):
                        continue
                    if written and name not in node.attr:
                        node.attr[name].CopyFrom(value)
                    elif not written and name in node.attr and node.attr[name] == value:
                        del node.attr[name]
                    count += (name in node.attr) is written
        file.write_bytes(message.SerializeToString())
    (to / "fingerprint.pb").unlink(missing_ok=True)
    assert count
    return to


def described(path: Path) -> Any:
    """What `inspect` says of a model, and which inputs and outputs it could have."""
    model = read(path)
    assert isinstance(model, SavedModel)
    return (
        [
            (f.code, f.severity, f.message, f.location, f.evidence, f.command)
            for target in ("", "tfjs", "tflite")
            for f in inspect(path, target=target).findings
        ],
        [unsigned_candidates(meta) for meta in model.meta_graphs],
        [meta.signatures for meta in model.meta_graphs],
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAVERS.keys() - FILES))
def test_inspect_and_plan_say_the_same(name: str, saved, tmp_path: Path, monkeypatch) -> None:
    said = []
    for folder, written in (("written", True), ("left_out", False)):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        made(saved(name), Path("m"), written=written)
        said.append((described(Path("m")), plan(Path("m"))))
    assert said[0] == said[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("recogniser", Choices(layout="nhwc")),
        ("tf1_collection", Choices()),
    ],
)
def test_repair_and_convert_give_the_same(
    name: str, choices: Choices, saved, node_packages: Path, tmp_path: Path
) -> None:
    """Both compare what they write with the source, which TensorFlow completes by itself."""
    operators_of = []
    for folder, written in (("written", True), ("left_out", False)):
        (tmp_path / folder).mkdir()
        model = made(saved(name), tmp_path / folder / "m", written=written)
        repaired = repair(model, tmp_path / folder / "repaired", choices)
        assert {each.verdict for each in repaired.parity} == {"same"}
        assert repaired.output is not None
        operators_of.append(convert(repaired.output, tmp_path / folder / "web").operators)
    assert operators_of[0] == operators_of[1]


def test_completing_adds_nothing_that_is_there() -> None:
    from tensorflow.core.framework import node_def_pb2

    node = node_def_pb2.NodeDef(name="a", op="ArgMax")
    node.attr["output_type"].type = 3
    complete(node)
    assert {name: value.type for name, value in node.attr.items()} == {"output_type": 3, "Tidx": 3}
    unknown = node_def_pb2.NodeDef(name="a", op="ZeroOut")
    complete(unknown)
    assert not unknown.attr
