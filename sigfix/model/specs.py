"""What a tensor, or a structure of tensors and Python values, is declared to be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional, Union

Shape = Optional[tuple[Optional[int], ...]]  # noqa: UP045
"""`None` is an unknown rank; a `None` inside the tuple is a dynamic dimension."""


def format_shape(shape: Shape) -> str:
    """`[?,32,128]` for a known rank, `[...]` for an unknown one."""
    if shape is None:
        return "[...]"
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"


def as_shape(value: object) -> Shape:
    """A shape out of an attribute that should be one; an unknown rank where it is none."""
    if isinstance(value, tuple) and all(size is None or type(size) is int for size in value):
        return value
    return None


def covers(general: Shape, special: Shape) -> bool:
    """Whether every tensor of shape `special` has shape `general` too."""
    if general is None:
        return True
    if special is None or len(general) != len(special):
        return False
    return all(
        wide is None or wide == narrow for wide, narrow in zip(general, special, strict=True)
    )


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One tensor: dtype in TensorFlow's Python spelling, shape, and its name where it has one.

    The name is a tensor name (`x:0`) in a SignatureDef and an argument name in a trace.
    """

    dtype: str
    shape: Shape
    name: str = ""

    @property
    def has_known_rank(self) -> bool:
        """Whether the number of dimensions is known (a scalar's is)."""
        return self.shape is not None

    @property
    def has_dynamic_dimension(self) -> bool:
        """Whether the rank is known and at least one dimension is not."""
        return self.shape is not None and None in self.shape

    def __str__(self) -> str:
        return f"{self.dtype}{format_shape(self.shape)}"


@dataclass(frozen=True)
class Literal:
    """A Python value that a trace was specialised for: None, bool, int, float or str."""

    value: bool | int | float | str | None

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class OpaqueLiteral:
    """A value of another kind (a dtype, a shape, a constant tensor), in words."""

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class CompositeSpec:
    """A TypeSpec that stands for several tensors: ragged, sparse, dataset, extension type.

    `class_name` is the name of the TypeSpec (`RaggedTensorSpec`); `state` is what it was made
    of; `component_count` is the number of flat tensors, 0 where the file does not say.
    `registered` is the name by which a loader looks the class up, '' for those it has by number.
    """

    class_name: str
    state: Value
    component_count: int = 0
    registered: str = ""

    def __str__(self) -> str:
        kind = self.class_name.removesuffix("Spec")
        literals = [item for _, item in leaves(self.state) if isinstance(item, OpaqueLiteral)]
        shapes = [
            item.text.partition("(")[2].rstrip(")") for item in literals if item.kind == "shape"
        ]
        dtypes = [item.text.removeprefix("tf.") for item in literals if item.kind == "dtype"]
        if len(shapes) == 1 and dtypes:  # ragged, sparse: the first dtype is that of the values
            return f"{kind}({dtypes[0]}{shapes[0]})"
        return f"{kind}({self.state})"


@dataclass(frozen=True)
class TupleValue:
    """A Python tuple (or list, where `is_list`) of values."""

    items: tuple[Value, ...]
    is_list: bool = False

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.items))
        if self.is_list:
            return f"[{inner}]"
        return f"({inner},)" if len(self.items) == 1 else f"({inner})"


@dataclass(frozen=True)
class DictValue:
    """A Python dict with string keys, in sorted order as `tf.nest` flattens it."""

    items: tuple[tuple[str, Value], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in self.items) + "}"


@dataclass(frozen=True)
class NamedTupleValue:
    """A named tuple: the name of its type and its fields in order."""

    type_name: str
    items: tuple[tuple[str, Value], ...]

    def __str__(self) -> str:
        inner = ", ".join(f"{key}={value}" for key, value in self.items)
        return f"{self.type_name}({inner})"


Value = Union[  # noqa: UP007
    TensorSpec, Literal, OpaqueLiteral, CompositeSpec, TupleValue, DictValue, NamedTupleValue
]
Path = tuple[str | int, ...]


def leaves(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every leaf (tensor, literal, composite) with its path, in `tf.nest.flatten`'s order."""
    if isinstance(value, TupleValue):
        for index, item in enumerate(value.items):
            yield from leaves(item, (*path, index))
    elif isinstance(value, (DictValue, NamedTupleValue)):
        for key, item in value.items:
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def tensors(value: Value) -> list[TensorSpec]:
    """The plain tensors in a structure, in `tf.nest.flatten`'s order."""
    return [leaf for _, leaf in leaves(value) if isinstance(leaf, TensorSpec)]


def is_flat(value: Value) -> bool:
    """Whether a value is one leaf, not a structure."""
    return not isinstance(value, (TupleValue, DictValue, NamedTupleValue))
