"""What floating-point inputs are filled with: noise of several scales, smooth and real pictures.

A model that finds nothing in noise answers all the same, and a comparison of such answers shows
nothing. So every row of a batch has another kind of content, and a kind is a row of `CONTENTS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.verifying.arrays import Array

PICTURES = Path(__file__).with_name("pictures.npz")
"""`page`, uint8 [height, width] of rendered text, and `photo`, uint8 [height, width, 3]."""

WAVES = 6
"""Cosines that a smooth content is the sum of, for each axis."""
GRAIN = 0.01
"""How strong the grain of paper and film is, in parts of white."""

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def _uniform(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.random(shape))


def _normal(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.normal(size=shape))


def _wide(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.normal(size=shape) * 4)


def _zeros(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.zeros(shape)


def _one_hot(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    drawn = np.zeros(shape)
    if drawn.size:
        flat = drawn.reshape(-1, shape[-1] if shape else 1)
        flat[np.arange(len(flat)), random.integers(0, flat.shape[1], len(flat))] = 1
    return drawn


def _smooth(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Slow waves along every axis, between 0 and 1."""
    drawn = np.zeros(shape)
    for axis, size in enumerate(shape):
        place = np.linspace(0, 1, size).reshape([-1 if i == axis else 1 for i in range(len(shape))])
        for frequency, phase, height in random.random((WAVES, 3)):
            drawn = drawn + height * np.cos(2 * np.pi * (3 * frequency * place + phase))
    spread = np.ptp(drawn) if drawn.size else 0.0
    return np.asarray((drawn - drawn.min()) / spread if spread else drawn)


def _picture(name: str) -> Draw:
    def draw(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        if len(shape) not in (2, 3):
            return _smooth(random, shape)
        first = len(shape) == 3 and shape[-1] not in (1, 3, 4) and shape[0] in (1, 3, 4)
        turned = (*shape[1:], shape[0]) if first else shape
        image = _tiled(_pictures()[name], turned)
        return np.ascontiguousarray(np.moveaxis(image, -1, 0)) if first else image

    return draw


def _grainy(name: str) -> Draw:
    def draw(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return np.asarray(_picture(name)(random, shape) + GRAIN * random.normal(size=shape))

    return draw


@cache
def _pictures() -> dict[str, Array]:
    with np.load(PICTURES) as archive:
        return {name: archive[name] / 255.0 for name in archive.files}


def _tiled(picture: Array, shape: tuple[int, ...]) -> Array:
    """A window of `shape` ([height, width] or [height, width, channels]) at the picture's scale."""
    height, width = shape[:2]
    times = [-(-height // picture.shape[0]), -(-width // picture.shape[1])]
    tiled = np.tile(picture, [*times, *[1] * (picture.ndim - 2)])[:height, :width]
    if len(shape) == 2:
        return np.asarray(tiled if tiled.ndim == 2 else tiled.mean(-1))
    if tiled.ndim == 2:
        tiled = tiled[..., None]
    elif shape[2] == 1:
        tiled = tiled.mean(-1, keepdims=True)
    return np.resize(tiled, shape) if tiled.shape[2] == shape[2] else _channels(tiled, shape[2])


def _channels(image: Array, count: int) -> Array:
    """As many channels as asked for, the image's own in turn."""
    return np.stack([image[..., index % image.shape[2]] for index in range(count)], axis=-1)


CONTENTS: dict[str, tuple[str, Draw]] = {
    "uniform": ("noise between 0 and 1", _uniform),
    "normal": ("normal noise", _normal),
    "wide": ("wide noise", _wide),
    "smooth": ("smooth waves", _smooth),
    "zeros": ("zeros", _zeros),
    "one-hot": ("one-hot rows", _one_hot),
    "page": ("a page of text", _picture("page")),
    "photo": ("a picture", _picture("photo")),
    "grainy page": ("a page of text with grain", _grainy("page")),
    "grainy photo": ("a picture with grain", _grainy("photo")),
}
"""Kind of content -> how it is called in a report, and what draws one row of it."""

IMAGE_CONTENTS = ("page", "uniform", "photo", "smooth", "zeros")
"""For images (rank 4, three or so channels), in the order in which rows take them."""
OTHER_CONTENTS = ("normal", "uniform", "wide", "zeros", "one-hot")
"""For every other floating-point input."""
UNEVEN_CONTENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    IMAGE_CONTENTS: ("grainy page", "uniform", "grainy photo", "smooth"),
    OTHER_CONTENTS: ("normal", "uniform", "wide"),
}
"""The same where no two places may be equal: a model that picks the best of many scores picks any
one of equal ones, and what TensorFlow picks there is no answer that another has to give."""
PICKING = {
    *("CombinedNonMaxSuppression", "NonMaxSuppressionWithOverlaps", "TopK", "TopKV2"),
    *(f"NonMaxSuppression{version}" for version in ("", "V2", "V3", "V4", "V5")),
}
"""TensorFlow's and ONNX's operators that do so: a detector ends with one."""


def draw_rows(
    contents: tuple[str, ...],
    random: np.random.Generator,
    shape: tuple[int, ...],
    rows: bool,
) -> Array:
    """A float64 array of `shape`; with `rows`, the first axis counts examples, each of a kind."""
    if not rows or not shape:
        return CONTENTS[contents[0]][1](random, shape)
    drawn = np.zeros(shape)
    for index in range(shape[0]):
        drawn[index] = CONTENTS[contents[index % len(contents)]][1](random, shape[1:])
    return drawn


def picks_the_best(operators: Iterable[str]) -> bool:
    """Whether a model of these operators picks the best of many scores."""
    return not PICKING.isdisjoint(operators)


def is_image(shape: tuple[Any, ...] | None) -> bool:
    """Whether a shape is that of images: rank 4, with few channels first or last."""
    return shape is not None and len(shape) == 4 and (shape[3] in (1, 3, 4) or shape[1] in (1, 3))
