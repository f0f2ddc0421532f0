"""Names and shapes of the tensors of docTR's models: a table, without docTR or PyTorch.

`doctr_tensors.txt` has a row a tensor: its name, then its sizes. A size may depend on the model's
own: `1+1C` is one more than it has characters, `M` are a detector's maps, `W` widths of eight
pixels. `norm` stands for the five tensors of a batch normalisation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sigfix.importing.tensor_names import Shapes
from sigfix.presets import WIDTH_STEP, Preset

TABLE = Path(__file__).with_name("doctr_tensors.txt")
NORM = "norm"
NORM_PARTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
MERGED = "merged"
"""What is behind the name of a model whose branches are merged (FAST)."""


@cache
def model_shapes(preset: Preset, characters: str, is_merged: bool = False) -> Shapes:
    """The names and shapes of the tensors of a preset's model, in docTR's order."""
    known = {"C": len(characters), "M": preset.maps, "W": preset.width // WIDTH_STEP}
    name = f"{preset.name} {MERGED}" if is_merged else preset.name
    return {
        tensor: tuple(_number(size, known) for size in sizes)
        for row, *sizes in _rows(name)
        for tensor, sizes in _tensors(row, sizes)
    }


def _number(text: str, known: dict[str, int]) -> int:
    """`64`, or `1+1C`: a number and so many of what the model has."""
    plain, _, more = text.partition("+")
    return int(plain) + (int(more[:-1]) * known[more[-1]] if more else 0)


def _tensors(name: str, sizes: list[str]) -> Iterator[tuple[str, list[str]]]:
    if not sizes or sizes[0] != NORM:
        yield name, sizes
        return
    for part in NORM_PARTS:
        yield f"{name}.{part}", [] if part == NORM_PARTS[-1] else sizes[1:]


def _rows(name: str) -> list[list[str]]:
    return [line.split() for line in _sections()[name]]


@cache
def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in TABLE.read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            rows = found[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            rows.append(line)
    return found
