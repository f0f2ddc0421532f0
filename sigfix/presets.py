"""The docTR models that sigfix knows, as a table.

Figures are docTR 1.1.0's own (`default_cfgs` of each architecture). Input sizes are heights and
widths in pixels; means and deviations are of RGB values between 0 and 1. A recogniser's classes
are its vocabulary and `extra_classes` more: the CTC blank, or the end of a sequence.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sigfix.errors import UsageError

Triple = tuple[float, float, float]

RECOGNITION_MEAN: Triple = (0.694, 0.695, 0.693)
RECOGNITION_STD: Triple = (0.299, 0.296, 0.301)


@dataclass(frozen=True)
class Preset:
    """What sigfix must know to take one docTR architecture to TensorFlow and TensorFlow.js.

    `output` is the name of the one output; `decoder` says how docTR's post-processor reads it:
    "ctc" (argmax, collapse repeats, drop the blank, which is class `len(vocabulary)`). A
    recogniser reads `steps` positions from left to right.
    """

    name: str
    task: str
    height: int
    width: int
    mean: Triple
    std: Triple
    output: str
    decoder: str
    vocabulary: str
    extra_classes: int
    steps: int
    opset: int = 17

    @property
    def input_shape(self) -> tuple[int | None, int, int, int]:
        """NHWC with a dynamic batch."""
        return (None, self.height, self.width, 3)


def _ctc(name: str) -> Preset:
    return Preset(
        name=name,
        task="recognition",
        height=32,
        width=128,
        mean=RECOGNITION_MEAN,
        std=RECOGNITION_STD,
        output="logits",
        decoder="ctc",
        vocabulary="french",
        extra_classes=1,
        steps=32,
    )


PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        _ctc("crnn_vgg16_bn"),
        _ctc("crnn_mobilenet_v3_small"),
        _ctc("crnn_mobilenet_v3_large"),
    )
}


def find_preset(name: str) -> Preset:
    """The preset called `name`; `UsageError` with the nearest names where there is none."""
    preset = PRESETS.get(name)
    if preset is not None:
        return preset
    near = difflib.get_close_matches(name, PRESETS, n=1)
    known = ", ".join(PRESETS)
    raise UsageError(
        f"there is no preset called '{name}'. Known presets: {known}.",
        f"--preset {near[0]}" if near else None,
    )
