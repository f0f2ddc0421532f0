"""A plan never raises for the model's sake, and its own reader accepts whatever it holds."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import BlockedError
from sigfix.model import as_shape, output_index
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import RepairOptions, plan, repair
from sigfix.planning import Choices, Plan
from sigfix.planning.choices import AppendChoice
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.names import make_unique
from sigfix.quoting import join, split
from sigfix.reading import read
from sigfix.reading.protos import message_class
from tests.fuzzing import messages
from tests.fuzzing.seeds import captured, first_generation, seeds, served
from tests.models import Dtype, Model, add_node


def planned(path: Path, choices: Choices | None = None) -> Plan:
    found = plan(path, choices)
    assert read_plan(write_plan(found), "plan") == found
    return found


def frozen(folder: Path, *nodes: tuple[str, str, list[str], dict[str, Any]]) -> Path:
    model = Model(empty=True)
    for name, op, inputs, attributes in nodes:
        add_node(model.meta.graph_def.node, name, op, inputs, **attributes)
    path = folder / "frozen.pb"
    path.write_bytes(model.meta.graph_def.SerializeToString())
    return path


@pytest.mark.parametrize("number", [0, 24, 50, 99, 101, 119, 200, 2**31 - 1, -1])
@pytest.mark.parametrize("where", ["input", "output"])
def test_types_that_no_tensor_has(number: int, where: str, tmp_path: Path) -> None:
    """Such a plan was `repairable`, refused by the plan's own reader, and a traceback."""
    path = frozen(
        tmp_path,
        ("x", "Placeholder", [], {"dtype": Dtype("float32"), "shape": (None, 3)}),
        ("y", "Relu", ["x"], {"T": Dtype("float32")}),
    )
    message: Any = message_class("GraphDef").FromString(path.read_bytes())
    node, name = (message.node[0], "dtype") if where == "input" else (message.node[1], "T")
    node.attr[name].type = number
    path.write_bytes(message.SerializeToString())
    assert planned(path).verdict == "blocked"
    with pytest.raises(Exception) as caught:
        repair(path, tmp_path / "out", None, RepairOptions(verify=False))
    assert type(caught.value).__name__ == "BlockedError"


@pytest.mark.parametrize("number", [0, 50, 200, -1])
def test_types_in_a_function(number: int, tmp_path: Path) -> None:
    model = captured()
    for function in model.meta.graph_def.library.function:
        for argument in function.signature.input_arg:
            argument.type = number
    for concrete in model.meta.object_graph_def.concrete_functions.values():
        spec = concrete.canonicalized_input_signature.tuple_value.values[0].tuple_value.values[0]
        spec.tensor_spec_value.dtype = number
    path = model.write(tmp_path / "m")
    assert planned(path, Choices(function="__call__")).verdict == "blocked"


@pytest.mark.parametrize("name", ["", ":", ":0", "a:b", "a:0", "^x", "^", "a:b:c", "x:\u00b2"])
@pytest.mark.parametrize("op", ["Placeholder", "PlaceholderV2"])
def test_node_names_that_no_tensor_can_have(name: str, op: str, tmp_path: Path) -> None:
    path = frozen(
        tmp_path,
        ("n", "Const", [], {"dtype": Dtype("float32")}),
        (name, op, [], {"dtype": Dtype("float32"), "shape": (None, 3)}),
        ("y", "Relu", [name], {"T": Dtype("float32")}),
        (f"{name}y", "Relu", ["y"], {"T": Dtype("float32")}),
    )
    for choices in (None, Choices(outputs=(("o", name or "x"),)), Choices(outputs=(("o", "y"),))):
        planned(path, choices)


@pytest.mark.parametrize(
    "value", [3, 1.5, True, "text", ["i"], [1], [1, 2], Dtype("float32"), None]
)
@pytest.mark.parametrize("attribute", ["shape", "_output_shapes", "dtype"])
def test_attributes_of_another_kind(attribute: str, value: Any, tmp_path: Path) -> None:
    """The kind of an attribute is the file's choice: what needs a shape looks whether it is one."""
    from sigfix.rendering.inspection_json import render_json

    value = [Dtype("float32")] if value == ["i"] else value
    model = first_generation()
    for node in model.meta.graph_def.node:
        node.attr[attribute].Clear()
        replaced = add_node(Model().meta.graph_def.node, "n", "Const", **{attribute: value})
        node.attr[attribute].CopyFrom(replaced.attr[attribute])
    path = model.write(tmp_path / "m")
    for target in ("", "tfjs-webgpu"):
        "".join(render_json([inspect(path, target=target)]))
    for choices in (None, Choices(outputs=(("o", "softmax:0"),))):
        planned(path, choices)


