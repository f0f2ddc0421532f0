"""What is executed when a model is loaded, and when one of its callables is called."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sigfix.describing.scalars import ARGUMENTS_FROM
from sigfix.model import MetaGraph, Node, ObjectNode, node_of

RUN_BY_LOADING = ("_create_resource", "_initialize")
"""Methods of an object that `tf.saved_model.load` calls."""

_PASSED_ON = frozenset({"Identity", "StopGradient", "EnsureShape"})
_CALLING = frozenset({
    "PartitionedCall", "StatefulPartitionedCall", "While", "StatelessWhile", "_While",
    *ARGUMENTS_FROM,
})  # fmt: skip


@dataclass(frozen=True)
class Run:
    """Nodes that are executed: `nodes` are (function, node), '' for the graph itself.

    `captures` tells, of a function that the loader calls, which objects stand behind its last
    arguments: a kind of object graph node each.
    """

    meta: MetaGraph
    nodes: tuple[tuple[str, Node], ...]
    captures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def fed_by_loader(self) -> frozenset[str]:
        """The graph's nodes that a loader feeds a file's name to: of variables and assets."""
        tensors = [self.meta.saver_filename_tensor, *(a.tensor for a in self.meta.assets)]
        return frozenset(node_of(tensor) for tensor in tensors if tensor)

    @cached_property
    def _bodies(self) -> dict[str, dict[str, Node]]:
        bodies: dict[str, dict[str, Node]] = {}
        for function, node in self.nodes:
            bodies.setdefault(function, {})[node.name] = node
        return bodies

    @cached_property
    def readers(self) -> dict[tuple[str, str], list[Node]]:
        """(function, node) -> the nodes that are executed in it and read its data."""
        found: dict[tuple[str, str], list[Node]] = {}
        for function, node in self.nodes:
            for name in dict.fromkeys(map(node_of, node.data_inputs)):
                found.setdefault((function, name), []).append(node)
        return found

    @cached_property
    def functions_of(self) -> dict[int, str]:
        """The function that each executed node is in, by the node's `id`."""
        return {id(node): function for function, node in self.nodes}

    @cached_property
    def callers(self) -> dict[str, list[tuple[str, Node]]]:
        """Function -> (function, node) of all that call it."""
        callers: dict[str, list[tuple[str, Node]]] = {}
        library = self.meta.graph.function_by_name
        for function, node in self.nodes:
            for called in {*node.functions, node.op} & library.keys():
                callers.setdefault(called, []).append((function, node))
        return callers

    def origins(self, function: str, tensor: str) -> Iterator[Node | str]:
        """Where a value comes from, through calls and copies: nodes, or kinds of captured objects.

        'unknown' stands for an argument that somebody else gives.
        """
        return self._walk(function, tensor, _PASSED_ON)

    def depends_on(self, function: str, tensor: str, operators: Collection[str]) -> bool:
        """Whether a value is computed from what one of `operators` puts out, through calls."""
        found = self._walk(function, tensor, None)
        return any(isinstance(item, Node) and item.op in operators for item in found)

    def _walk(
        self, function: str, tensor: str, passing: Collection[str] | None
    ) -> Iterator[Node | str]:
        """Backwards from a tensor; through `passing` operators, which are not told, or all."""
        library = self.meta.graph.function_by_name
        pending, seen = [(function, tensor)], set()
        while pending:
            scope, name = pending.pop()
            key = (scope, node_of(name))
            if key in seen:
                continue
            seen.add(key)
            node = self._bodies.get(scope, {}).get(key[1])
            if node is None and not scope:
                node = self.meta.graph.by_name.get(key[1])
            if node is None:
                given = list(self._given(scope, key[1]))
                pending += [item for item in given if isinstance(item, tuple)]
                yield from (item for item in given if isinstance(item, str))
                continue
            if passing is not None and node.op == "ReadVariableOp" and not scope:
                stored = self._stored(node)
                pending += [("", item) for item in stored]
                if stored:
                    continue
            if passing is None or node.op not in passing:
                yield node
            if passing is None or node.op in passing:
                pending += [(scope, item) for item in node.data_inputs]
            if passing is None:
                called = {*node.functions, node.op} & library.keys()
                pending += [
                    (name, out) for name in called for out in library[name].returns.values()
                ]

    def _stored(self, read: Node) -> list[str]:
        """What the graph puts into the variable that a node reads; none where it cannot be told.

        TensorFlow keeps an asset's path in a variable, for loaders of TF1.
        """
        handle = node_of(read.data_inputs[0]) if read.data_inputs else ""
        users = [
            node
            for node in self.meta.graph.nodes
            if any(node_of(item) == handle for item in node.data_inputs)
        ]
        known = {"ReadVariableOp", "AssignVariableOp", "VarIsInitializedOp"}
        if not all(node.op in known for node in users):
            return []
        assigned = [node.data_inputs for node in users if node.op == "AssignVariableOp"]
        return [inputs[1] for inputs in assigned if len(inputs) > 1]

    def _given(self, function: str, argument: str) -> Iterator[tuple[str, str] | str]:
        """What a function's argument is: the callers' tensors, or the kind of a captured object."""
        definition = self.meta.graph.function_by_name.get(function)
        names = [spec.name for spec in definition.inputs] if definition else []
        if argument not in names:
            yield "unknown"
            return
        index = names.index(argument)
        for scope, node in self.callers.get(function, ()):
            position = index + ARGUMENTS_FROM.get(node.op, 0)
            is_plain = node.op in _CALLING or node.op == function
            if is_plain and position < len(node.data_inputs):
                yield scope, node.data_inputs[position]
            else:
                yield "unknown"
        if function in self.captures:
            captured = self.captures[function]
            place = index - (len(names) - len(captured))
            yield captured[place] if place >= 0 else "unknown"


