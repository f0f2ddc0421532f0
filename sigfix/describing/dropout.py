"""Dropout by a number that is fed: the part of the values that it keeps, or the part it drops.

`v1.nn.dropout` draws uniform numbers, compares them with the part that is dropped (or adds the part
that is kept) and divides the values by the part that is kept. That tells which of both a
placeholder is, whatever it is called.
"""

from __future__ import annotations

from sigfix.model import ConstantTensor, MetaGraph, Node, as_shape, node_of

WEIGHING = ("GreaterEqual", "Greater", "Less", "LessEqual", "Add", "AddV2")
SCALING = ("Mul", "Add", "AddV2", "Sub", "Identity", "Cast")
"""What is done to uniform numbers on their way from the generator to where they are weighed."""
_COPIES = ("Identity", "Cast", "Switch", "RefSwitch", "Enter")
_DIVISIONS = {"RealDiv": 1, "Div": 1, "Reciprocal": 0, "Inv": 0}
"""Operators that divide -> which of their inputs is the divisor."""


def dropout_value(meta: MetaGraph, placeholder: Node) -> str:
    """'1.0' for the part of the values that dropout keeps, '0.0' for the part that it drops.

    Then nothing is dropped. '' for a placeholder that is neither, or is no scalar.
    """
    if as_shape(placeholder.attributes.get("shape")) not in (None, ()):
        return ""
    parts = _parts(meta, placeholder)
    nodes = [node for name in parts for node in meta.graph.readers.get(name, ())]
    if not any(node.op in WEIGHING and _weighs(meta, node, parts) for node in nodes):
        return ""
    divisors = {
        parts[name]
        for node in nodes
        if node.op in _DIVISIONS
        for name in map(node_of, node.data_inputs[_DIVISIONS[node.op] :][:1])
        if name in parts
    }
    if len(divisors) != 1:
        return ""
    return "1.0" if divisors == {True} else "0.0"


def _parts(meta: MetaGraph, placeholder: Node) -> dict[str, bool]:
    """Nodes that have the placeholder's value (True), or 1 less it (False)."""
    found, pending = {placeholder.name: True}, [placeholder.name]
    while pending:
        name = pending.pop()
        for node in meta.graph.readers.get(name, ()):
            inputs = [node_of(item) for item in node.data_inputs]
            if node.name in found:
                continue
            if node.op in _COPIES and inputs[0] == name:
                found[node.name] = found[name]
            elif (
                node.op == "Sub"
                and inputs[1:] == [name]
                and is_one(meta.graph.by_name.get(inputs[0]))
            ):
                found[node.name] = not found[name]
            else:
                continue
            pending.append(node.name)
    return found


def is_one(node: Node | None) -> bool:
    """Whether a node is the constant 1."""
    value = node.attributes.get("value") if node is not None else None
    return isinstance(value, ConstantTensor) and value.value == (1.0,)


def _weighs(meta: MetaGraph, node: Node, parts: dict[str, bool]) -> bool:
    """Whether what `node` reads beside the part comes from a generator of uniform numbers."""
    pending = [name for name in map(node_of, node.data_inputs) if name not in parts]
    seen: set[str] = set()
    while pending:
        found = meta.graph.by_name.get(pending.pop())
        if found is None or found.name in seen:
            continue
        seen.add(found.name)
        if found.op in ("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2"):
            return True
        if found.op in SCALING:
            pending += map(node_of, found.data_inputs)
    return False
