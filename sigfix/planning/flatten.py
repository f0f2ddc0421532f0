"""A trace's structured arguments and results as the flat tensors its graph function has.

TensorFlow flattens with `tf.nest`: tuples in order, dicts by sorted key, composite tensors into
their components. Literals take no part. The count is checked against the library function, so a
structure that flattens in a way we do not know is refused and never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sigfix.errors import BlockedError
from sigfix.model import (
    CompositeSpec,
    Function,
    GraphFunction,
    Shape,
    TensorSpec,
    Trace,
    Value,
    leaves,
)
from sigfix.planning.edits import Component
from sigfix.planning.names import clean, input_names, is_generic, make_unique

_COMPONENTS = {
    "RaggedTensorSpec": ("values", "row_splits"),
    "SparseTensorSpec": ("indices", "values", "dense_shape"),
}
_KINDS = {"RaggedTensorSpec": "ragged", "SparseTensorSpec": "sparse"}

_STATED_SHAPE = re.compile(r"TensorShape\(\[([^\]]*)\]\)")
"""The shape in a TypeSpec's state, as reading writes it."""


@dataclass(frozen=True)
class FlatTensor:
    """A tensor argument or result: its flat position, how Python calls it, name and spec.

    Tensors of a graph have negative positions; then `spec.name` is the graph's tensor.
    `merged` is the target where several functions are called (see `MergedSource`).
    """

    position: int
    path: str
    name: str
    spec: TensorSpec
    merged: str = ""
    component: Component | None = None


@dataclass(frozen=True)
class LiteralArgument:
    """A Python value that the trace was specialised for."""

    path: str
    value: Value


def _say(path: tuple[str | int, ...]) -> str:
    first, *rest = path
    return str(first) + "".join(f"[{item!r}]" for item in rest)


def _named_leaves(function: Function, trace: Trace) -> list[tuple[tuple[str | int, ...], Value]]:
    """Leaves of the arguments, the first path element being the argument's name."""
    found: list[tuple[tuple[str | int, ...], Value]] = []
    names = function.argument_names
    for index, argument in enumerate(trace.args.items):
        if index < len(names):
            name = names[index]
        else:
            name = f"{function.varargs or 'args'}_{index - len(names)}"
        found.extend(((name, *path), leaf) for path, leaf in leaves(argument))
    for key, argument in trace.kwargs.items:
        found.extend(((key, *path), leaf) for path, leaf in leaves(argument))
    return found


def literal_arguments(function: Function, trace: Trace) -> list[LiteralArgument]:
    """The arguments that are Python values in this trace."""
    return [
        LiteralArgument(_say(path), leaf)
        for path, leaf in _named_leaves(function, trace)
        if not isinstance(leaf, (TensorSpec, CompositeSpec))
    ]


def _component_names(spec: CompositeSpec, count: int) -> list[str]:
    known = _COMPONENTS.get(spec.class_name, ())
    if spec.class_name == "RaggedTensorSpec" and count > 2:
        return ["values", *(f"row_splits_{index}" for index in range(count - 1))]
    return [known[index] if index < len(known) else str(index) for index in range(count)]


def _expand(
    found: list[tuple[tuple[str | int, ...], Value]], actual: tuple[TensorSpec, ...], what: str
) -> list[tuple[tuple[str | int, ...], str, TensorSpec]]:
    """Pair every tensor leaf (composites by component) with the library function's argument."""
    composites = [leaf for _, leaf in found if isinstance(leaf, CompositeSpec)]
    plain = sum(isinstance(leaf, TensorSpec) for _, leaf in found)
    known = sum(leaf.component_count for leaf in composites)
    unsaid = [leaf for leaf in composites if not leaf.component_count]
    left = len(actual) - plain - known
    odd = any(leaf.component_count < 0 for leaf in composites)
    if odd or left < 0 or (left and not unsaid) or (unsaid and left % len(unsaid)):
        raise BlockedError(
            f"The trace declares {plain} tensor {what}s and {len(composites)} composite ones, "
            f"its graph function has {len(actual)}.",
            "choose another function with --function",
        )
    expanded: list[tuple[tuple[str | int, ...], str, TensorSpec]] = []
    for path, leaf in found:
        if isinstance(leaf, TensorSpec):
            expanded.append((path, leaf.name, leaf))
        elif isinstance(leaf, CompositeSpec):
            count = leaf.component_count or left // len(unsaid)
            for name in _component_names(leaf, count):
                spec = actual[len(expanded)]
                expanded.append(((*path, name), "", spec))
    for (path, _, spec), argument in zip(expanded, actual, strict=True):
        if spec.dtype != argument.dtype:
            raise BlockedError(
                f"The trace's {what} {_say(path)} is {spec.dtype}, its graph function's is "
                f"{argument.dtype}.",
                "choose another function with --function",
            )
    return expanded


