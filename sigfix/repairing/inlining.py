"""A function with the bodies of those that it calls written into it, in the order of execution."""

from __future__ import annotations

from typing import Any

from tensorflow.python.framework import op_def_registry

from sigfix.repairing.batch_rules import Refused

CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def inlined(library: Any, name: str) -> Any:
    """The FunctionDef `name` of a library, without calls; its nodes follow what they read.

    What waits for a call waits for all of what was called. Raises `Refused` for a circle.
    """
    functions = {item.signature.name: item for item in library.function}
    whole = type(functions[name])()
    whole.CopyFrom(functions[name])
    nodes: list[Any] = []
    arguments = {item.name: item.name for item in whole.signature.input_arg}
    returns, waits = _write(functions, functions[name], "", arguments, [], nodes, (name,))
    del whole.node_def[:]
    whole.node_def.extend(_in_order(nodes))
    for key, value in returns.items():
        whole.ret[key] = value
    whole.control_ret.clear()
    del whole.signature.control_output[:]
    for number, wait in enumerate(waits):
        whole.control_ret[f"done_{number}"] = wait
        whole.signature.control_output.append(f"done_{number}")
    return whole


def output_names(node: Any) -> list[str]:
    """`node:out:0` and so on: what other nodes of a function call each output of a node."""
    definition = op_def_registry.get(node.op)
    if definition is None:
        raise Refused(node, "an operator that TensorFlow does not have")
    found = []
    for output in definition.output_arg:
        if output.number_attr:
            count = node.attr[output.number_attr].i
        elif output.type_list_attr:
            count = len(node.attr[output.type_list_attr].list.type)
        else:
            count = 1
        found += [f"{node.name}:{output.name}:{index}" for index in range(count)]
    return found


def _write(
    functions: Any,
    function: Any,
    prefix: str,
    given: dict[str, str],
    after: list[str],
    nodes: list[Any],
    calling: tuple[str, ...],
) -> tuple[dict[str, str], list[str]]:
    """Append the nodes of a function's body; what its results are now, and what ends with it.

    `given` are its arguments, `after` the nodes that it waits for.
    """
    known = dict(given)
    ends: dict[str, list[str]] = {}
    pending = {node.name: node for node in function.node_def}
    names = _ordered_names(function)
    for name in names:
        node = pending[name]
        copy = type(node)()
        copy.CopyFrom(node)
        copy.name = f"{prefix}{node.name}"
        del copy.input[:]
        copy.input.extend(known.get(item, item) for item in node.input if item[0] != "^")
        waits = [end for item in node.input if item[0] == "^" for end in ends[item[1:]]]
        copy.input.extend(dict.fromkeys(f"^{wait}" for wait in (*waits, *after)))
        called = node.attr["f"].func.name if node.op in CALLS else node.op
        if called not in functions:
            nodes.append(copy)
            ends[name] = [copy.name]
            outputs = zip(output_names(node), output_names(copy), strict=True)
            known.update(outputs)
            continue
        if called in calling:
            raise Refused(node, "it calls itself")
        inner = functions[called]
        data = [item for item in copy.input if item[0] != "^"]
        passed = dict(zip((a.name for a in inner.signature.input_arg), data, strict=True))
        before = [item[1:] for item in copy.input if item[0] == "^"]
        returns, ends[name] = _write(functions, inner, f"{copy.name}/", passed, before, nodes,
                                     (*calling, called))  # fmt: skip
        results = [returns[item.name] for item in inner.signature.output_arg]
        if node.op in CALLS:
            known.update({f"{name}:output:{i}": item for i, item in enumerate(results)})
        else:
            for item in inner.signature.output_arg:
                known[f"{name}:{item.name}:0"] = returns[item.name]
    returns = {key: known.get(value, value) for key, value in function.ret.items()}
    finished = [end for value in function.control_ret.values() for end in ends.get(value, ())]
    finished += [value.partition(":")[0] for value in returns.values() if ":" in value]
    return returns, list(dict.fromkeys(finished))


def _ordered_names(function: Any) -> list[str]:
    nodes = {node.name: node for node in function.node_def}
    return [node.name for node in _in_order(list(nodes.values()))]


def _in_order(nodes: list[Any]) -> list[Any]:
    """The nodes so that each comes after those that it reads or waits for."""
    by_name = {node.name: node for node in nodes}
    done: dict[str, bool] = {}
    ordered: list[Any] = []
    for start in nodes:
        pending = [start.name]
        while pending:
            name = pending[-1]
            if done.get(name):
                pending.pop()
                continue
            needed = [item.removeprefix("^").partition(":")[0] for item in by_name[name].input]
            left = [item for item in needed if item in by_name and not done.get(item)]
            if not left:
                done[name] = True
                ordered.append(by_name[name])
                pending.pop()
            elif name in done:
                raise Refused(by_name[name], "it reads what is computed from it")
            else:
                done[name] = False
                pending += left
    return ordered
