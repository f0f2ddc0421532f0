"""A copy of a function that takes any batch, of one that was traced for a batch of 1."""

from __future__ import annotations

from typing import Any

from sigfix.errors import BlockedError
from sigfix.planning.edits import AddSignature, FunctionSource
from sigfix.reading.protos import message_class
from sigfix.repairing.child_answers import asked
from sigfix.repairing.nodes import shape_message

CHILD = "sigfix.repairing.widening_child"
WAY_ON = "export the model again with tf.TensorSpec([None, ...]) for that input"


def with_open_batch(meta_graph: Any, edit: AddSignature) -> dict[str, str]:
    """Add a copy for any batch of each function that `edit` wants one of; name -> copy's name.

    TensorFlow infers shapes of the function's operators, in a process of its own; nothing of the
    model is run. Raises `BlockedError` naming the operator that has the batch of 1 built in.
    """
    return {
        head.trace: _widened(meta_graph, head) for head in edit.heads if head.widened
    }  # fmt: skip


def _widened(meta_graph: Any, head: FunctionSource) -> str:
    library = meta_graph.graph_def.library
    function = next(item for item in library.function if item.signature.name == head.trace)
    taken = {item.signature.name for item in library.function}
    name = f"{head.trace}_any_batch"
    while name in taken:
        name += "_"
    job = {
        "library": library.SerializeToString(),
        "producer": meta_graph.graph_def.versions.producer,
        "function": head.trace,
        "name": name,
        "open": list(head.widened),
        "shapes": [shape.SerializeToString() for shape in _argument_shapes(function)],
        "variables": _variables(meta_graph, function, head.trace),
    }
    answer = asked(CHILD, job)
    if "refused" in answer:
        raise BlockedError(
            f"{head.path} was traced for a batch of 1, and takes no other: {answer['refused']}.",
            WAY_ON,
        )
    library.function.append(message_class("FunctionDef").FromString(answer["function"]))
    return name


def _argument_shapes(function: Any) -> list[Any]:
    """The shape of each argument as the trace recorded it; an unknown one where it did not."""
    recorded = function.attr["_input_shapes"].list.shape if "_input_shapes" in function.attr else ()
    found = []
    for index in range(len(function.signature.input_arg)):
        own = function.arg_attr[index].attr if index in function.arg_attr else {}
        shapes = own["_output_shapes"].list.shape if "_output_shapes" in own else ()
        unknown = shape_message(None)
        found.append(recorded[index] if index < len(recorded) else (shapes or (unknown,))[0])
    return found


def _variables(meta_graph: Any, function: Any, trace: str) -> dict[int, tuple[int, bytes]]:
    """Argument -> dtype and shape of the variable that it is a handle of."""
    objects = meta_graph.object_graph_def
    captured = list(objects.concrete_functions[trace].bound_inputs)
    first = len(function.signature.input_arg) - len(captured)
    return {
        first + place: (node.variable.dtype, node.variable.shape.SerializeToString())
        for place, node in enumerate(objects.nodes[index] for index in captured)
        if node.WhichOneof("kind") == "variable"
    }
