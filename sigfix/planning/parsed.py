"""`--parsed`: a signature that is fed behind its parser of tf.Examples, with their features.

What is asked of a parser in a function is told through the calls that lead to it, as if their
bodies stood in the function itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sigfix.describing.examples import PARSERS, ParsedTensor, parsed_tensors
from sigfix.describing.switches import needed
from sigfix.errors import BlockedError
from sigfix.model import (
    GraphFunction,
    MetaGraph,
    Node,
    Shape,
    TensorSpec,
    full_name,
    node_of,
    output_index,
)
from sigfix.planning.edits import (
    AddSignature,
    FunctionSource,
    GraphSource,
    InputPlan,
    MergedSource,
    Parsed,
)
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.graphs import tensor_spec
from sigfix.planning.names import clean, make_unique

OPTION = "--parsed"
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_MOST = 300_000
"""Nodes that are looked at: functions that call others twice each have more than anybody can."""


def behind_parsers(
    meta_graph: MetaGraph,
    source: FunctionSource | MergedSource | GraphSource,
    inputs: list[FlatTensor],
    outputs: list[FlatTensor],
) -> tuple[list[FlatTensor], Parsed]:
    """The inputs of what is left of a source once its parsers are cut off, and what is cut.

    Raises `BlockedError` where nothing parses any tf.Examples, or where that cannot be told.
    """
    if isinstance(source, MergedSource):
        raise BlockedError(
            f"{OPTION}: it is for one function, and {source} are merged.",
            f"repair each with {OPTION} first, and merge them in a second run",
        )
    find = _of_graph if isinstance(source, GraphSource) else _of_function
    found = find(meta_graph, source, inputs, outputs)
    if not found.tensors:
        raise BlockedError(
            f"{OPTION}: nothing in this signature parses tf.Examples.", f"leave {OPTION} out"
        )
    kept = [item for item in inputs if _place(item) not in found.dropped]
    names = [item.name for item in kept]
    names = make_unique([*names, *(clean(item.name) or "feature" for _, item in found.tensors)])
    called = [name for name, _ in found.tensors]
    is_graph = isinstance(source, GraphSource)
    made = [
        item if is_graph else replace(item, position=number, merged=str(number))
        for number, item in enumerate(kept)
    ]
    for number, ((name, item), own) in enumerate(
        zip(found.tensors, names[len(kept) :], strict=True), len(kept)
    ):
        spec = TensorSpec(item.dtype, item.shape, name)
        place = -1 - len(inputs) - number if is_graph else number
        made.append(FlatTensor(place, name, own, spec, "" if is_graph else str(number)))
    whole = tuple(
        InputPlan(item.name, item.spec.dtype, item.spec.shape, _place(item)) for item in inputs
    )
    positions = () if is_graph else tuple(item.position for item in kept)
    return made, Parsed(whole, tuple(called), positions)


def _place(item: FlatTensor) -> str:
    return item.spec.name if item.position < 0 else str(item.position)


def require_plain(edit: AddSignature, inputs: list[FlatTensor]) -> None:
    """Raise `BlockedError` where an option changes more of what is fed than names.

    The result is compared with the source, which is fed with tf.Examples.
    """
    shapes = {item.spec.shape for item in inputs}
    if edit.bound or any(item.steps or item.shape not in shapes for item in edit.inputs):
        raise BlockedError(
            f"{OPTION}: inputs are renamed in the same run; values, shapes, dtypes and steps in "
            "front of them are for a second run.",
            "repair the result again, without " + OPTION,
        )


def before_parsers(edit: AddSignature) -> AddSignature:
    """The same with the inputs that the source itself takes."""
    return edit if edit.parsed is None else replace(edit, inputs=edit.parsed.inputs, parsed=None)


def parsed_notes(edit: AddSignature) -> tuple[str, ...]:
    """What a caller has to know of a signature whose parser is cut off."""
    if edit.parsed is None:
        return ()
    now = {item.name for item in edit.inputs}
    gone = [item.name for item in edit.parsed.inputs if item.name not in now]
    return (
        f"the parser of tf.Examples is cut off: whoever calls {edit.key} feeds what it made of "
        f"{', '.join(gone) or 'its inputs'}",
    )


@dataclass(frozen=True)
class _Found:
    """The tensors to feed with what they are called, and the inputs that nothing reads then."""

    tensors: list[tuple[str, ParsedTensor]]
    dropped: Collection[str]


def _of_graph(
    meta_graph: MetaGraph, source: object, inputs: list[FlatTensor], outputs: list[FlatTensor]
) -> _Found:
    nodes = meta_graph.graph.by_name
    results = [item.spec.name for item in outputs]
    before = needed(meta_graph, results)
    tensors: dict[str, ParsedTensor] = {}
    for name in sorted({node_of(name) for name in before}):
        node = nodes.get(name)
        if node is None or node.op not in PARSERS:
            continue
        read = tensor_spec(meta_graph, node.data_inputs[0]).shape
        for item in _outputs(node, nodes, read):
            tensors[f"{name}:{item.place}"] = item
    after = needed(meta_graph, results, tensors)
    used = [(name, item) for name, item in tensors.items() if name in after]
    places = {full_name(item.spec.name): item.spec.name for item in inputs}
    return _Found(used, {own for name, own in places.items() if name in before - after})


def _of_function(
    meta_graph: MetaGraph, source: object, inputs: list[FlatTensor], outputs: list[FlatTensor]
) -> _Found:
    assert isinstance(source, FunctionSource)
    library = meta_graph.graph.function_by_name
    function = library[source.trace]
    results = [function.outputs[item.position].name for item in outputs]
    before, after = (_Walk(library, function, results, cuts) for cuts in (False, True))
    order = [spec.name for spec in function.inputs]
    tensors: list[tuple[str, ParsedTensor]] = []
    for prefix, (scope, node) in sorted(after.parsers.items()):
        wanted = after.used[prefix]
        _, reader, name = scope.origin(node.data_inputs[0])
        shapes = {spec.name: spec.shape for spec in function.inputs}
        read = shapes.get(name) if reader is None else None
        for item in inputs:
            if reader is None and item.position < len(order) and order[item.position] == name:
                read = item.spec.shape
        tensors += [
            (f"{prefix}:{item.output}", item)
            for item in _outputs(node, scope.nodes, read)
            if item.output in wanted
        ]
    lost = before.arguments - after.arguments
    return _Found(tensors, {str(order.index(name)) for name in lost if name in order})


def _outputs(node: Node, nodes: dict[str, Node], read: Shape) -> list[ParsedTensor]:
    """A parser's outputs, for examples of the shape `read`."""
    batch: Shape = () if node.op == "ParseSingleExample" else (None,)
    if node.op != "ParseSingleExample" and read is not None and len(read) < 2:
        batch = read
    found = parsed_tensors(node, nodes, batch)
    if not found:
        raise BlockedError(
            f"{OPTION}: the features of {node.name} ({node.op}) cannot be told: their keys are no "
            "constants.",
            "export the model again with a signature that takes the features",
        )
    return found


