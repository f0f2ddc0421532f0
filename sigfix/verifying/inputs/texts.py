"""What strings hold where a model wants more than any words: known ones, pictures, numbers."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from sigfix.planning.edits import InputPlan
from sigfix.verifying.arrays import Array, Arrays

Text = Callable[[np.random.Generator], bytes]
"""Draws one string."""
WORDS = (b"a", b"the quick brown fox", b"42")
_SIDE = 32
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def of_texts(
    inputs: Sequence[InputPlan], drawn: Mapping[str, Array], seed: int, text: Text
) -> Arrays:
    """The drawn inputs, every string another one: what `text` draws."""
    random = np.random.default_rng(seed)
    found = dict(drawn)
    for item in sorted(inputs, key=lambda item: item.name):
        if item.dtype != "string" or item.component is not None:
            continue
        texts = np.empty(drawn[item.name].shape, dtype=object)
        for index in np.ndindex(texts.shape):
            texts[index] = text(random)
        found[item.name] = texts
    return found


def other_texts(
    inputs: Sequence[InputPlan], drawn: Mapping[str, Array], seed: int
) -> Iterator[Arrays]:
    """What to try where words were refused: none where no input is a string."""
    if any(item.dtype == "string" and item.component is None for item in inputs):
        for text in (picture, _number, _picture_in_letters):
            yield of_texts(inputs, drawn, seed, text)


def words(random: np.random.Generator, shape: tuple[int, ...], known: Array | None) -> Array:
    """Strings of `shape`: any, and those that a model looks up in turn."""
    texts = np.array(random.choice(list(WORDS), size=shape), dtype=object)
    return with_known(texts, known, random)


def with_known(drawn: Array, known: Array | None, random: np.random.Generator) -> Array:
    """What was drawn, every other value one of those that a model looks up."""
    if known is None:
        return drawn
    flat = drawn.ravel()
    flat[::2] = random.choice(known, size=len(flat[::2]))
    return flat.reshape(drawn.shape)


def picture(random: np.random.Generator) -> bytes:
    """A PNG file, which every one of TensorFlow's decoders for JPEG and PNG takes."""
    top, bottom = random.integers(0, 256, (2, 2, 3))
    along = np.linspace(0, 1, _SIDE)[:, None]
    left, right = (top[side] * (1 - along) + bottom[side] * along for side in (0, 1))
    pixels = left[:, None] * (1 - along) + right[:, None] * along
    lines = b"".join(b"\0" + line.tobytes() for line in pixels.astype(np.uint8))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _picture_in_letters(random: np.random.Generator) -> bytes:
    """As tf.io.decode_base64 reads it."""
    return base64.urlsafe_b64encode(picture(random)).rstrip(b"=")


def _number(random: np.random.Generator) -> bytes:
    """A whole one, which a decoder of fractions reads as well."""
    return str(int(random.integers(1, 10))).encode()
