"""The nodes of an ONNX file as a `Graph`, for those who want to see what it computes.

ONNX names tensors, and a node may have no name: it gets that of its first output. What its branches
and bodies hold stays in them. Weights are not looked at.
"""

from __future__ import annotations

from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import Node
from sigfix.model.graph import Graph
from sigfix.reading.folder import mapped
from sigfix.wire import Buffer, Span, inside, text

INPUT = "Placeholder"
"""What a graph of TensorFlow has in the place of an input, which is no node in ONNX."""
_GRAPH, _NODES, _WEIGHTS, _INPUTS, _OUTPUTS = 7, 1, 5, 11, 12
_NAME_OF_VALUE, _NAME_OF_WEIGHT = 1, 8
_READ, _WRITTEN, _OPERATOR = 1, 2, 4


def read_onnx_nodes(path: Path) -> tuple[Graph, dict[str, str]]:
    """The nodes, and what the file's inputs and outputs are called among them: `node:0`.

    Raises `UnreadableModelError` where the file does not parse.
    """
    with mapped(path) as data:
        try:
            return _nodes(data)
        except ValueError as error:
            raise UnreadableModelError(
                f"{path} is damaged: {error}.", "copy or export the model again", code="CON214"
            ) from error


def _nodes(data: Buffer) -> tuple[Graph, dict[str, str]]:
    written: list[tuple[str, list[str], list[str]]] = []
    weights, inputs, outputs = set(), [], []
    for part, graph in inside(data, (0, len(data))):
        if part != _GRAPH:
            continue
        for number, value in inside(data, graph):
            if number == _NODES:
                node = _node(data, value)
                written += [node] if node[0] != "Constant" else []  # as little as a weight
            elif number == _WEIGHTS:
                weights.add(_name(data, value, _NAME_OF_WEIGHT))
            elif number == _INPUTS:
                inputs.append(_name(data, value, _NAME_OF_VALUE))
            elif number == _OUTPUTS:
                outputs.append(_name(data, value, _NAME_OF_VALUE))
    taken: set[str] = set()
    places: dict[str, str] = {}
    found: list[Node] = []
    for name in inputs:
        if name not in weights:
            places[name] = _own(name, taken)
            found.append(Node(places[name], INPUT, ()))
    owns = []
    for _, _, made in written:
        owns.append(_own(next(filter(None, made), "node"), taken))
        places |= {name: f"{owns[-1]}:{at}" for at, name in enumerate(made) if name}
    for own, (operator, read, _) in zip(owns, written, strict=True):
        found.append(Node(own, operator, tuple(places[name] for name in read if name in places)))
    return Graph(tuple(found)), {
        name: places[name] for name in (*inputs, *outputs) if name in places
    }


def _node(data: Buffer, span: int | Span) -> tuple[str, list[str], list[str]]:
    """Its operator, what it reads, and what it writes."""
    operator, read, made = "", list[str](), list[str]()
    for number, value in inside(data, span):
        if number == _OPERATOR:
            operator = text(data, value)
        elif number in (_READ, _WRITTEN):
            (read if number == _READ else made).append(text(data, value))
    return operator, read, made


def _name(data: Buffer, span: int | Span, field: int) -> str:
    return next((text(data, v) for number, v in inside(data, span) if number == field), "")


def _own(name: str, taken: set[str]) -> str:
    """A node's name: `:` and `^` would mean something else in a graph of TensorFlow."""
    wanted = name.lstrip("/^").replace(":", "_") or "node"
    own, number = wanted, 1
    while own in taken:
        own, number = f"{wanted}_{number}", number + 1
    taken.add(own)
    return own
