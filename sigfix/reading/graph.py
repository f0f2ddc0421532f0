"""GraphDef -> `model.Graph`. Attributes are decoded when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sigfix.model import FunctionReference, Graph, GraphFunction, Node, TensorSpec
from sigfix.operator_defaults import defaults
from sigfix.reading.protos import dtype_name, message_class
from sigfix.reading.shapes import read_constant, read_shape


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


_DECODERS: dict[str, Any] = {
    "s": _text,
    "i": int,
    "f": float,
    "b": bool,
    "type": dtype_name,
    "shape": read_shape,
    "tensor": read_constant,
    "placeholder": str,
    "func": lambda message: FunctionReference(message.name),
}


def _decode(message: Any) -> Any:
    kind = message.WhichOneof("value")
    if kind is None:
        return None
    value = getattr(message, kind)
    if kind != "list":
        return _DECODERS[kind](value)
    for field, items in value.ListFields():
        if field.name in _DECODERS:
            return tuple(_DECODERS[field.name](item) for item in items)
    return ()


@cache
def _default(operator: str, name: str) -> Any:
    """What an attribute is that a node leaves out. Raises `KeyError` where nothing says so."""
    kind: Any = message_class("AttrValue")
    return _decode(defaults(operator, kind)[name])


class Attributes(Mapping[str, Any]):
    """A map of AttrValues that decodes on access; most are never looked at.

    One that the node of an `operator` leaves out is what TensorFlow takes for it; iterating, and
    `in`, tell what is written down.
    """

    __slots__ = ("_messages", "_operator")

    def __init__(self, messages: Any, operator: str = "") -> None:
        self._messages = messages
        self._operator = operator

    def __getitem__(self, name: str) -> Any:
        if name not in self._messages:
            return _default(self._operator, name)
        return _decode(self._messages[name])

    def message(self, name: str) -> Any:
        """The AttrValue itself, None where there is none of that name."""
        return self._messages.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._messages))

    def __len__(self) -> int:
        return len(self._messages)

    def __contains__(self, name: object) -> bool:
        return name in self._messages


def text_elements(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """All texts of a constant node, however many; () where it holds something else."""
    message = attributes.message("value") if isinstance(attributes, Attributes) else None
    return tuple(map(_text, message.tensor.string_val)) if message is not None else ()


class _UnsaidShape(Attributes):
    """The attributes of a placeholder in a graph from before scalars: no dimension is any shape."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return None if name == "shape" and value == () else value


_SCALARS_SINCE = 22
"""The GraphDef version from which on an empty shape of a placeholder is a scalar's.

Source: the shape function of Placeholder in TensorFlow 2.19 (array_ops.cc).
"""


def read_node(message: Any, producer: int = _SCALARS_SINCE) -> Node:
    """A NodeDef of a graph that GraphDef version `producer` wrote; 0 is from before it was kept."""
    unsaid = message.op == "Placeholder" and producer < _SCALARS_SINCE
    return Node(
        name=message.name,
        op=message.op,
        inputs=tuple(message.input),
        attributes=(_UnsaidShape if unsaid else Attributes)(message.attr, message.op),
        device=message.device,
    )


def _read_function(message: Any) -> GraphFunction:
    signature = message.signature
    inputs = []
    for index, argument in enumerate(signature.input_arg):
        shape = None
        if index in message.arg_attr:
            attributes = message.arg_attr[index].attr
            if "_output_shapes" in attributes:
                shapes = attributes["_output_shapes"].list.shape
                shape = read_shape(shapes[0]) if shapes else None
        inputs.append(TensorSpec(dtype_name(argument.type), shape, argument.name))
    return GraphFunction(
        name=signature.name,
        inputs=tuple(inputs),
        outputs=tuple(
            TensorSpec(dtype_name(argument.type), None, argument.name)
            for argument in signature.output_arg
        ),
        nodes=tuple(map(read_node, message.node_def)),
        returns=dict(message.ret),
        attributes=Attributes(message.attr),
    )


def read_graph(message: Any) -> Graph:
    """A GraphDef with its function library."""
    return Graph(
        nodes=tuple(read_node(node, message.versions.producer) for node in message.node),
        functions=tuple(map(_read_function, message.library.function)),
        producer=message.versions.producer,
        min_consumer=message.versions.min_consumer,
    )
