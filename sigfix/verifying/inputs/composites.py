"""The parts of sparse and ragged inputs, drawn so that they fit each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sigfix.model import Shape
from sigfix.planning.edits import InputPlan
from sigfix.verifying.arrays import Array, Arrays

Sample = Callable[[InputPlan, tuple[int, ...]], Array]
"""Draws the values of one input in a shape."""


def filled(shape: Shape, batch: int, size: int, rank: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with its open dimensions closed; `rank` is what is behind an unknown one's batch."""
    if shape is None:
        return (batch, *rank)
    return tuple(
        known if known is not None else (batch if index == 0 else size)
        for index, known in enumerate(shape)
    )


def sparse(
    parts: Mapping[str, InputPlan], shape: Shape, batch: int, size: int, sample: Sample
) -> Arrays:
    """One value in each row, its position along the diagonal; indices in order."""
    if shape is None:
        columns = parts["indices"].shape
        rank = columns[1] if columns is not None and len(columns) == 2 else None
        shape = (None,) * (rank or 2)
    dense = filled(shape, batch, size, ())
    rows = dense[0] if dense else 0
    indices = [[row, *(row % width for width in dense[1:])] for row in range(rows)]
    drawn = {
        "indices": np.array(indices, "int64").reshape(rows, len(dense)),
        "values": sample(parts["values"], (rows,)),
        "dense_shape": np.array(dense, "int64"),
    }
    return {item.name: drawn[part] for part, item in parts.items()}


def ragged(
    parts: Mapping[str, InputPlan], shape: Shape, batch: int, size: int, sample: Sample
) -> Arrays:
    """Rows of 1, 2, 3, ... items, at each ragged dimension."""
    drawn: Arrays = {}
    rows = batch
    for part in sorted(part for part in parts if part.startswith("row_splits")):
        splits = np.concatenate([[0], np.cumsum(np.arange(1, rows + 1))])
        drawn[part] = splits.astype(parts[part].dtype)
        rows = int(splits[-1])
    values = parts["values"]
    inner = filled(values.shape, rows, size, ()) if values.shape is not None else (rows,)
    drawn["values"] = sample(values, (rows, *inner[1:]))
    return {item.name: drawn[part] for part, item in parts.items()}