@pytest.mark.parametrize("build", [captured, served, first_generation])
def test_changed_values_anywhere(build: Any, tmp_path: Path) -> None:
    for number in range(60):
        generator = random.Random(number)
        model = build()
        for _ in range(generator.choice((1, 1, 1, 2, 3))):
            messages.changed_message(model.message, generator)
        path = model.write(tmp_path / str(number))
        for choices in (None, Choices(function="__call__"), Choices(from_key=("predict",))):
            try:
                planned(path, choices)
            except Exception as error:
                assert type(error).__name__ == "UnreadableModelError", error


def test_seeds_are_planned() -> None:
    assert {"pb", "frozen", "tfjs", "onnx"} <= set(seeds())


@pytest.mark.parametrize(
    ("tensor", "index"),
    [("x", 0), ("x:2", 2), ("f:out:3", 3), ("x:", 0), ("x:\u00b2", 0), ("x:" + "9" * 5000, 0)],
)
def test_the_output_that_a_tensor_name_means(tensor: str, index: int) -> None:
    assert output_index(tensor) == index


@pytest.mark.parametrize("value", [3, "x", (1, "x"), ((1,), 2), (True,), [1], 1.5, (1.0,)])
def test_what_is_no_shape(value: object) -> None:
    assert as_shape(value) is None


def test_names_are_numbered_in_linear_time() -> None:
    assert make_unique(["x", "x", "x_1", "x", "y"]) == ["x", "x_2", "x_1", "x_3", "y"]
    assert make_unique(["x"] * 20_000)[-1] == "x_19999"


@pytest.mark.parametrize("names", [["x", "x"], ["", "x"], ["x"], ["a.b", "a_b"]], ids=repr)
def test_names_of_an_onnx_file(names: list[str], tmp_path: Path) -> None:
    """Every name is the file's own choice, also one that it has twice, or none."""
    from tests.reading.test_other_formats import field, value_info

    values = [value_info(name, 1, [1, 3]) for name in names]
    graph = field(1, field(4, b"Relu"))
    graph += b"".join(field(11, value) + field(12, value) for value in values)
    path = tmp_path / "m.onnx"
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 17)))
    is_odd = len(set(names)) < len(names) or "" in names
    assert (planned(path).verdict == "blocked") == is_odd
    assert planned(path, Choices(bind=(("nobody", 1.0),))).verdict == "blocked"


def test_of_metagraphs_with_the_same_tags_the_planned_one_is_kept(tmp_path: Path) -> None:
    """Both were, and the result was refused as a fault of sigfix's own."""
    model = Model()
    model.signature()
    model.add_meta_graph(("serve",))
    model.node("other", "Placeholder", dtype=Dtype("float32"))
    path = model.write(tmp_path / "m")
    choices = Choices(only_meta_graph=True, tags=("serve",))
    repair(path, tmp_path / "out", choices, RepairOptions(verify=False))
    (kept,) = read(tmp_path / "out").meta_graphs
    assert [node.name for node in kept.graph.nodes] == ["x", "y"]


def test_a_signature_of_the_graph_that_the_object_graph_would_not_know(tmp_path: Path) -> None:
    """It was written, and refused as a fault of sigfix's own."""
    model = captured()
    model.signature(outputs={"y": ("call:0", "float32", (None, 3))})
    path = model.write(tmp_path / "m")
    choices = Choices(append=(AppendChoice("p", "sigmoid", "y"),))
    with pytest.raises(BlockedError, match="would not see it"):
        repair(path, tmp_path / "out", choices, RepairOptions(verify=False))


@pytest.mark.parametrize(
    "result", ["", ":", "f_1_y:\u00b2", "y:out:-1", "y:out:99999999999999999999"]
)
def test_results_of_a_function_that_no_tensor_can_be(result: str, tmp_path: Path) -> None:
    model = captured()
    for function in model.meta.graph_def.library.function:
        for name in function.ret:
            function.ret[name] = result
    path = model.write(tmp_path / "m")
    choices = Choices(function="__call__")
    with suppress(BlockedError):
        repair(path, tmp_path / "out", choices, RepairOptions(verify=False))


@pytest.mark.parametrize("name", ["it's", "a b", "$(id)", "x;y", "\x1b[31m", "a\nb", '"'])
def test_what_chooses_a_candidate_is_quoted(name: str, tmp_path: Path) -> None:
    """`inspect` ended in a traceback where a function's name had a quotation mark."""
    model = captured()
    nodes = model.meta.object_graph_def.nodes
    for child in nodes[0].children:
        if nodes[child.node_id].WhichOneof("kind") == "function":
            child.local_name = f"{name}{child.node_id}"
    nodes.add().CopyFrom(nodes[3])
    nodes[0].children.add(local_name=f"{name} other", node_id=len(nodes) - 1)
    path = model.write(tmp_path / "m")
    found = planned(path)
    assert found.candidates
    for item in found.candidates:
        assert join(split(item.choose)) == item.choose
        assert any(name in word for word in split(item.choose))
    inspect(path)
