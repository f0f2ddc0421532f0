"""Trees of ai.onnx.ml, as gathers: all rows go down all trees at once, a step a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.importing.contrib_writing import Writer

Array = np.ndarray[Any, Any]
MOST = 2**22
"""Numbers that the tables of a forest may have."""
DEEPEST = 512
"""Questions that its longest way may have: each is written out."""
_SWAPPED = {"BRANCH_GTE": "BRANCH_LT", "BRANCH_GT": "BRANCH_LEQ", "BRANCH_NEQ": "BRANCH_EQ"}
"""What says the opposite: the branches are swapped then."""


@dataclass(frozen=True)
class Forest:
    """A table row a node: the feature it asks for, with what, where it leads to, and its votes.

    A leaf leads to itself. `roots` are the rows that trees begin with, `depth` the most steps.
    """

    mode: str
    features: Array
    limits: Array
    yes: Array
    no: Array
    missing: Array
    votes: Array
    roots: Array
    depth: int


def forest(attributes: dict[str, Any], prefix: str, classes: int) -> Forest | None:
    """The trees that a node's attributes say, votes by `prefix`; None for those not expressed."""
    trees, nodes = (list(attributes.get(f"nodes_{k}", ())) for k in ("treeids", "nodeids"))
    places = {key: row for row, key in enumerate(zip(trees, nodes, strict=False))}
    modes = [_text(mode) for mode in attributes.get("nodes_modes", ())]
    kinds = {mode for mode in modes if mode != "LEAF"}
    told = {
        name: list(attributes.get(f"nodes_{name}", ()))
        for name in ("featureids", "values", "truenodeids", "falsenodeids")
    }
    sizes = {len(trees), len(nodes), len(modes), len(places), *map(len, told.values())}
    if len(sizes) > 1 or not places or len(kinds) > 1 or len(places) * classes > MOST:
        return None
    count = len(places)
    leaf = np.array([mode == "LEAF" for mode in modes])
    leads = []
    for name in ("truenodeids", "falsenodeids"):
        rows = [
            row if leaf[row] else places.get((trees[row], target), -1)
            for row, target in enumerate(told[name])
        ]
        leads.append(np.array(rows, np.int64))
    votes = _votes(attributes, prefix, places, (count, classes))
    if votes is None or any((rows < 0).any() for rows in leads):
        return None
    yes, no = leads
    mode = next(iter(kinds), "BRANCH_LEQ")
    tracks = list(attributes.get("nodes_missing_value_tracks_true", ()))
    missing = np.array(tracks if len(tracks) == count else [0] * count, bool) & ~leaf
    if mode in _SWAPPED:
        if missing.any():
            return None
        mode, yes, no = _SWAPPED[mode], no, yes
    inner = np.concatenate([yes[~leaf], no[~leaf]])
    roots = np.setdiff1d(np.arange(count), inner)
    depth = _depth(roots, yes, no, leaf)
    if depth is None or len(roots) != len(set(trees)):
        return None
    features = np.where(leaf, 0, np.array(told["featureids"], np.int64))
    limits = np.array(told["values"], np.float32)
    return Forest(mode, features, limits, yes, no, missing, votes, roots, depth)


def _votes(
    attributes: dict[str, Any], prefix: str, places: dict[Any, int], shape: tuple[int, int]
) -> Array | None:
    """What each leaf adds to each class or target; None for what does not fit."""
    columns = [
        list(attributes.get(f"{prefix}_{name}", ()))
        for name in ("treeids", "nodeids", "ids", "weights")
    ]
    if len({len(column) for column in columns}) > 1:
        return None
    votes = np.zeros(shape, np.float32)
    for tree, node, number, weight in zip(*columns, strict=True):
        if (tree, node) not in places or not 0 <= number < shape[1]:
            return None
        votes[places[tree, node], number] += weight
    return votes


def _depth(roots: Array, yes: Array, no: Array, leaf: Array) -> int | None:
    """How many questions the longest way asks; None for too many, and where a way leads round."""
    level, depth = roots[~leaf[roots]], 0
    while len(level):
        depth += 1
        if depth > min(DEEPEST, len(yes)):
            return None
        below = np.unique(np.concatenate([yes[level], no[level]]))
        level = below[~leaf[below]]
    return depth


def summed_votes(to: Writer, x: str, trees: Forest, is_mean: bool = False) -> str:
    """[rows, classes] of floats [rows, features]."""
    tables = [trees.features, trees.limits, trees.yes, trees.no]
    features, limits, yes, no = (to.constant(table) for table in tables)
    # All rows begin at the roots: a product with 0 tells how many rows there are.
    batch = to.unsqueeze(to.size(x, 0), 0)
    width = to.constant(np.array([len(trees.roots)], np.int64))
    at = to.add("Expand", to.constant(trees.roots[None]), to.add("Concat", batch, width, axis=0))
    for _ in range(trees.depth):
        value = to.add("GatherElements", x, to.add("Gather", features, at), axis=1)
        goes = _answer(to, trees, value, to.add("Gather", limits, at))
        if trees.missing.any():
            lost = to.add("Gather", to.constant(trees.missing), at)
            goes = to.add("Or", goes, to.add("And", to.add("IsNaN", value), lost))
        at = to.add("Where", goes, to.add("Gather", yes, at), to.add("Gather", no, at))
    total = to.total(to.add("Gather", to.constant(trees.votes), at), 1)
    return to.add("Div", total, to.number(float(len(trees.roots)))) if is_mean else total


def _answer(to: Writer, trees: Forest, value: str, limit: str) -> str:
    if trees.mode == "BRANCH_LT":
        return to.add("Less", value, limit)
    equal = to.add("Equal", value, limit)
    return equal if trees.mode == "BRANCH_EQ" else to.add("Or", to.add("Less", value, limit), equal)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
