"""Which operator TensorFlow's error is about, for a message that a person can use."""

from __future__ import annotations

import re
from typing import Any

_NODE = re.compile(r"\{\{node ([^}]+)\}\}|Detected at node '?([^' ]+)'?")


def named(error: Exception, definition: Any) -> str:
    """`Type: message`, with the operator and its node where the message names the node.

    `definition` is the GraphDef that was run, with its library of functions.
    """
    said = f"{type(error).__name__}: {error}"
    found = _NODE.search(said)
    if found is None:
        return said
    path = (found[1] or found[2]).rstrip("/")
    name = path.rsplit("/", 1)[-1]
    functions = [function.node_def for function in definition.library.function]
    nodes = [node for each in (definition.node, *functions) for node in each]
    exact = [node for node in nodes if node.name == path]
    near = exact or [node for node in nodes if node.name.rsplit("/", 1)[-1] == name]
    return f"{said.strip()} (operator {near[0].op} '{near[0].name}')" if near else said
