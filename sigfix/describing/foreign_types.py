"""Types of arguments and results that `tf.saved_model.load` knows only of another package."""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.model import CompositeSpec, Function, MetaGraph, Value, leaves

_OWN = "tf."
"""How the names begin by which TensorFlow registers its own types."""


def foreign_types(meta: MetaGraph) -> dict[str, list[str]]:
    """Registered name of a type that is not TensorFlow's -> paths of the functions that have it.

    The loader looks the types of all functions up, whether or not anybody calls them.
    """
    found: dict[str, list[str]] = {}
    for function in meta.objects.functions if meta.objects is not None else ():
        names = {name for value in _structures(function) for name in _registered(value)}
        for name in sorted(names):
            if not name.startswith(_OWN):
                found.setdefault(name, []).append(function.path)
    return dict(sorted(found.items()))


def _structures(function: Function) -> Iterator[Value]:
    """What a function takes and returns, as its traces and its declaration have it."""
    for trace in function.traces:
        yield from (trace.args, trace.kwargs, trace.output)
    if function.input_signature is not None:
        yield function.input_signature


def _registered(value: Value) -> Iterator[str]:
    """The names of the types in a structure, and of those within them."""
    pending = [value]
    while pending:
        for _, leaf in leaves(pending.pop()):
            if isinstance(leaf, CompositeSpec):
                pending.append(leaf.state)
                if leaf.registered:
                    yield leaf.registered