def flat_inputs(function: Function, trace: Trace, graph: GraphFunction) -> list[FlatTensor]:
    """The tensor arguments of a trace, in the order of the library function's arguments.

    Raises `BlockedError` where the trace and the function disagree.
    """
    actual = graph.inputs[: len(graph.inputs) - len(trace.bound_inputs)]
    expanded = _expand(_named_leaves(function, trace), actual, "argument")
    composites = _composites(_named_leaves(function, trace))
    arguments = [(path, own) for path, own, _ in expanded]
    inside = arguments if composites else _inside(arguments)
    proposed = [
        _proposed(path, own, is_argument=len(argument) == 1)
        for (path, own), (argument, _) in zip(inside, arguments, strict=True)
    ]
    return [
        FlatTensor(
            position, _say(path), name, spec, component=_component(path, composites.get(path[:-1]))
        )
        for position, ((path, _, spec), name) in enumerate(
            zip(expanded, input_names(proposed), strict=True)
        )
    ]


def _proposed(path: tuple[str | int, ...], own_name: str, is_argument: bool) -> str:
    """How an argument at `path` is called, whose spec has a name of its own or ''.

    A tensor that is an argument itself has its spec's name in a signature that TensorFlow makes.
    """
    from_path = clean("_".join(str(part) for part in path))
    unnamed = is_argument or is_generic(from_path)
    unnamed = unnamed or any(isinstance(part, int) for part in path)
    if unnamed and not is_generic(clean(own_name)):
        return clean(own_name)
    if len(path) > 1 and is_generic(str(path[0])):
        return clean("_".join(str(part) for part in path[1:]))
    return from_path


def _inside(
    arguments: list[tuple[tuple[str | int, ...], str]],
) -> list[tuple[tuple[str | int, ...], str]]:
    """The paths inside the one structure that a function takes: its own name tells nothing.

    `features['user']['vec']` is `user_vec`.
    """
    firsts = {path[0] for path, _ in arguments}
    if len(firsts) == 1 and all(
        len(path) > 1 and isinstance(path[1], str) for path, _ in arguments
    ):
        return [(path[1:], own) for path, own in arguments]
    return arguments


def _composites(
    found: list[tuple[tuple[str | int, ...], Value]],
) -> dict[tuple[str | int, ...], CompositeSpec]:
    return {path: leaf for path, leaf in found if isinstance(leaf, CompositeSpec)}


def _component(path: tuple[str | int, ...], whole: CompositeSpec | None) -> Component | None:
    """What part of which sparse or ragged tensor an argument is, None for any other."""
    kind = None if whole is None else _KINDS.get(whole.class_name)
    if whole is None or kind is None:
        return None
    stated = _STATED_SHAPE.search(str(whole.state))
    shape: Shape = None
    if stated is not None:
        sizes = [size.strip() for size in stated[1].split(",") if size.strip()]
        shape = tuple(int(size) if size.isdecimal() else None for size in sizes)
    return Component(_say(path[:-1]), kind, str(path[-1]), shape)


def flat_outputs(trace: Trace, graph: GraphFunction) -> list[FlatTensor]:
    """The tensors that a trace returns, named by key, field or position (`output_0`)."""
    found = [(path, leaf) for path, leaf in leaves(trace.output)]
    labelled: list[tuple[tuple[str | int, ...], Value]] = [
        (path or (0,), leaf) for path, leaf in found
    ]
    expanded = _expand(labelled, graph.outputs, "result")
    proposed = []
    for path, _, _ in expanded:
        text = clean("_".join(str(part) for part in path)).lstrip("_")
        proposed.append(f"output_{text}" if isinstance(path[0], int) else text)
    return [
        FlatTensor(position, "result" + "".join(f"[{part!r}]" for part in path), name, spec)
        for position, ((path, _, spec), name) in enumerate(
            zip(expanded, make_unique(proposed), strict=True)
        )
    ]
