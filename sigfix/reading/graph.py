"""GraphDef -> `model.Graph`. Attributes are decoded when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sigfix.model import FunctionReference, Graph, GraphFunction, Node, TensorSpec
from sigfix.reading.protos import dtype_name
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


class Attributes(Mapping[str, Any]):
    """A map of AttrValues that decodes on access; most are never looked at."""

    __slots__ = ("_messages",)

    def __init__(self, messages: Any) -> None:
        self._messages = messages

    def __getitem__(self, name: str) -> Any:
        if name not in self._messages:
            raise KeyError(name)
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


def read_node(message: Any) -> Node:
    """A NodeDef."""
    return Node(
        name=message.name,
        op=message.op,
        inputs=tuple(message.input),
        attributes=Attributes(message.attr),
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
        nodes=tuple(map(read_node, message.node)),
        functions=tuple(map(_read_function, message.library.function)),
        producer=message.versions.producer,
        min_consumer=message.versions.min_consumer,
    )
