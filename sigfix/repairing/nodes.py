"""NodeDefs: written into the top-level graph or into a function's body, by the same steps."""

from __future__ import annotations

from typing import Any

from sigfix.model import Shape
from sigfix.planning.edits import BoundInput
from sigfix.planning.steps import Activation, Cast, Normalize, Step, Transpose
from sigfix.reading.protos import dtype_number, message_class

OUTPUT_ARGUMENTS = {
    "ArgMax": "output",
    "Cast": "y",
    "Const": "output",
    "Identity": "output",
    "Mul": "z",
    "PartitionedCall": "output",
    "Placeholder": "output",
    "PlaceholderWithDefault": "output",
    "RealDiv": "z",
    "Sigmoid": "y",
    "Softmax": "softmax",
    "StatefulPartitionedCall": "output",
    "Sub": "z",
    "Transpose": "y",
}
"""The name of each operator's output in its OpDef: inside a function, `node:NAME:index`."""


class NodeWriter:
    """Appends nodes to a graph or to a function body, under names that are free there."""

    def __init__(self, nodes: Any, in_function: bool, reserved: set[str] | None = None) -> None:
        self.nodes = nodes
        self.in_function = in_function
        self.names = {node.name for node in nodes} | (reserved or set())

    def free_name(self, wanted: str) -> str:
        """`wanted`, or the first `wanted_N` that no node has."""
        name, number = wanted, 0
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        self.names.add(name)
        return name

    def add(self, op: str, name: str, inputs: list[str], **attributes: Any) -> str:
        """Append a node; return its first output as other nodes refer to it."""
        node = self.nodes.add(name=self.free_name(name), op=op, input=inputs)
        for key, value in attributes.items():
            node.attr[key].CopyFrom(value)
        return self.reference(node.name, op, 0)

    def reference(self, name: str, op: str, index: int) -> str:
        """How another node names an output."""
        if self.in_function:
            return f"{name}:{OUTPUT_ARGUMENTS[op]}:{index}"
        return f"{name}:{index}" if index else name


def attribute(**field: Any) -> Any:
    """An AttrValue with one field set: `attribute(type=1)`, `attribute(b=True)`."""
    return message_class("AttrValue")(**field)


def dtype_attribute(dtype: str) -> Any:
    """An AttrValue with a dtype."""
    return attribute(type=dtype_number(dtype))


def shape_message(shape: Shape) -> Any:
    """A TensorShapeProto; -1 is a dynamic dimension."""
    message: Any = message_class("TensorShapeProto")()
    if shape is None:
        message.unknown_rank = True
    else:
        for size in shape:
            message.dim.add(size=-1 if size is None else size)
    return message


def shapes_attribute(shapes: list[Shape]) -> Any:
    """An AttrValue with a list of shapes (`_output_shapes`)."""
    message: Any = attribute()
    message.list.SetInParent()
    for shape in shapes:
        message.list.shape.add().CopyFrom(shape_message(shape))
    return message


_VALUE_FIELDS = {
    "bool": "bool_val",
    "string": "string_val",
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}
_SMALL_INTEGERS = ("int8", "int16", "int32", "uint8", "uint16")


def constant(writer: NodeWriter, name: str, dtype: str, shape: Shape, values: list[Any]) -> str:
    """A Const of `values` (one value fills the shape); float16 and bfloat16 are cast."""
    narrow = dtype if dtype in ("float16", "bfloat16") else None
    stored = "float32" if narrow else dtype
    field = "int_val" if stored in _SMALL_INTEGERS else _VALUE_FIELDS[stored]
    tensor: Any = message_class("TensorProto")(dtype=dtype_number(stored))
    tensor.tensor_shape.CopyFrom(shape_message(shape))
    encoded = [item.encode() if isinstance(item, str) else item for item in values]
    getattr(tensor, field).extend(encoded)
    made = writer.add(
        "Const", name, [], value=attribute(tensor=tensor), dtype=dtype_attribute(stored)
    )
    if narrow is None:
        return made
    return writer.add(
        "Cast", name, [made], SrcT=dtype_attribute(stored), DstT=dtype_attribute(narrow)
    )


def bound_constant(writer: NodeWriter, bound: BoundInput, name: str) -> str:
    """The constant that stands for a bound input."""
    return constant(writer, name, bound.dtype, bound.shape, [bound.value])


def add_steps(
    writer: NodeWriter, tensor: str, dtype: str, steps: tuple[Step, ...], prefix: str
) -> tuple[str, str]:
    """Append `steps` to `tensor`; return the tensor and dtype they end in."""
    for step in steps:
        tensor, dtype = _add_step(writer, tensor, dtype, step, prefix)
    return tensor, dtype


def _add_step(
    writer: NodeWriter, tensor: str, dtype: str, step: Step, prefix: str
) -> tuple[str, str]:
    if isinstance(step, Cast):
        made = writer.add(
            "Cast",
            f"{prefix}_cast",
            [tensor],
            SrcT=dtype_attribute(dtype),
            DstT=dtype_attribute(step.dtype),
        )
        return made, step.dtype
    kind = {"T": dtype_attribute(dtype)}
    if isinstance(step, Transpose):
        order = constant(
            writer, f"{prefix}_order", "int32", (len(step.permutation),), list(step.permutation)
        )
        made = writer.add(
            "Transpose",
            f"{prefix}_transpose",
            [tensor, order],
            Tperm=dtype_attribute("int32"),
            **kind,
        )
        return made, dtype
    if isinstance(step, Normalize):
        return _add_normalize(writer, tensor, dtype, step, prefix), dtype
    return _add_activation(writer, tensor, dtype, step, prefix)


def _add_normalize(
    writer: NodeWriter, tensor: str, dtype: str, step: Normalize, prefix: str
) -> str:
    kind = {"T": dtype_attribute(dtype)}

    def channels(name: str, values: tuple[float, ...]) -> str:
        shape: Shape = (len(values),) if len(values) > 1 else ()
        return constant(writer, f"{prefix}_{name}", dtype, shape, list(values))

    if step.scale != 1.0:
        factor = channels("scale", (step.scale,))
        tensor = writer.add("Mul", f"{prefix}_scaled", [tensor, factor], **kind)
    mean = channels("mean", step.mean)
    tensor = writer.add("Sub", f"{prefix}_centred", [tensor, mean], **kind)
    std = channels("std", step.std)
    return writer.add("RealDiv", f"{prefix}_normalised", [tensor, std], **kind)


def _add_activation(
    writer: NodeWriter, tensor: str, dtype: str, step: Activation, prefix: str
) -> tuple[str, str]:
    kind = {"T": dtype_attribute(dtype)}
    if step.kind == "argmax":
        axis = constant(writer, f"{prefix}_axis", "int32", (), [-1])
        made = writer.add(
            "ArgMax",
            f"{prefix}_argmax",
            [tensor, axis],
            Tidx=dtype_attribute("int32"),
            output_type=dtype_attribute("int64"),
            **kind,
        )
        return made, "int64"
    op = {"sigmoid": "Sigmoid", "softmax": "Softmax"}[step.kind]
    return writer.add(op, f"{prefix}_{step.kind}", [tensor], **kind), dtype
