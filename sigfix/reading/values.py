"""StructuredValue -> `model.Value`: what a trace was made for, non-tensor values included."""

from __future__ import annotations

from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import (
    CompositeSpec,
    DictValue,
    Literal,
    NamedTupleValue,
    OpaqueLiteral,
    TensorSpec,
    TupleValue,
    Value,
    format_shape,
)
from sigfix.reading.protos import dtype_name
from sigfix.reading.shapes import read_shape

_TYPE_SPEC_CLASSES = {
    1: "SparseTensorSpec", 2: "IndexedSlicesSpec", 3: "RaggedTensorSpec", 4: "TensorArraySpec",
    5: "DatasetSpec", 6: "IteratorSpec", 7: "OptionalSpec", 8: "PerReplicaSpec",
    9: "VariableSpec", 10: "RowPartitionSpec",
}  # fmt: skip
"""TypeSpecProto.TypeSpecClass -> the name of the Python class; others carry their own name."""

_REGISTERED = 12
"""The class that is looked up by its name when the model is loaded; extension types need not be."""

_DEEPEST = 100
"""Nesting beyond this is not a signature but an attack on the stack."""


def read_tensor_spec(message: Any) -> TensorSpec:
    """A TensorSpecProto or BoundedTensorSpecProto."""
    return TensorSpec(dtype_name(message.dtype), read_shape(message.shape), message.name)


def type_spec_name(message: Any) -> str:
    """The class name of a TypeSpecProto."""
    return _TYPE_SPEC_CLASSES.get(message.type_spec_class) or str(
        message.type_spec_class_name.rpartition(".")[2] or "TypeSpec"
    )


def values_of(message: Any) -> TensorSpec | None:
    """Dtype and shape of what a TypeSpecProto stands for as a whole; None where it names neither.

    Of a ragged tensor's two dtypes the first is that of its values.
    """
    parts = message.type_state.tuple_value.values
    shapes = [item.tensor_shape_value for item in parts if item.HasField("tensor_shape_value")]
    dtypes = [
        item.tensor_dtype_value for item in parts if item.WhichOneof("kind") == "tensor_dtype_value"
    ]
    if not shapes or not dtypes:
        return None
    return TensorSpec(dtype_name(dtypes[0]), read_shape(shapes[0]))


def _opaque_tensor(message: Any, kind: str) -> OpaqueLiteral:
    return OpaqueLiteral(
        kind, f"{dtype_name(message.dtype)}{format_shape(read_shape(message.tensor_shape))}"
    )


def read_value(message: Any, depth: int = 0) -> Value:
    """A StructuredValue. Raises `UnreadableModelError` where it is nested absurdly deep."""
    if depth > _DEEPEST:
        raise UnreadableModelError(
            f"A function signature is nested more than {_DEEPEST} levels deep."
        )
    kind = message.WhichOneof("kind")
    if kind is None or kind == "none_value":
        return Literal(None)
    value = getattr(message, kind)
    if kind in ("tensor_spec_value", "bounded_tensor_spec_value"):
        return read_tensor_spec(value)
    if kind in ("float64_value", "int64_value", "string_value", "bool_value"):
        return Literal(value)
    if kind in ("tuple_value", "list_value"):
        items = tuple(read_value(item, depth + 1) for item in value.values)
        return TupleValue(items, is_list=kind == "list_value")
    if kind == "dict_value":
        fields = value.fields
        return DictValue(tuple((key, read_value(fields[key], depth + 1)) for key in sorted(fields)))
    if kind == "named_tuple_value":
        pairs = tuple((pair.key, read_value(pair.value, depth + 1)) for pair in value.values)
        return NamedTupleValue(value.name, pairs)
    if kind == "type_spec_value":
        state = read_value(value.type_state, depth + 1)
        wanted = value.type_spec_class == _REGISTERED
        registered = str(value.type_spec_class_name) if wanted else ""
        return CompositeSpec(type_spec_name(value), state, value.num_flat_components, registered)
    if kind == "tensor_shape_value":
        return OpaqueLiteral("shape", f"TensorShape({format_shape(read_shape(value))})")
    if kind == "tensor_dtype_value":
        return OpaqueLiteral("dtype", f"tf.{dtype_name(value)}")
    return _opaque_tensor(value, "tensor" if kind == "tensor_value" else "ndarray")
