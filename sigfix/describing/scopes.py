"""Nodes in groups by the scopes of their names, no more of them than fit into a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_WRAPPERS = ("StatefulPartitionedCall", "PartitionedCall")
_NO_NAME = re.compile(r"[^A-Za-z0-9_.\\/>-]")
RUN = " ... "
"""What stands between the first and the last scope of several."""
_LEAST = 2
_MANY = 64
"""Nodes of one scope beside one another that are shown in runs."""
_SMALL = 8
"""Nodes of a layer that is not opened: its own operators would say less than its name."""


MOST_STAGES = 30
"""Tensors inside a network by which two of them are compared."""
UNTOLD = frozenset({
    "Const", "Constant", "NoOp", "Placeholder", "Shape", "ShapeN", "Size", "Rank", "Range", "Pack",
    "StridedSlice", "ArgMax", "ArgMin", "Identity",
})  # fmt: skip
"""Operators whose results are no numbers of a layer, or those of another once more."""


@dataclass(frozen=True)
class Group:
    """Nodes by their numbers, in the order of computation, and the scope that they are in.

    One that is `whole` has nothing in it that could be told apart by names.
    """

    name: str
    members: tuple[int, ...]
    depth: int = 0
    whole: bool = False


def common_scope(names: Iterable[str]) -> str:
    """The scope that all of these names are in, '' where there is none."""
    found: list[str] = []
    for parts in zip(*(name.split("/") for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        found.append(parts[0])
    return "/".join(found)


def grouped_by_scope(nodes: Sequence[tuple[str, str]], most: int) -> list[Group]:
    """At most `most` groups of nodes that are given as (name, operator), in their order."""
    if not nodes:
        return []
    paths = [_path(name) for name, _ in nodes]
    groups = [Group("", tuple(range(len(nodes))))]
    while open_groups := [item for item in groups if not item.whole]:
        largest = max(open_groups, key=lambda item: len(item.members))
        room = most - len(groups) + 1
        share = max(_LEAST, room * len(largest.members) // sum(len(o.members) for o in open_groups))
        parts = _opened(largest, paths, nodes, room, share)
        at = groups.index(largest)
        groups[at : at + 1] = parts if len(parts) <= room else [_as_whole(largest)]
    return sorted(groups, key=lambda item: item.members[0])


def last_of_parts(nodes: Sequence[tuple[str, str]], most: int) -> list[tuple[int, str]]:
    """The last node of each of at most `most` groups, as its number and the group's name."""
    return sorted((max(group.members), group.name) for group in grouped_by_scope(nodes, most))


def plain_name(name: str) -> str:
    """A node's name without what only says that a function was called."""
    return "/".join([*_path(name), name.rpartition("/")[2]])


def scope_name(tensor: str) -> str:
    """What TensorFlow can call the nodes that compute an ONNX tensor: a scope of that name."""
    name = "/".join(filter(None, _NO_NAME.sub("_", tensor).split("/")))
    return name if name[:1].isalnum() else f"x{name}"


def _path(name: str) -> tuple[str, ...]:
    """The scopes of a node without what only says that a function was called, and its own name."""
    parts = name.split("/")
    return tuple(p for p in parts[:-1] if p and not p.startswith(_WRAPPERS)) or ()


def _as_whole(group: Group) -> Group:
    return Group(group.name, group.members, group.depth, whole=True)


def _opened(
    group: Group,
    paths: Sequence[tuple[str, ...]],
    nodes: Sequence[tuple[str, str]],
    room: int,
    share: int,
) -> list[Group]:
    """What is in a group, in at most `room` parts; where that are too many, in `share` runs."""
    inner: dict[str, list[int]] = {}
    direct = sum(len(paths[index]) == group.depth for index in group.members)
    is_flat = direct == len(group.members) > _MANY
    for index in group.members:
        path = paths[index]
        if len(path) > group.depth:
            inner.setdefault(path[group.depth], []).append(index)
        elif is_flat or not group.depth:  # the node stands for itself
            inner.setdefault(f"\0{index}", []).append(index)
        else:
            inner.setdefault("", []).append(index)
    if len(inner) == 1 and "" in inner:
        return [_as_whole(group)]
    parts = []
    for name, members in inner.items():
        if name.startswith("\0"):
            parts.append(Group(nodes[members[0]][0], tuple(members), whole=True))
        elif name:
            inside = f"{group.name}/{name}" if group.name else name
            parts.append(Group(inside, tuple(members), group.depth + 1, len(members) <= _SMALL))
        else:
            parts.append(Group(group.name, tuple(members), group.depth, whole=True))
    return parts if len(parts) <= room else _runs(sorted(parts, key=_first), share)


def _first(group: Group) -> int:
    return group.members[0]


def _runs(parts: list[Group], count: int) -> list[Group]:
    """Parts that follow one another, taken together in `count` runs of about as many nodes."""
    total, taken = sum(len(item.members) for item in parts), 0
    runs: list[list[Group]] = [[]]
    for item in parts:
        if runs[-1] and taken >= total * len(runs) / count:
            runs.append([])
        runs[-1].append(item)
        taken += len(item.members)
    return [
        run[0]
        if len(run) == 1
        else Group(
            f"{run[0].name}{RUN}{run[-1].name.rpartition('/')[2]}",
            tuple(sorted(index for item in run for index in item.members)),
            whole=True,
        )
        for run in runs
    ]
