"""Whether `--layout` means something for the images of a signature."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.planning.choices import Choices
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.traces import layout_for
from sigfix.quoting import quote


def check_layout(choices: Choices, inputs: list[FlatTensor], outputs: list[FlatTensor]) -> None:
    """Raise `BlockedError` where `--layout` names no image, or one that lies so already."""
    if choices.layout is None:
        return
    tensors = [*inputs, *outputs]
    images = [item for item in tensors if layout_for(replace(choices, layout_of=()), item)]
    paths = {item.path for item in images} | {item.name for item in images}
    missing = [name for name in choices.layout_of if name not in paths]
    if missing or not images:
        which = f"{missing[0]} is" if missing else "no input or output is"
        raise BlockedError(
            f"--layout {choices.layout}: {which} no image (of rank 4)."
            if missing
            else f"--layout {choices.layout}: {which} an image (of rank 4).",
            "images are: " + ", ".join(item.name for item in images) if images else None,
        )
    _refuse_turning_twice(choices, inputs)


_CHANNELS = (1, 3, 4)
"""Of pictures: grey, colour, and colour with an opacity."""


def _refuse_turning_twice(choices: Choices, inputs: list[FlatTensor]) -> None:
    """Refuse a `--layout` that an image has already, unless it is named."""
    if choices.layout is None or choices.layout_of:
        return
    for item in inputs:
        shape = item.spec.shape
        if shape is None or len(shape) != 4:
            continue
        there, other = (shape[3], shape[1]) if choices.layout == "nhwc" else (shape[1], shape[3])
        if there in _CHANNELS and other not in _CHANNELS:
            raise BlockedError(
                f"--layout {choices.layout}: {item.name} is {item.spec}, whose channels are "
                f"{'last' if choices.layout == 'nhwc' else 'first'} already.",
                f"leave --layout out; --layout {quote(f'{choices.layout}:{item.name}')} insists",
            )
