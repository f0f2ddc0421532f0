"""Where the numbers of a tensor lie, whatever the format: spans of files, or bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sigfix.model import NonFinite, Shape
from sigfix.reading.files import opened
from sigfix.reading.float_bits import FORMATS, tally
from sigfix.wire import Buffer

_PIECE = 1 << 20
_MOST_ELEMENTS = 1 << 53
"""No tensor has more; a shape can say any number."""


@dataclass(frozen=True)
class Span:
    """`size` bytes from `start` on, of a file or of bytes that are in memory or mapped."""

    place: Path | Buffer
    start: int
    size: int

    def pieces(self) -> Iterator[bytes]:
        """The bytes, a few at a time, so that a large file does not come into memory."""
        if not isinstance(self.place, Path):
            for at in range(self.start, self.start + self.size, _PIECE):
                yield self.place[at : min(at + _PIECE, self.start + self.size)]
            return
        with opened(self.place) as file:
            file.seek(self.start)
            left = self.size
            while left > 0 and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece


@dataclass(frozen=True)
class StoredValues:
    """The numbers of a tensor, little-endian, in spans that follow one another.

    One stored number may stand for all that the shape has. `is_constant`: it can be something
    else than a weight, such as a mask or a bound.
    """

    name: str
    dtype: str
    spans: tuple[Span, ...]
    shape: Shape
    is_constant: bool = True

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(span.size for span in self.spans)


def non_finite(values: StoredValues) -> NonFinite | None:
    """What is NaN or infinite in a tensor; None where nothing is, or where it is meant to be.

    Meant to be: masks of attention and logarithms of probabilities (minus infinity, and no number
    above zero beside it), and of constants bounds (all of it infinite) and the single number that
    stands for a missing one.

    Raises OSError or `UnreadableModelError` where a file cannot be read.
    """
    if values.dtype not in FORMATS or not values.size:
        return None
    found = tally(lambda: (piece for span in values.spans for piece in span.pieces()), values.dtype)
    if found is None:
        return None
    stored = values.size // FORMATS[values.dtype].width
    if not found.nans:
        is_mask = not found.above and not found.has_positive
        is_bound = values.is_constant and found.infinities == stored
        if is_mask or is_bound:
            return None
    elif values.is_constant and values.shape == ():
        return None
    count = 1
    for size in values.shape or ():
        count *= size or 0
    repeated = count if stored == 1 and 1 < count < _MOST_ELEMENTS else 1
    return NonFinite(
        values.name, found.nans * repeated, found.infinities * repeated, stored * repeated
    )
