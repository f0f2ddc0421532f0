"""Seeded inputs for a signature, in the shapes a model may want, easiest guess last.

What a dynamic dimension or a string must hold is not in the file, so there are several attempts;
the first that the source accepts is compared.
"""

from __future__ import annotations

import zlib
from typing import Any

from sigfix.describing.examples import ExampleFeature
from sigfix.model import Shape
from sigfix.planning.edits import InputPlan
from sigfix.planning.steps import Normalize
from sigfix.verifying.examples import serialized_example

BATCHES = (1, 3)
DYNAMIC_SIZES = (8, 32, 64, 224)
UNKNOWN_RANKS = ((), (8,), (32, 32, 3))
"""Shapes tried behind the batch for a tensor of unknown rank."""

WORDS = (b"a", b"the quick brown fox", b"42", b"")


def has_dynamic_batch(inputs: tuple[InputPlan, ...]) -> bool:
    """Whether the first dimension of some input is open."""
    return any(
        item.component is not None or item.shape is None or (item.shape and item.shape[0] is None)
        for item in inputs
    )


def attempts(
    inputs: tuple[InputPlan, ...], seed: int, features: tuple[ExampleFeature, ...] = ()
) -> list[list[dict[str, Any]]]:
    """For every batch size, the input sets to try in order: name -> numpy array.

    Where the model parses tf.Examples with these `features`, strings are such examples first.
    """
    batches = BATCHES if has_dynamic_batch(inputs) else (1,)
    found = [_attempts(inputs, batch, seed) for batch in batches]
    if features:
        found = [[_with_examples(inputs, case[0], seed, features), *case] for case in found]
    return found


def _with_examples(
    inputs: tuple[InputPlan, ...],
    drawn: dict[str, Any],
    seed: int,
    features: tuple[ExampleFeature, ...],
) -> dict[str, Any]:
    """The drawn inputs, every string a serialized tf.Example."""
    import numpy as np

    generator = np.random.default_rng(seed)
    strings = {item.name for item in inputs if item.dtype == "string" and item.component is None}
    found = dict(drawn)
    for name in sorted(strings):
        texts = np.empty(drawn[name].shape, dtype=object)
        for index in np.ndindex(texts.shape):
            texts[index] = serialized_example(features, generator, list(WORDS[:3]))
        found[name] = texts
    return found


def _attempts(inputs: tuple[InputPlan, ...], batch: int, seed: int) -> list[dict[str, Any]]:
    shapes = [item.shape if item.component is None else item.component.shape for item in inputs]
    open_inside = any(shape is None or None in shape[1:] for shape in shapes)
    sizes = DYNAMIC_SIZES if open_inside else DYNAMIC_SIZES[:1]
    ranks = UNKNOWN_RANKS if any(shape is None for shape in shapes) else UNKNOWN_RANKS[:1]
    found = []
    for plain in (False, True):
        for size in sizes:
            for rank in ranks:
                drawn = {
                    item.name: _sample(item, _fill(item.shape, batch, size, rank), seed, plain)
                    for item in inputs
                    if item.component is None
                }
                found.append(drawn | _composites(inputs, batch, size, seed, plain))
    return found


def _composites(
    inputs: tuple[InputPlan, ...], batch: int, size: int, seed: int, plain: bool
) -> dict[str, Any]:
    """The parts of sparse and ragged inputs, drawn so that they fit each other."""
    groups: dict[str, dict[str, InputPlan]] = {}
    for item in inputs:
        if item.component is not None:
            groups.setdefault(item.component.of, {})[item.component.part] = item
    found = {}
    for parts in groups.values():
        component = next(iter(parts.values())).component
        assert component is not None
        draw = _sparse if component.kind == "sparse" else _ragged
        found.update(draw(parts, component.shape, batch, size, seed, plain))
    return found


def _sparse(
    parts: dict[str, InputPlan], shape: Shape, batch: int, size: int, seed: int, plain: bool
) -> dict[str, Any]:
    """One value in each row, its position along the diagonal; indices in order."""
    import numpy as np

    if shape is None:
        columns = parts["indices"].shape
        rank = columns[1] if columns is not None and len(columns) == 2 else None
        shape = (None,) * (rank or 2)
    dense = _fill(shape, batch, size, ())
    rows = dense[0] if dense else 0
    indices = [[row, *(row % width for width in dense[1:])] for row in range(rows)]
    values = _sample(parts["values"], (rows,), seed, plain)
    drawn = {
        "indices": np.array(indices, "int64").reshape(rows, len(dense)),
        "values": values,
        "dense_shape": np.array(dense, "int64"),
    }
    return {item.name: drawn[part] for part, item in parts.items()}


def _ragged(
    parts: dict[str, InputPlan], shape: Shape, batch: int, size: int, seed: int, plain: bool
) -> dict[str, Any]:
    """Rows of 1, 2, 3, ... items, at each ragged dimension."""
    import numpy as np

    drawn, rows = {}, batch
    for part in sorted(part for part in parts if part.startswith("row_splits")):
        splits = np.concatenate([[0], np.cumsum(np.arange(1, rows + 1))])
        drawn[part] = splits.astype(parts[part].dtype)
        rows = int(splits[-1])
    values = parts["values"]
    inner = _fill(values.shape, rows, size, ()) if values.shape is not None else (rows,)
    drawn["values"] = _sample(values, (rows, *inner[1:]), seed, plain)
    return {item.name: drawn[part] for part, item in parts.items()}


def _fill(shape: Shape, batch: int, size: int, rank: tuple[int, ...]) -> tuple[int, ...]:
    if shape is None:
        return (batch, *rank)
    return tuple(
        known if known is not None else (batch if index == 0 else size)
        for index, known in enumerate(shape)
    )


def _sample(item: InputPlan, shape: tuple[int, ...], seed: int, plain: bool) -> Any:
    """One array; `plain` is the careful second try: zeros, empty strings."""
    import numpy as np

    generator = np.random.default_rng([seed, zlib.crc32(item.name.encode()), *shape])
    dtype = item.dtype
    if dtype == "string":
        words = [b""] if plain else list(WORDS[:3])
        return np.array(generator.choice(words, size=shape), dtype=object)
    if dtype == "bool":
        return np.zeros(shape, bool) if plain else generator.integers(0, 2, shape).astype(bool)
    if dtype == "bfloat16":
        import ml_dtypes

        kind: Any = ml_dtypes.bfloat16
    else:
        kind = np.dtype(dtype)
    if plain:
        return np.zeros(shape, kind)
    if dtype.startswith(("int", "uint")):
        high = 256 if dtype == "uint8" and len(shape) == 4 else 4
        return generator.integers(0, high, shape).astype(kind)
    if dtype.startswith("complex"):
        return (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(kind)
    return _before_normalising(item, generator.normal(size=shape)).astype(kind)


def _before_normalising(item: InputPlan, drawn: Any) -> Any:
    """What the signature's normalisation turns into `drawn`, on the average of the channels.

    A model that was trained on normalised images multiplies float noise for values far outside.
    """
    for step in item.steps:
        if isinstance(step, Normalize):
            mean, std = (sum(channels) / len(channels) for channels in (step.mean, step.std))
            drawn = (drawn * std + mean) / step.scale
    return drawn
