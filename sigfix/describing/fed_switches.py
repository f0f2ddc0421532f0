"""Inputs of a signature that switch its training on and off: whoever calls it decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

from sigfix.describing.rates import asked_input, rate_switch
from sigfix.describing.running import Run
from sigfix.describing.switches import are_off, evident_value
from sigfix.model import Node, Signature, node_of

Side = tuple[str, str]
"""A placeholder, and its value with which a call is not made."""


def fed_switch(
    run: Run, signature: Signature, training: Collection[tuple[str, Node]]
) -> tuple[str, str] | None:
    """The input that all of `training` depends on, and its value where none of it has an effect.

    `training` are (function, node) of the run. None where no input decides.
    """
    fed = {node_of(name): item.key for item in signature.inputs for name in item.tensor_names}
    scopes = {scope for scope, _ in training}
    for name, value in sides_without(run, fed, scopes):
        return fed[name], value
    rates = {rate_switch(run, scope, node, fed) for scope, node in training}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is not None:
        return fed[rate[0]], rate[1]
    if any(scopes):
        return None
    for name, key in fed.items():
        placeholder = run.meta.graph.by_name.get(name)
        value = evident_value(run.meta, placeholder) if placeholder is not None else ""
        if value and are_off(run, {name: value}, fed):
            return key, value
    return None


def sides_without(run: Run, fed: Collection[str], functions: Collection[str]) -> list[Side]:
    """The placeholders of `fed`, each with a value with which none of `functions` is called.

    Forward from what is called first: on each way to a function lie choices, and those that lie on
    all of its ways decide. What is known of a function is looked at again only where it shrinks.
    """
    if "" in functions or not functions:
        return []
    calls, sides = _calls(run, fed)
    called = {name for found in calls.values() for name, _ in found}
    always = dict.fromkeys(calls.keys() - called | {""}, 0)
    pending = deque(always)
    while pending:
        scope = pending.popleft()
        for name, chosen in calls.get(scope, ()):
            before = always.get(name)
            always[name] = (always[scope] | chosen) & (-1 if before is None else before)
            if always[name] != before:
                pending.append(name)
    deciding = -1
    for name in functions:
        deciding &= always.get(name, 0)
    return [side for number, side in enumerate(sides) if deciding >> number & 1]


def _calls(run: Run, fed: Collection[str]) -> tuple[dict[str, list[tuple[str, int]]], list[Side]]:
    """Function -> those that it calls, each with a bit for the choice that it is called by.

    The bits' meanings in their order: a placeholder, and its value where it is not called so.
    """
    library = run.meta.graph.function_by_name
    calls: dict[str, list[tuple[str, int]]] = {}
    numbers: dict[Side, int] = {}
    for scope, node in run.nodes:
        names = dict.fromkeys(name for name in (*node.functions, node.op) if name in library)
        if not names:
            continue
        asked = asked_input(run, scope, node, fed) if node.branches else ""
        for name in names:
            chosen = 0
            if asked and node.branches and node.branches[0] != node.branches[1]:
                side = (asked, "false" if name == node.branches[0] else "true")
                chosen = 1 << numbers.setdefault(side, len(numbers))
            calls.setdefault(scope, []).append((name, chosen))
    return calls, list(numbers)
