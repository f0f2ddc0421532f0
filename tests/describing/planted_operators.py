"""Models with an operator at each place where something executes it, or nothing does."""

from __future__ import annotations

from pathlib import Path

from sigfix.describing import running
from sigfix.errors import BlockedError
from sigfix.planning.trust import refuse_reaching
from sigfix.reading import read
from tests.models import Call, Model, add_node


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
    """Why the model in `path` is not run without --trust, '' where it is."""
    model = read(path)
    run = running.of_signature(model.meta_graphs[0], "serving_default")
    try:
        refuse_reaching(model, 0, [run], False, "--trust")
    except BlockedError as error:
        refuse_reaching(model, 0, [run], True, "--trust")
        return error.message
    return ""
