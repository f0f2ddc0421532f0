"""Made-up inputs for a signature: what is drawn, in which sizes, and what is tried after that.

What a dynamic dimension, an index or a string must hold is not in the file, so a case has several
attempts; the first that the source accepts is compared. They are drawn where the model runs, one
at a time, from the seed: nothing is drawn that nobody asked for.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from sigfix.describing.examples import ExampleFeature
from sigfix.errors import NotVerifiedError
from sigfix.planning.edits import InputPlan
from sigfix.planning.steps import Cast, Normalize
from sigfix.verifying.arrays import Array, Arrays, numpy_dtype
from sigfix.verifying.inputs.composites import filled, ragged, sparse
from sigfix.verifying.inputs.contents import (
    CONTENTS,
    IMAGE_CONTENTS,
    OTHER_CONTENTS,
    UNEVEN_CONTENTS,
    draw_rows,
    is_image,
)
from sigfix.verifying.inputs.examples import serialized_example
from sigfix.verifying.inputs.texts import WORDS, of_texts, other_texts, with_known, words

BATCHES = (1, 4)
"""Sizes of a dynamic batch that are compared."""
STEPS = 4
"""How often a model is called whose state goes from one call to the next."""
DYNAMIC_SIZES = (64, 8, 32, 224, 4096)
"""Sizes tried for a dynamic dimension other than the batch: 64 is six halvings of an image, 4096 a
sound, of which windows are cut and whose ends are reflected."""
UNKNOWN_RANKS = ((), (8,), (32, 32, 3))
"""Shapes tried behind the batch for a tensor of unknown rank."""
INTEGER_LIMITS = (10, 4, 2)
"""Integers are drawn below these: indices into a table, then flags."""
SIZES = -10
"""Below 10 in the end, but never 0: sizes, of which none may be."""
MOST_ELEMENTS = 2**24
"""An attempt with more numbers in an input is left out."""
Limits = tuple[float, float]
Normalisation = tuple[tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class Case:
    """One set of made-up inputs, of `batch` rows where the batch is dynamic.

    Rows take the kinds of `contents` in turn. `features` are those of the tf.Examples that
    strings have to be. `normalise` are the mean and deviation, by channel, of the pixels (0 to 1)
    that images are made of, where the model takes normalised ones. `limits` are the least and the
    largest number of an input, where those are known, and `known` the texts or whole numbers that
    the model looks up: every other value is one of them.
    """

    inputs: tuple[InputPlan, ...]
    batch: int
    contents: tuple[str, ...]
    seed: int = 0
    features: tuple[ExampleFeature, ...] = ()
    normalise: Normalisation | None = None
    limits: Mapping[str, Limits] = field(default_factory=dict)
    known: Mapping[str, Array] = field(default_factory=dict)

    @property
    def described(self) -> tuple[str, ...]:
        """The kinds of content that its floating-point inputs have."""
        floats = [item for item in self.inputs if _is_float(item.dtype) and item.component is None]
        if not floats:
            return ()
        rows = self.batch if any(_counts_rows(item) for item in floats) else 1
        return tuple(CONTENTS[name][0] for name in self.contents[:rows])

    def attempts(self) -> Iterator[Arrays]:
        """What to try, in order; the last ones are all zeros and empty strings."""
        shapes = [item.shape if item.component is None else item.component.shape
                  for item in self.inputs]  # fmt: skip
        open_inside = any(shape is None or None in shape[1:] for shape in shapes)
        unknown = any(shape is None for shape in shapes)
        whole = any(map(_is_whole, self.inputs))
        sizes = DYNAMIC_SIZES if open_inside else DYNAMIC_SIZES[:1]
        ranks = UNKNOWN_RANKS if unknown else UNKNOWN_RANKS[:1]
        limits = INTEGER_LIMITS if whole else INTEGER_LIMITS[:1]
        if self.features:
            first = self._drawn(sizes[0], ranks[0], limits[0])
            yield of_texts(self.inputs, first, self.seed, self._example)
        last = (SIZES, 0) if whole else (0,)
        for number, (limit, rank, size) in enumerate(product((*limits, *last), ranks, sizes)):
            if not self._fits(size, rank):
                continue
            drawn = self._drawn(size, rank, limit)
            yield drawn
            if not number:
                yield from other_texts(self.inputs, drawn, self.seed)

    def _example(self, random: np.random.Generator) -> bytes:
        return serialized_example(self.features, random, list(WORDS))

    def _fits(self, size: int, rank: tuple[int, ...]) -> bool:
        return all(
            math.prod(filled(item.shape, self.batch, size, rank)) <= MOST_ELEMENTS
            for item in self.inputs
        )

    def _drawn(self, size: int, rank: tuple[int, ...], limit: int) -> Arrays:
        """One attempt; with a `limit` of 0 the careful one: zeros and empty strings.

        With one below 0 whole numbers are sizes, of which none is 0.
        """
        drawn = {
            item.name: self._sample(item, filled(item.shape, self.batch, size, rank), limit)
            for item in self.inputs
            if item.component is None
        }
        groups: dict[str, dict[str, InputPlan]] = {}
        for item in self.inputs:
            if item.component is not None:
                groups.setdefault(item.component.of, {})[item.component.part] = item
        for parts in groups.values():
            component = next(iter(parts.values())).component
            assert component is not None
            values = lambda item, shape: self._sample(item, shape, limit)  # noqa: E731
            draw = sparse if component.kind == "sparse" else ragged
            drawn.update(draw(parts, component.shape, self.batch, size, values))
        return drawn

    def _sample(self, item: InputPlan, shape: tuple[int, ...], limit: int) -> Array:
        random = np.random.default_rng([self.seed, zlib.crc32(item.name.encode()), *shape])
        dtype = item.dtype
        if dtype == "string":
            known = self.known.get(item.name)
            return words(random, shape, known) if limit else np.full(shape, b"", object)
        kind = numpy_dtype(dtype)
        if not limit:
            return np.zeros(shape, kind)
        if dtype == "bool":
            return np.asarray(random.integers(0, 2, shape).astype(bool))
        bounds = self._bounds(item, abs(limit))
        if dtype == "uint8" and is_image(shape):
            return self._floats(item, random, shape, scale=255.0).clip(0, 255).astype(kind)
        if dtype.startswith(("int", "uint")):
            low, high = bounds or (int(limit < 0), abs(limit) - 1)
            drawn = np.asarray(random.integers(int(low), int(high) + 1, shape).astype(kind))
            known = self.known.get(item.name) if limit == INTEGER_LIMITS[0] else None
            return with_known(drawn, known, random)
        if dtype.startswith("complex"):
            return np.asarray((random.normal(size=shape) + 1j * random.normal(size=shape)), kind)
        if bounds is not None:
            return _between(bounds, self._floats(item, random, shape), kind)
        return np.asarray(_before_normalising(item, self._floats(item, random, shape)).astype(kind))

    def _bounds(self, item: InputPlan, limit: int) -> Limits | None:
        """The least and the largest number of an input, those of an attempt with a `limit`.

        Masks are 0 or 1, and what a repair casts is of the type that it is cast to.
        """
        known = self.limits.get(item.name)
        if known is None and "mask" in item.name.lower() and not _is_float(item.dtype):
            known = (0, 1)
        casts = [step.dtype for step in item.steps if isinstance(step, Cast)]
        if known is None and casts and casts[-1].startswith(("int", "uint")):
            if casts[-1] == "uint8":
                return (0, 255)
            known = (0, limit - 1)
        if known is None:
            return None
        low, high = known
        return low, high if limit == INTEGER_LIMITS[0] else max(low, min(high, limit - 1))

    def _floats(
        self,
        item: InputPlan,
        random: np.random.Generator,
        shape: tuple[int, ...],
        scale: float = 1.0,
    ) -> Array:
        drawn = draw_rows(self.contents, random, shape, _counts_rows(item)) * scale
        if self.normalise is None or not is_image(shape):
            return drawn
        mean, std = (np.array(values) for values in self.normalise)
        if shape[3] == len(mean):
            return np.asarray((drawn - mean) / std)
        return np.asarray(np.moveaxis((np.moveaxis(drawn, 1, -1) - mean) / std, -1, 1))


@dataclass(frozen=True)
class Given:
    """The user's own arrays (`--inputs`), or those that a source has accepted."""

    arrays: Arrays
    described: tuple[str, ...] = ("given",)

    def attempts(self) -> Iterator[Arrays]:
        """The arrays, and nothing else."""
        yield self.arrays


