"""Dropout whose rate is an input, or is chosen by one: executed always, and it drops nothing at 0.

`tf.nn.dropout` keeps what is at least the rate among uniform numbers; that of early TF1 rounds down
the sum of such a number and the part that is kept. Both may lie in functions of the graph.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sigfix.describing.dropout import SCALING, is_one
from sigfix.describing.running import Run
from sigfix.describing.training_graph import PLACEHOLDER_OPS
from sigfix.model import ConstantTensor, Node, node_of

Place = tuple[str, str]
"""A function ('' is the graph itself) and a tensor in it."""
_LONGEST = 50


def rate_switch(
    run: Run, function: str, draw: Node, fed: Collection[str]
) -> tuple[str, str] | None:
    """The placeholder of `fed` that gives or chooses a dropout's rate, and its value for none.

    `draw` is the operator that draws the dropout's numbers. None where its rate is something else.
    """
    weighed = list(_weighed(run, function, draw))
    found = {_chosen(run, place, off, fed) for place, off in weighed}
    return found.pop() if len(found) == 1 else None


def _weighed(run: Run, function: str, draw: Node) -> Iterator[tuple[Place, int]]:
    """What the drawn numbers are weighed by, and its value with which nothing is dropped."""
    pending, seen = [draw.name], {draw.name}
    while pending:
        name = pending.pop()
        for node in run.readers.get((function, name), ()):
            first = node_of(node.data_inputs[0])
            if node.op == "GreaterEqual" and first == name:
                yield (function, node.data_inputs[1]), 0
            elif _is_rounded(run, function, node):
                yield (function, node.data_inputs[1 if first == name else 0]), 1
            elif node.op in SCALING:
                pending += [] if node.name in seen else [node.name]
                seen.add(node.name)
            else:
                yield (function, ""), 0  # read by something else: not by a dropout alone


def _is_rounded(run: Run, function: str, node: Node) -> bool:
    """Whether a sum is rounded down, as the dropout of early TF1 does."""
    readers = run.readers.get((function, node.name), ())
    return node.op in ("Add", "AddV2") and any(item.op == "Floor" for item in readers)


def _chosen(run: Run, place: Place, off: int, fed: Collection[str]) -> tuple[str, str] | None:
    """The placeholder of `fed` with which the value at `place` is `off`, and what it is then."""
    for _ in range(_LONGEST):
        node = only_origin(run, *place)
        if node is None:
            return None
        function, inputs = run.functions_of.get(id(node), ""), node.data_inputs
        if node.op == "Cast":
            place = (function, inputs[0])
        elif node.op == "Sub" and is_one(only_origin(run, function, inputs[0])):
            place, off = (function, inputs[1]), 1 - off
        elif node.branches:
            key = asked_input(run, function, node, fed)
            sides = [_constant(run, name) == (off,) for name in node.branches]
            return (key, str(sides[0]).lower()) if key and sides[0] != sides[1] else None
        elif node.op in PLACEHOLDER_OPS and node.name in fed and not function:
            is_float = "float" in str(node.attributes.get("dtype", ""))
            return (node.name, f"{off}.0") if is_float else None
        else:
            return None
    return None


def asked_input(run: Run, function: str, choice: Node, fed: Collection[str]) -> str:
    """The placeholder of `fed` that is the condition of a functional choice, '' where none is."""
    node = only_origin(run, function, choice.data_inputs[0]) if choice.data_inputs else None
    is_fed = node is not None and node.name in fed and not run.functions_of.get(id(node), "")
    return node.name if node is not None and is_fed else ""


def only_origin(run: Run, function: str, tensor: str) -> Node | None:
    """The one node that a tensor is a copy of; None where there are several, or it is no node's.

    What the loader calls by itself has the same inputs: 'unknown' is the caller's own value.
    """
    found = [item for item in run.origins(function, tensor) if item != "unknown"] if tensor else []
    node = found[0] if len(found) == 1 else None
    return node if isinstance(node, Node) else None


def _constant(run: Run, function: str) -> tuple[object, ...] | None:
    """The values of the constant that is a function's only result, else None."""
    definition = run.meta.graph.function_by_name.get(function)
    if definition is None or len(definition.returns) != 1:
        return None
    (result,) = definition.returns.values()
    node = only_origin(run, function, result)
    value = node.attributes.get("value") if node is not None else None
    return tuple(value.value) if isinstance(value, ConstantTensor) and value.value else None