def of_tensors(meta: MetaGraph, tensors: Collection[str]) -> Run:
    """What computing tensors of the graph executes (`x:0`; an operation's name, for its effect)."""
    return _run(meta, tensors, ())


def of_functions(meta: MetaGraph, names: Collection[str]) -> Run:
    """What calling concrete functions executes."""
    return _run(meta, (), names)


def of_signature(meta: MetaGraph, key: str) -> Run:
    """What a signature executes, through either loader: by its tensors, and by its function."""
    signature = meta.signature(key)
    outputs = signature.outputs if signature else ()
    tensors = [name for output in outputs for name in output.tensor_names]
    functions: list[str] = []
    objects = meta.objects
    if objects is not None and objects.root is not None:
        holders = [child for name, child in objects.root.children if name == "signatures"]
        for holder in _nodes(meta, holders):
            named = [child for name, child in holder.children if name == key]
            functions += [f for node in _nodes(meta, named) for f in node.concrete_functions]
    return _run(meta, tensors, functions)


def loading(meta: MetaGraph) -> Run:
    """What loading executes, through either loader: restoring, initialisers, resources."""
    tensors = [meta.saver_restore_op, meta.init_op]
    functions: list[str] = []
    for node in meta.objects.nodes if meta.objects is not None else ():
        methods = [child for name, child in node.children if name in RUN_BY_LOADING]
        called = [*methods, *node.restorers]
        functions += [f for item in _nodes(meta, called) for f in item.concrete_functions]
    return _run(meta, [name for name in tensors if name], functions)


def whole(meta: MetaGraph) -> Run:
    """Everything that the MetaGraph holds, whoever runs it."""
    functions = [function.name for function in meta.graph.functions]
    captures = _captures(meta, functions)
    return Run(meta, tuple(meta.graph.all_nodes()), captures)


def _nodes(meta: MetaGraph, ids: Collection[int]) -> list[ObjectNode]:
    """The object graph's nodes; a number that leads nowhere is passed over."""
    nodes = meta.objects.nodes if meta.objects is not None else ()
    return [nodes[index] for index in ids if 0 <= index < len(nodes)]


def _run(meta: MetaGraph, tensors: Collection[str], functions: Collection[str]) -> Run:
    nodes = meta.graph.executed(tensors, functions)
    return Run(meta, nodes, _captures(meta, functions))


def _captures(meta: MetaGraph, functions: Collection[str]) -> dict[str, tuple[str, ...]]:
    objects = meta.objects
    if objects is None:
        return {}
    return {
        name: tuple(
            objects.nodes[index].kind if 0 <= index < len(objects.nodes) else "unknown"
            for index in objects.traces[name].bound_inputs
        )
        for name in functions
        if name in objects.traces
    }