def made_up(
    inputs: Sequence[InputPlan],
    seed: int = 0,
    features: tuple[ExampleFeature, ...] = (),
    batches: tuple[int, ...] = BATCHES,
    normalise: Normalisation | None = None,
    limits: Mapping[str, Limits] | None = None,
    picks: bool = False,
    known: Mapping[str, Array] | None = None,
) -> list[Case]:
    """The cases that are compared: two batch sizes, or two single examples, of several contents.

    Where a model `picks` the best of many scores, no content makes two of them equal.

    Raises `NotVerifiedError` for an input of a dtype that no array can hold.
    """
    inputs = tuple(inputs)
    for item in inputs:
        try:
            numpy_dtype(item.dtype)
        except TypeError as error:
            raise NotVerifiedError(
                f"No test input can be made up for {item.name!r}: it is of dtype {item.dtype}."
            ) from error
    images = any(is_image(item.shape) for item in inputs)
    kinds: tuple[str, ...] = IMAGE_CONTENTS if images else OTHER_CONTENTS
    if picks:
        kinds = UNEVEN_CONTENTS[kinds]
    if not has_dynamic_batch(inputs):
        batches = (1, 1) if any(_is_float(item.dtype) for item in inputs) else (1,)
    cases, used = [], 0
    for batch in batches:
        contents = tuple(kinds[(used + row) % len(kinds)] for row in range(len(kinds)))
        own = limits or {}, known or {}
        cases.append(Case(inputs, batch, contents, seed, features, normalise, *own))
        used += batch
    return cases


