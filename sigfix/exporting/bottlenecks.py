"""Where a graph can be cut so that nothing is left of what TensorFlow.js cannot compute.

Behind an operator that it lacks there are tensors through which all goes that comes of it. Of
those the best input is the last one of whole numbers before numbers are computed with (token ids
rather than pieces of words), or else the first of numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import tensorflow as tf

from sigfix.describing.targets import TAKES_STRINGS, Target, find_target, is_foreign
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.loops.frames import Frames, in_order, paths_of

DT_STRING = 7
LOOKUP = "LookupTableFindV2"
_BACK = ("NextIteration",)
_PASSED = ("PlaceholderWithDefault", "Assert", "Print", "PrintV2", "NoOp")


def wanting(graph: Graph) -> set[str]:
    """The nodes behind an input that TensorFlow.js cannot compute, lookups in tables among them."""
    target = find_target("tfjs")
    behind = _behind(graph, graph.inputs)
    return {
        name
        for name in behind & _computing(graph)
        if _lacking(graph.nodes[name], target) and graph.nodes[name].op not in _PASSED
    }


def _lacking(node: NodeDef, target: Target) -> bool:
    if is_foreign(str(node.op), target) or node.op == LOOKUP:
        return True
    types = [node.attr[name].type for name in ("T", "Tparams") if name in node.attr]
    return DT_STRING in types and node.op not in TAKES_STRINGS


def bottlenecks(graph: Graph, found: Collection[str]) -> list[str]:
    """Tensors to cut at so that none of the nodes `found` is computed; none where that fails."""
    order = [str(node.name) for node in graph.ordered()]
    number = {name: i for i, name in enumerate(order)}
    frames = paths_of(graph, in_order(graph))
    outside = {name for name in order if not frames[name]}  # what is in a loop cannot be fed
    needed = _computing(graph)
    passing: dict[str, int] = {}
    for name in reversed(order):
        if name not in needed:
            continue
        own = 1 << number[name]
        if name in graph.outputs:
            passing[name] = own
            continue
        readers = {
            str(node.name)
            for node in graph.readers(name)
            if node.name in needed and node.op not in _BACK
            and any(node_of(r) == name for r in node.input if not r.startswith("^"))
        }  # fmt: skip
        common = -1
        for reader in readers:
            common &= passing.get(reader, own)
        passing[name] = own | (common if readers else 0)
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph.graph_def(), name="")
    chosen: list[str] = []
    branching: list[str] = []
    ends = {name for each in found for name in _ends(graph, each, frames) if name in needed}
    for name in sorted(ends, key=lambda each: number[each]):
        candidates = [
            each for each in order if passing[name] >> number[each] & 1 and each in outside
        ]
        best = _best(graph, imported, candidates)
        if best is None:
            branching.append(name)
        else:
            chosen.append(best)
    for name in reversed(branching):
        if name in _left(graph, chosen):
            chosen += _numbers(graph, imported, name)
    return [] if _left(graph, chosen) & set(found) else list(dict.fromkeys(chosen))


def _ends(graph: Graph, name: str, frames: Mapping[str, Frames]) -> list[str]:
    """A node, or, where it is in a loop, the Exits through which the loop gives its results."""
    if not frames[name]:
        return [name]
    loop = frames[name][0]
    exits = [node for node in graph.nodes.values() if node.op == "Exit" and not frames[node.name]]
    return [
        str(node.name)
        for node in exits
        if frames[node_of(node.input[0])][:1] == (loop,) and name in upstream(graph, node.name)
    ]


def _numbers(graph: Graph, imported: tf.Graph, name: str) -> list[str]:
    """The tensors of numbers that a node puts out, for what nothing behind it brings together."""
    if name in graph.outputs:
        return []
    outputs = imported.get_operation_by_name(name).outputs
    named = [(f"{name}:{place}" if place else name, each) for place, each in enumerate(outputs)]
    return [
        reference
        for reference, tensor in named
        if tensor.dtype.is_numpy_compatible and tensor.dtype != tf.string
        and shape_of(tensor).rank is not None
    ]  # fmt: skip


def _left(graph: Graph, cuts: Collection[str]) -> set[str]:
    """The nodes that outputs are still computed from where these tensors are inputs."""
    found: set[str] = set()
    pending = list(graph.outputs)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            read = [r for r in graph.nodes[name].input if not r.startswith("^")]
            pending += [node_of(r) for r in read if r.removesuffix(":0") not in cuts]
    return found


def _best(graph: Graph, imported: tf.Graph, candidates: list[str]) -> str | None:
    whole = None
    for name in candidates:
        operation = imported.get_operation_by_name(name)
        if name in graph.outputs or len(operation.outputs) != 1:
            continue
        tensor = operation.outputs[0]
        if _leads_nowhere(graph, name) or shape_of(tensor).rank is None:
            continue
        if tensor.dtype.is_floating:
            return whole or name
        if tensor.dtype.is_integer or tensor.dtype.is_bool:
            whole = name
    return whole


def shape_of(tensor: tf.Tensor) -> tf.TensorShape:
    """A tensor's shape; of what is looked up in a table it is that of the keys."""
    operation = tensor.op
    return operation.inputs[1].shape if operation.type == LOOKUP else tensor.shape


def _leads_nowhere(graph: Graph, name: str) -> bool:
    """Whether nothing but an output's name is behind a node."""
    readers = graph.readers(name)
    return all(
        node.op == "Identity" and (node.name in graph.outputs or _leads_nowhere(graph, node.name))
        for node in readers
    )


def _computing(graph: Graph) -> set[str]:
    """The nodes that outputs are computed from, by data alone."""
    return set().union(*(upstream(graph, name) for name in graph.outputs))


def upstream(graph: Graph, reference: str) -> set[str]:
    """What a tensor is computed from by data, itself among it."""
    found: set[str] = set()
    pending = [node_of(reference)]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [node_of(r) for r in graph.nodes[name].input if not r.startswith("^")]
    return found


def _behind(graph: Graph, names: Collection[str]) -> set[str]:
    """What depends on these nodes by data, however far."""
    found: set[str] = set()
    pending = [name for name in names if name in graph.nodes]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [
                str(node.name)
                for node in graph.readers(name)
                if any(node_of(r) == name for r in node.input if not r.startswith("^"))
            ]
    return found
