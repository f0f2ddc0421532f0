"""A pickle of PyTorch's -> what is in it, with a tensor's shape in place of its numbers.

The opcodes are read by `pickletools`, and the few that state dictionaries and what trainers put
beside them need are followed: nothing is imported, called or unpickled, and PyTorch is not needed.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

_MOST_OPCODES = 1_000_000
_TENSORS = ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2")
_PARAMETERS = (
    "torch._utils._rebuild_parameter",
    "torch._utils._rebuild_parameter_with_state",
)
_DICTIONARIES = ("collections.OrderedDict", "collections.defaultdict", "collections.Counter")
_KEYS = (str, int, float, bool, bytes, type(None))


class UnknownPickleError(Exception):
    """A pickle has something that is not followed here; PyTorch may read it all the same."""


class DamagedPickleError(Exception):
    """Bytes are no pickle, or end before it does."""


@dataclass(frozen=True)
class Named:
    """A class or function that a pickle names, `module.name`, or (`is_made`) what it made."""

    name: str
    is_made: bool = False


@dataclass(frozen=True)
class Storage:
    """Where numbers are: how many of which kind (`FloatStorage`), under which key of the file."""

    kind: str
    key: str
    elements: int


@dataclass(frozen=True)
class Stored:
    """A tensor in a file, by its header. `data` is equal for equal numbers; None: not known."""

    shape: tuple[int, ...]
    storage: Storage
    layout: tuple[Any, ...] = ()
    data: Any = None


@dataclass
class _Machine:
    """The state of the reading: values, where marks are among them, what was put aside."""

    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def since_mark(self) -> list[Any]:
        at = self.marks.pop()
        values = self.stack[at:]
        del self.stack[at:]
        return values

    def last(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise UnknownPickleError("too few values")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values


def read_pickle(file: IO[bytes]) -> Any:
    """The value of the pickle that starts where `file` stands, which is then behind it.

    Dictionaries, lists, tuples and plain values are themselves, a tensor is `Stored`, all else
    `Named`. Raises `UnknownPickleError` and `DamagedPickleError`.
    """
    machine = _Machine()
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if number > _MOST_OPCODES:
                raise UnknownPickleError("too long")
            if opcode.name in _ARGUMENTS:
                machine.stack.append(argument)
            elif opcode.name not in _SILENT:
                _followed(opcode.name)(machine, argument)
    except UnknownPickleError:
        raise
    except ValueError as error:  # of pickletools, for bytes that are no opcodes
        raise DamagedPickleError(str(error)) from error
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise UnknownPickleError(str(error)) from error
    if len(machine.stack) != 1:
        raise UnknownPickleError("several values")
    return machine.stack[0]


def _followed(name: str) -> Callable[[_Machine, Any], None]:
    if name not in _OPCODES:
        raise UnknownPickleError(name)
    return _OPCODES[name]


def _tuple_of(count: int) -> Callable[[_Machine, Any], None]:
    def make(machine: _Machine, argument: Any) -> None:
        machine.stack.append(tuple(machine.last(count)))

    return make


def _value(make: Callable[[], Any]) -> Callable[[_Machine, Any], None]:
    return lambda machine, argument: machine.stack.append(make())


def _put_items(target: Any, values: list[Any]) -> None:
    if isinstance(target, Named):
        return
    if not isinstance(target, dict) or not all(isinstance(key, _KEYS) for key in values[::2]):
        raise UnknownPickleError("items of something else")
    target.update(zip(values[::2], values[1::2], strict=True))


def _append(target: Any, values: list[Any]) -> None:
    if isinstance(target, Named):
        return
    if not isinstance(target, list):
        raise UnknownPickleError("elements of something else")
    target.extend(values)


def _set_item(machine: _Machine, argument: Any) -> None:
    values = machine.last(2)
    _put_items(machine.stack[-1], values)


def _set_items(machine: _Machine, argument: Any) -> None:
    values = machine.since_mark()
    _put_items(machine.stack[-1], values)


def _append_one(machine: _Machine, argument: Any) -> None:
    values = machine.last(1)
    _append(machine.stack[-1], values)


def _append_all(machine: _Machine, argument: Any) -> None:
    values = machine.since_mark()
    _append(machine.stack[-1], values)


def _remember(machine: _Machine, argument: Any) -> None:
    machine.memo[argument] = machine.stack[-1]


def _named(machine: _Machine, argument: Any) -> None:
    machine.stack.append(Named(str(argument).replace(" ", ".", 1)))


def _persistent(machine: _Machine, argument: Any) -> None:
    (reference,) = machine.last(1)
    kind, of, key, _, elements = reference[:5]
    known = kind == "storage" and isinstance(of, Named) and isinstance(elements, int)
    if not known or not of.name.startswith("torch."):
        raise UnknownPickleError("no storage of PyTorch's")
    machine.stack.append(Storage(of.name.rpartition(".")[-1], str(key), elements))


def _reduce(machine: _Machine, argument: Any) -> None:
    function, arguments = machine.last(2)
    machine.stack.append(_made(function, arguments))


def _build(machine: _Machine, argument: Any) -> None:
    """Attributes of an object: of an OrderedDict, those that a state dictionary keeps."""
    machine.last(1)


def _made(function: Any, arguments: Any) -> Any:
    """What a call would make; it is not called."""
    if not isinstance(function, Named) or not isinstance(arguments, tuple):
        raise UnknownPickleError("a call of something else")
    if function.name in _TENSORS:
        storage, offset, shape, strides = arguments[:4]
        whole = isinstance(shape, tuple) and all(isinstance(n, int) and n >= 0 for n in shape)
        if not whole or not isinstance(storage, Storage):
            raise UnknownPickleError(function.name)
        return Stored(shape, storage, (offset, strides))
    if function.name in _PARAMETERS:
        return arguments[0]
    if function.name in _DICTIONARIES:
        return {}
    if function.name.startswith(("torch._utils.", "torch._tensor.")):
        raise UnknownPickleError(function.name)
    return Named(function.name, is_made=True)


_ARGUMENTS = (
    "BININT", "BININT1", "BININT2", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING", "LONG1",
)  # fmt: skip
"""Opcodes whose argument is the value."""
_SILENT = ("PROTO", "STOP")
_OPCODES: dict[str, Callable[[_Machine, Any], None]] = {
    "NONE": _value(lambda: None),
    "NEWTRUE": _value(lambda: True),
    "NEWFALSE": _value(lambda: False),
    "EMPTY_TUPLE": _value(tuple),
    "EMPTY_LIST": _value(list),
    "EMPTY_DICT": _value(dict),
    "MARK": lambda machine, argument: machine.marks.append(len(machine.stack)),
    "TUPLE": lambda machine, argument: machine.stack.append(tuple(machine.since_mark())),
    "TUPLE1": _tuple_of(1),
    "TUPLE2": _tuple_of(2),
    "TUPLE3": _tuple_of(3),
    "APPEND": _append_one,
    "APPENDS": _append_all,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "BINGET": lambda machine, argument: machine.stack.append(machine.memo[argument]),
    "LONG_BINGET": lambda machine, argument: machine.stack.append(machine.memo[argument]),
    "GLOBAL": _named,
    "BINPERSID": _persistent,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "BUILD": _build,
}
"""What each opcode does to the machine: those that PyTorch follows where it loads weights alone."""