def has_dynamic_batch(inputs: Sequence[InputPlan]) -> bool:
    """Whether the first dimension of some input is open."""
    return any(
        item.component is not None or item.shape is None or (item.shape and item.shape[0] is None)
        for item in inputs
    )


def batch_of(inputs: Sequence[InputPlan], arrays: Arrays) -> int:
    """How many rows were fed: of the first input that has some."""
    for item in inputs:
        value = np.asarray(arrays[item.name])
        part = "" if item.component is None else item.component.part
        if part == "dense_shape" and len(value):
            return int(value[0])
        if part in ("row_splits", "row_splits_0"):
            return len(value) - 1
        if not part and value.ndim:
            return int(value.shape[0])
    return 1


def _counts_rows(item: InputPlan) -> bool:
    """Whether the first axis counts examples: it is open, or there is just one."""
    return item.shape is None or (bool(item.shape) and item.shape[0] in (None, 1))


def _is_whole(item: InputPlan) -> bool:
    """Whether an input holds whole numbers, or is made such."""
    casts = [step.dtype for step in item.steps if isinstance(step, Cast)]
    return any(dtype.startswith(("int", "uint")) for dtype in (item.dtype, *casts))


def _is_float(dtype: str) -> bool:
    return dtype.startswith(("float", "bfloat", "complex"))


def _between(bounds: Limits, drawn: Array, kind: Any) -> Array:
    """What was drawn, from 0 to 1, as whole numbers between two."""
    low, high = bounds
    spread = np.clip(np.abs(drawn), 0, 1) * (high - low) + low
    return np.asarray(np.round(spread).astype(kind))


def _before_normalising(item: InputPlan, drawn: Any) -> Any:
    """What the signature's normalisation turns into `drawn`, on the average of the channels.

    A model that was trained on normalised images multiplies float noise for values far outside.
    """
    for step in item.steps:
        if isinstance(step, Normalize):
            mean, std = (sum(channels) / len(channels) for channels in (step.mean, step.std))
            drawn = (drawn * std + mean) / step.scale
    return drawn
