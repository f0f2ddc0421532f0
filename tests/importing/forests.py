"""Forests with drawn questions and votes, as attributes of ai.onnx.ml's nodes."""

from __future__ import annotations

from typing import Any

import numpy as np

FEATURES = 4


def forest(
    votes: str,
    mode: str = "BRANCH_LEQ",
    classes: int = 3,
    *,
    lowest: float = 0.0,
    lost: bool = False,
    trees: int = 3,
    depth: int = 3,
) -> dict[str, Any]:
    """Attributes with votes (`class` or `target`) from `lowest` to 1, for all classes or for one.

    With `lost` some nodes say yes to what is missing.
    """
    random = np.random.default_rng(7)
    nodes: dict[str, list[Any]] = {
        name: []
        for name in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids",
                     "falsenodeids", "missing_value_tracks_true")
    }  # fmt: skip
    leaves: dict[str, list[Any]] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}

    def grow(tree: int, rows: list[Any], left: int) -> int:
        place = len(rows)
        rows.append(None)
        if left == 0 or (left < depth and random.random() < 0.25):
            rows[place] = (0, "LEAF", 0.0, 0, 0, 0)
            for number in range(classes):
                vote = (tree, place, number, float(random.uniform(lowest, 1)))
                for column, value in zip(leaves.values(), vote, strict=True):
                    column.append(value)
        else:
            below = [grow(tree, rows, left - 1) for _ in range(2)]
            limit, asked = float(random.normal()), int(random.integers(FEATURES))
            rows[place] = (asked, mode, limit, *below, int(lost and random.random() < 0.5))
        return place

    for tree in range(trees):
        rows: list[Any] = []
        grow(tree, rows, depth)
        for place, row in enumerate(rows):
            for column, value in zip(nodes.values(), (tree, place, *row), strict=True):
                column.append(value)
    if not lost:
        del nodes["missing_value_tracks_true"]
    found = {f"nodes_{name}": values for name, values in nodes.items()}
    return {**found, **{f"{votes}_{name}": values for name, values in leaves.items()}}
