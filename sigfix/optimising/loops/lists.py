"""TensorLists and TensorArrays whose places are known: the tensors that are in them.

A loop writes what it computes into a list and reads what it goes through from one. Written out, it
does so at places that are numbers, so every read is of one tensor, and a stack joins them.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.building import add_concatenation
from sigfix.optimising.graph.dimensions import symbolic_shapes
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.slices import cuts_of
from sigfix.optimising.graph.static_values import Values
from sigfix.optimising.loops.evaluating import LARGEST
from sigfix.optimising.loops.frames import in_order, paths_of
from sigfix.optimising.loops.list_contents import Elements, Lists, become
from sigfix.optimising.loops.list_operators import LISTS, ListOperator


def write_out_lists(graph: Graph) -> int:
    """Let what reads a list read the tensors in it, outside of loops; returns how many readers."""
    if not any(node.op in LISTS for node in graph.nodes.values()):
        return 0
    shapes = infer_shapes(graph)
    lists = Lists(graph, shapes, Values(graph, symbolic_shapes(graph, shapes)))
    ordered = in_order(graph)
    paths = paths_of(graph, ordered)
    changed = sum(_follow(lists, node) for node in ordered if not paths[node.name])
    graph.set_nodes(graph.nodes)
    graph.prune()
    graph.set_nodes(graph.nodes)
    return changed


def _follow(lists: Lists, node: NodeDef) -> bool:
    """Note what list a node gives, or let it read tensors instead of one; whether it does."""
    name = str(node.name)
    if node.op == "Identity" and node.input[0] in lists.elements:
        lists.elements[name] = lists.elements[node.input[0]]
    operator = LISTS.get(node.op)
    if operator is None:
        return node.op == "StridedSlice" and _is_row(lists, node)
    known = lists.elements.get(operator.read(node, "list"))
    if operator.kind in _MAKERS:
        made = _MAKERS[operator.kind](lists, node, operator, known)
        if made is not None and len(made) <= LARGEST:
            lists.elements[f"{name}:1" if operator.second else name] = made
        return False
    return known is not None and _READERS[operator.kind](lists, node, operator, known)


def _is_row(lists: Lists, node: NodeDef) -> bool:
    """Let a slice that takes one tensor of a stack read that tensor; whether it does."""
    tensors, shape = lists.stacks.get(node.input[0]), lists.shapes.get(str(node.input[0]))
    cuts = cuts_of(lists.graph, node, len(shape)) if tensors and shape else None
    if not tensors or not shape or not cuts or not cuts[0].dropped:
        return False
    place = cuts[0].begin or 0
    rest = zip(cuts[1:], shape[1:], strict=False)
    if not -len(tensors) <= place < len(tensors) or len(cuts) != len(shape):
        return False
    if not all(cut.takes_all(size) for cut, size in rest):
        return False
    become(lists.graph, node, "Identity", [tensors[place]], int(node.attr["T"].type))
    return True


def _reserved(
    lists: Lists, node: NodeDef, operator: ListOperator, _: Elements | None
) -> Elements | None:
    size = lists.number(operator.read(node, "size")) if "size" in operator.places else 0
    return None if size is None or not 0 <= size <= LARGEST else (None,) * size


def _unstacked(
    lists: Lists, node: NodeDef, operator: ListOperator, _: Elements | None
) -> Elements | None:
    return lists.parts(node, operator.read(node, "tensor"))


def _scattered(
    lists: Lists, node: NodeDef, operator: ListOperator, known: Elements | None
) -> Elements | None:
    places = lists.numbers(operator.read(node, "places"))
    parts = lists.parts(node, operator.read(node, "tensor"), len(places or ()))
    if places is None or parts is None or len(parts) != len(places) or min(places, default=0) < 0:
        return None
    size = max(places, default=-1) + 1
    if operator.places.get("size") is not None:
        size = max(size, lists.number(operator.read(node, "size")) or 0)
    result = [*(known or ()), *[None] * (size - len(known or ()))]
    for place, part in zip(places, parts, strict=True):
        result[place] = part
    return tuple(result)


def _written(
    lists: Lists, node: NodeDef, operator: ListOperator, known: Elements | None
) -> Elements | None:
    place = lists.number(operator.read(node, "place"))
    if known is None or place is None or not 0 <= place < LARGEST:
        return None
    longer = [*known, *[None] * (place + 1 - len(known))]
    longer[place] = operator.read(node, "tensor")
    return tuple(longer)


def _pushed(
    lists: Lists, node: NodeDef, operator: ListOperator, known: Elements | None
) -> Elements | None:
    return None if known is None else (*known, operator.read(node, "tensor"))


def _resized(
    lists: Lists, node: NodeDef, operator: ListOperator, known: Elements | None
) -> Elements | None:
    size = lists.number(operator.read(node, "size"))
    if known is None or size is None or not 0 <= size <= LARGEST:
        return None
    return (*known[:size], *[None] * (size - len(known)))


_MAKERS = {
    "reserve": _reserved,
    "unstack": _unstacked,
    "scatter": _scattered,
    "write": _written,
    "push": _pushed,
    "resize": _resized,
}
"""Kinds that give a list: its elements from those of the list that is read, None: not known."""


def _read(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    place = lists.number(operator.read(node, "place"))
    if place is None or not 0 <= place < len(known):
        return False
    element = known[place]
    if element is None:
        filled = lists.filled(node, (None, next((e for e in known if e is not None), None)))
        element = None if filled is None else filled[0]
    if element is None:
        return False
    become(lists.graph, node, "Identity", [element], operator.type_of(node))
    return True


def _popped(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    if not known or known[-1] is None:
        return False
    lists.elements[str(node.name)] = known[:-1]
    lists.graph.redirect(f"{node.name}:1", known[-1])
    return True


def _stacked(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    return _join(lists, node, operator, known)


def _gathered(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    places = lists.numbers(operator.read(node, "places"))
    if places is None or any(not 0 <= place < len(known) for place in places):
        return False
    return _join(lists, node, operator, tuple(known[place] for place in places))


def _join(lists: Lists, node: NodeDef, operator: ListOperator, elements: Elements) -> bool:
    """Let a node be the stack of tensors along a new first axis.

    Joined along the first axis that they have, and reshaped once, where their sizes are known: that
    is what splitting into rows is undone by.
    """
    tensors = lists.filled(node, elements)
    if tensors is None:
        return False
    graph, kind, base = lists.graph, operator.type_of(node), str(node.name)
    shape = next((lists.shapes[t] for t in tensors if lists.shapes.get(t)), None)
    lists.stacks[base] = tensors
    if shape and None not in shape[1:] and 0 not in shape:
        joined = _one_after_the_other(graph, base, tensors, kind)
        size = -1 if shape[0] is None else shape[0]
        target = graph.add_constant(
            f"{base}/stacked", np.array([len(tensors), size, *shape[1:]], np.int32)
        )
        become(graph, node, "Reshape", [joined, target], kind)
        node.attr["Tshape"].type = DT_INT32
    else:
        become(graph, node, "Pack", tensors, kind)
        node.attr["N"].i, node.attr["axis"].i = len(tensors), 0
    return True


def _concatenated(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    if (
        not known
        or None in known
        or any(f"{node.name}:1" in reader.input for reader in lists.graph.readers(node.name))
    ):
        return False
    kind = operator.type_of(node)
    joined = _one_after_the_other(lists.graph, str(node.name), list(map(str, known)), kind)
    become(lists.graph, node, "Identity", [joined], kind)
    return True


def _one_after_the_other(graph: Graph, base: str, tensors: list[str], data_type: int) -> str:
    """Tensors joined along their first axis."""
    if len(tensors) == 1:
        return tensors[0]
    axis = graph.add_constant(f"{base}/axis", np.array(0, np.int32))
    return str(add_concatenation(graph, f"{base}/joined", tensors, axis, data_type).name)


def _measured(lists: Lists, node: NodeDef, operator: ListOperator, known: Elements) -> bool:
    lists.graph.set_constant(str(node.name), np.array(len(known), np.int32))
    return True


_READERS = {
    "read": _read,
    "pop": _popped,
    "stack": _stacked,
    "gather": _gathered,
    "concatenate": _concatenated,
    "length": _measured,
}
"""Kinds that read a list whose elements are known: whether the node does without it now."""
