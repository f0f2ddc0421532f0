"""A source that is broken is blamed itself; editing it is refused, and nothing is a traceback."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import BlockedError, SigfixError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import RepairOptions, repair
from sigfix.planning import Choices
from sigfix.reading.boundary import OWN_FAULTS
from sigfix.repairing.captures import tensors_of_captures
from tests.fuzzing import messages
from tests.fuzzing.seeds import captured, served

UNCHECKED = RepairOptions(verify=False)
WAYS = (
    Choices(function="__call__"), Choices(from_key=("predict",)), Choices(key="other"),
    Choices(function="serve", key="second"), Choices(remove=("predict",)),
    Choices(rename_signatures=(("predict", "p"),)),
)  # fmt: skip
IDS = [-1, 6, 9999, 2**31 - 1, -(2**31)]


def _child(objects: Any, number: int) -> None:
    objects.nodes[0].children.add(local_name="lost", node_id=number)


def _signatures(objects: Any, number: int) -> None:
    del objects.nodes[0].children[:]
    objects.nodes[0].children.add(local_name="__call__", node_id=3)
    objects.nodes[0].children.add(local_name="signatures", node_id=number)


def _capture(objects: Any, number: int) -> None:
    objects.concrete_functions["f_1"].bound_inputs[0] = number


def _dependency(objects: Any, number: int) -> None:
    objects.nodes[1].dependencies.add(local_name="lost", node_id=number)


@pytest.mark.parametrize("number", IDS)
@pytest.mark.parametrize("breaks", [_child, _signatures, _capture, _dependency])
def test_objects_that_are_not_there(breaks: Any, number: int, tmp_path: Path) -> None:
    model = captured()
    breaks(model.meta.object_graph_def, number)
    path = model.write(tmp_path / "m")
    inspect(path)
    with pytest.raises(BlockedError, match=r"broken|captures"):
        repair(path, tmp_path / "out", Choices(function="__call__"), UNCHECKED)
    assert not (tmp_path / "out").exists()


def test_the_same_model_whole_is_repaired(tmp_path: Path) -> None:
    path = captured().write(tmp_path / "m")
    result = repair(path, tmp_path / "out", Choices(function="__call__"), UNCHECKED)
    assert result.output is not None
    found = inspect(tmp_path / "out").model
    assert found is not None
    keys = [item.key for item in found.meta_graphs[0].user_signatures]
    assert keys == ["serving_default"]


def _no_inputs(nodes: Any) -> None:
    for node in nodes:
        del node.input[:]


def _odd_inputs(nodes: Any) -> None:
    for node in nodes:
        for index in range(len(node.input)):
            node.input[index] = ("", ":", "restored:tensors:x", "restored:tensors:99")[index % 4]


def _endless(nodes: Any) -> None:
    for node in nodes:
        del node.input[:]
        node.input.extend([node.name, node.name])


@pytest.mark.parametrize("breaks", [_no_inputs, _odd_inputs, _endless])
def test_a_restore_function_that_says_nothing(breaks: Any) -> None:
    model = captured()
    for function in model.meta.graph_def.library.function:
        breaks(function.node_def)
    assert isinstance(tensors_of_captures(model.meta), dict)
    breaks(model.meta.graph_def.node)
    assert isinstance(tensors_of_captures(model.meta), dict)


@pytest.mark.parametrize("number", [-5, -1, 1, 2**31 - 1])
def test_assets_that_are_not_there(number: int) -> None:
    model = captured()
    model.object_node("asset").asset.asset_file_def_index = number
    assert len(model.meta.object_graph_def.nodes) - 1 not in tensors_of_captures(model.meta)


@pytest.mark.parametrize("tensor", ["", "nothing", "nothing:0", ":0", "^x"])
@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_a_signature_of_a_tensor_that_is_not_there(side: str, tensor: str, tmp_path: Path) -> None:
    """The message once was "this is a fault of sigfix"."""
    model = served()
    info = getattr(model.meta.signature_def["serving_other"], side)
    info[next(iter(info))].name = tensor
    path = model.write(tmp_path / "m")
    with pytest.raises(BlockedError, match="The model is broken") as caught:
        repair(path, tmp_path / "out", Choices(from_key=("predict",)), UNCHECKED)
    assert "serving_other" in caught.value.message
    assert "fault of sigfix" not in f"{caught.value.message} {caught.value.hint}"
    result = repair(
        path, tmp_path / "out", Choices(from_key=("predict",), remove=("serving_other",)), UNCHECKED
    )
    assert result.output is not None


@pytest.mark.parametrize("build", [captured, served])
def test_values_changed_anywhere(build: Any, tmp_path: Path) -> None:
    """Written and read back, or refused: sigfix blames neither itself nor falls over."""
    done = 0
    for number in range(150):
        generator = random.Random(f"{build.__name__} {number}")
        model = build()
        for _ in range(generator.choice((1, 1, 1, 2, 3))):
            messages.changed_message(model.message, generator)
        path = model.write(tmp_path / str(number) / "m")
        try:
            repair(path, path.parent / "out", generator.choice(WAYS), UNCHECKED)
            done += 1
        except SigfixError as error:
            assert "fault of sigfix" not in f"{error.message} {error.hint}", error.message
            assert not isinstance(error.__cause__, OWN_FAULTS), repr(error.__cause__)
    assert done
