"""A concrete function's variables, and which of them become inputs and outputs of its graph."""

from __future__ import annotations

import contextlib
import itertools
import re
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from sigfix.exporting.state_lifting import Variable, lifted
from sigfix.exporting.state_threading import Threaded, thread_state


def converted(function: Any, states: bool) -> Any:
    """What TensorFlow has of a function to freeze, with its states in no loop and no branch."""
    with lifted(function, _held(function)) if states else contextlib.nullcontext():
        return convert_to_constants._FunctionConverterDataInEager(
            function, lower_control_flow=True, aggressive_inlining=True
        )


def threaded_states(variables: Any, function: Any) -> tuple[Threaded, ...]:
    """Make states inputs and outputs; the graph of `variables`, of `converted`, is changed."""
    outputs = [str(tensor.name) for tensor in function.outputs]
    threaded = thread_state(variables.graph_def, variable_names(function), outputs)
    variables._build_node_defs_list()
    return threaded


def can_be_threaded(function: Any) -> bool:
    """Whether every state that an output depends on can be an input and an output."""
    with contextlib.suppress(Exception):  # TensorFlow raises several kinds
        return bool(threaded_states(converted(function, True), function))
    return False


def state_key(variable: str, taken: set[str]) -> str:
    """What the input is called that holds a variable: its name in letters, digits and `_`."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", variable.removesuffix(":0"))
    names = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(1)))
    return next(key for key in names if not {key, f"{key}_next"} & taken)


def variables_of(function: Any) -> dict[str, Any]:
    """The variables that a function captures, by the nodes that stand for them."""
    variables = {id(variable.handle): variable for variable in function.graph.variables}
    return {
        str(inside.op.name): variables[id(outside)]
        for outside, inside in function.graph.captures
        if id(outside) in variables
    }


def _held(function: Any) -> dict[str, Variable]:
    """The same as `state_lifting` takes them."""
    return {
        node: Variable(
            str(one.name),
            one.dtype.base_dtype.as_datatype_enum,
            tf.TensorShape(one.shape).as_proto(),
        )
        for node, one in variables_of(function).items()
    }


def variable_names(function: Any) -> dict[str, str]:
    """The variables' names, by the nodes that stand for them."""
    return {node: str(v.name).removesuffix(":0") for node, v in variables_of(function).items()}