@dataclass
class _Scope:
    """A call of a function: its nodes by name, and where its arguments come from."""

    library: dict[str, GraphFunction]
    function: GraphFunction
    prefix: str = ""
    caller: _Scope | None = None
    call: Node | None = None
    nodes: dict[str, Node] = field(default_factory=dict)
    called: dict[str, _Scope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes = {node.name: node for node in self.function.nodes}

    def origin(self, tensor: str) -> tuple[_Scope, Node | None, str]:
        """The node that computes a tensor, through calls and arguments; None for an argument."""
        scope, seen = self, 0
        while seen < _MOST:
            seen += 1
            node = scope.nodes.get(node_of(tensor))
            if node is None:
                if scope.caller is None or scope.call is None:
                    return scope, None, node_of(tensor)
                place = [spec.name for spec in scope.function.inputs].index(node_of(tensor))
                tensor, scope = scope.call.data_inputs[place], scope.caller
                continue
            inner = scope.inner(node)
            if inner is None:
                return scope, node, tensor
            outputs = inner.function.outputs
            name = outputs[output_index(tensor)].name if node.op in _CALLS else tensor.split(":")[1]
            tensor, scope = inner.function.returns[name], inner
        raise BlockedError(f"{OPTION}: {self.function.name} calls itself.")

    def inner(self, node: Node) -> _Scope | None:
        """The scope of the function that a node calls, None of other operators."""
        called = node.op if node.op in self.library else ""
        if node.op in _CALLS and node.functions:
            called = node.functions[0]
        if called not in self.library:
            return None
        if node.name not in self.called:
            if called in self._callers():
                raise BlockedError(f"{OPTION}: {called} calls itself.")
            prefix = f"{self.prefix}{node.name}/"
            function = self.library[called]
            self.called[node.name] = _Scope(self.library, function, prefix, self, node)
        return self.called[node.name]

    def _callers(self) -> Iterator[str]:
        scope: _Scope | None = self
        while scope is not None:
            yield scope.function.name
            scope = scope.caller


class _Walk:
    """What a function's results are computed from by data, through calls, up to parsers.

    `arguments` are those that are read, `parsers` the parsers by their names in the whole function,
    and `used` what is read of each (`dense_values:0`). Without `cuts` parsers are walked through.
    """

    def __init__(
        self,
        library: dict[str, GraphFunction],
        function: GraphFunction,
        results: Iterable[str],
        cuts: bool,
    ) -> None:
        self.arguments: set[str] = set()
        self.parsers: dict[str, tuple[_Scope, Node]] = {}
        self.used: dict[str, set[str]] = {}
        top = _Scope(library, function)
        pending = [(top, function.returns[name]) for name in results]
        seen: set[str] = set()
        while pending:
            scope, node, tensor = (found := pending.pop())[0].origin(found[1])
            if node is None:
                self.arguments.add(tensor)
                continue
            name = scope.prefix + node.name
            if cuts and node.op in PARSERS:
                self.parsers[name] = (scope, node)
                self.used.setdefault(name, set()).add(tensor.partition(":")[2])
            elif name not in seen:
                seen.add(name)
                pending += [(scope, item) for item in node.data_inputs]
            if len(seen) > _MOST:
                raise BlockedError(f"{OPTION}: {function.name} is too large to be looked through.")
