"""Cut the parsers of tf.Examples off a function, in this process, which was started for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import function_pb2, op_def_pb2
from tensorflow.python.framework import function_def_to_graph

from sigfix.processes import do_job
from sigfix.repairing.batch_rules import Refused
from sigfix.repairing.inlining import inlined


def rest_of(body: Any, job: dict[str, Any]) -> Any:
    """The function from the cut on: the kept arguments, the tensors of the cut, the captures.

    It returns those of the results that are asked for.
    """
    made = function_pb2.FunctionDef()
    made.CopyFrom(body)
    made.signature.name = job["name"]
    arguments = list(body.signature.input_arg)
    own = len(arguments) - job["captured"]
    kept = [arguments[place] for place in job["kept"]]
    captured = arguments[own:]
    fed = _named(body, job["tensors"], job["types"])
    del made.signature.input_arg[:]
    made.signature.input_arg.extend([*kept, *fed.values(), *captured])
    made.arg_attr.clear()
    for key in ("_input_shapes", "_output_shapes"):
        made.attr.pop(key, None)
    results = [body.signature.output_arg[place] for place in job["results"]]
    del made.signature.output_arg[:]
    made.signature.output_arg.extend(results)
    for key in set(made.ret) - {argument.name for argument in results}:
        del made.ret[key]
    now = {name: argument.name for name, argument in fed.items()}
    for node in made.node_def:
        for place, name in enumerate(node.input):
            node.input[place] = now.get(name, name)
    for key, name in made.ret.items():
        made.ret[key] = now.get(name, name)
    lost = {argument.name for argument in arguments[:own]} - {argument.name for argument in kept}
    _keep(made, _cut_off(made, lost))
    return made


def _named(body: Any, tensors: list[str], types: list[str]) -> dict[str, Any]:
    """An argument for each tensor of the cut, under a name that is free in the function."""
    taken = {node.name for node in body.node_def}
    taken |= {argument.name for argument in body.signature.input_arg}
    found = {}
    for number, (tensor, dtype) in enumerate(zip(tensors, types, strict=True)):
        name = f"parsed_{number}"
        while name in taken:
            name += "_"
        taken.add(name)
        kind = tf.as_dtype(dtype).as_datatype_enum
        found[tensor] = op_def_pb2.OpDef.ArgDef(name=name, type=kind)
    return found


def _cut_off(function: Any, lost: Collection[str]) -> set[str]:
    """The nodes that are computed from arguments that are no more."""
    found = set(lost)
    for node in function.node_def:  # each after those that it reads
        if any(name[0] != "^" and name.partition(":")[0] in found for name in node.input):
            found.add(node.name)
    return found


def _keep(function: Any, without: Collection[str]) -> None:
    """Keep what the results and the side effects of a function need, and nothing of `without`."""
    nodes = {node.name: node for node in function.node_def}
    for key in [k for k, name in function.control_ret.items() if name in without]:
        del function.control_ret[key]
        function.signature.control_output.remove(key)
    pending = [name.partition(":")[0] for name in function.ret.values()]
    pending += list(function.control_ret.values())
    used: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in nodes or name in used:
            continue
        used.add(name)
        waits = [item for item in nodes[name].input if item[0] != "^" or item[1:] not in without]
        del nodes[name].input[:]
        nodes[name].input.extend(waits)
        pending += [item.removeprefix("^").partition(":")[0] for item in waits]
    left = [node for node in function.node_def if node.name in used]
    stay = [type(node).FromString(node.SerializeToString()) for node in left]
    del function.node_def[:]
    function.node_def.extend(stay)


def front_of(library: Any, body: Any, job: dict[str, Any]) -> dict[str, Any]:
    """What makes the tensors of the cut, as a graph, with its own inputs and those tensors."""
    front = function_pb2.FunctionDef()
    front.CopyFrom(body)
    front.ret.clear()
    del front.signature.output_arg[:]
    front.control_ret.clear()
    del front.signature.control_output[:]
    for number, (tensor, dtype) in enumerate(zip(job["tensors"], job["types"], strict=True)):
        kind = tf.as_dtype(dtype).as_datatype_enum
        front.signature.output_arg.add(name=f"cut_{number}", type=kind)
        front.ret[f"cut_{number}"] = tensor
    _keep(front, ())
    for key in ("_input_shapes", "_output_shapes"):
        front.attr.pop(key, None)
    graph, names = function_def_to_graph.function_def_to_graph_def(front)
    graph.library.CopyFrom(library)
    own = len(body.signature.input_arg) - job["captured"]
    arguments = [argument.name for argument in body.signature.input_arg][:own]
    return {
        "front": graph.SerializeToString(),
        "feeds": [f"{name}:0" for name in arguments],
        "fetches": [names[tensor] for tensor in job["tensors"]],
    }


def work(job: dict[str, Any]) -> dict[str, Any]:
    """The function `job["function"]` from its parsers on, and what stands in front of that."""
    library = function_pb2.FunctionDefLibrary.FromString(job["library"])
    try:
        body = inlined(library, job["function"])
    except Refused as error:
        return {"refused": str(error)}
    rest = rest_of(body, job)
    return {"function": rest.SerializeToString(), **front_of(library, body, job)}


if __name__ == "__main__":
    do_job(work)
