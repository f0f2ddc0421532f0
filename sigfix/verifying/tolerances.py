"""How much two computations may differ and still be called the same: every number, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sigfix.presets import Preset

REPAIRED = 1e-5
"""Of an output's range. TensorFlow runs the same operators again: what differs is their order."""
TFJS = 1e-4
"""TensorFlow.js's kernels, and the optimised graph, add up in another order."""
DEEP_PRESET = 1e-4
"""A deep detector's float noise is 1e-5 of its logits' range, its sigmoid makes ten times that
of it; a decoder that feeds back carries its noise from step to step."""
FED_BACK_TFJS = 1e-3
"""Another matrix product in the last digit, fed back thirty times, is a thousand times as much."""
RUINED = 0.9
"""What quantised weights may change an output by, as a root mean square and a part of its standard
deviation, before the model counts as ruined: 1 is as far off as its mean alone. docTR's models in 8
bits: trained ones 0.02, with random weights 0.13 to 0.75, though single elements of those change by
all of the range."""
BY_DTYPE: Mapping[str, float] = {"float16": 4 * 2.0**-11, "bfloat16": 4 * 2.0**-8}
"""Four times the step of a type that has fewer digits than any of the others."""
FEW_TIMES = 4.0
"""A difference below so many times the source's own noise is no fault."""
JUDGEABLE = 0.05
"""Where so many times the noise is more than this, nothing can be said."""


@dataclass(frozen=True)
class Limit:
    """What one output may differ by.

    `relative` is a part of the range of a floating-point output, `different` a part of the elements
    of any other.
    """

    relative: float
    different: float = 0.0


@dataclass(frozen=True)
class Tolerance:
    """What is allowed, as a part of an output's range; `chosen` where the user said it."""

    relative: float
    chosen: bool = False

    def limit(self, dtype: str) -> Limit:
        """The limit of an output whose source has this dtype."""
        if self.chosen:
            return Limit(self.relative)
        return Limit(max(self.relative, BY_DTYPE.get(dtype, 0.0)))


def of_preset(preset: Preset) -> Tolerance:
    """What a docTR model's stages up to the SavedModel may differ by."""
    deep = preset.is_detector or preset.feeds_back
    return Tolerance(DEEP_PRESET if deep else REPAIRED)


COMPUTED: Mapping[str, float] = {"float16": 1e-2, "bfloat16": 8e-2}
"""Of a model that computes with such numbers: TensorFlow.js computes the same with float32. Twenty
steps of the type."""


def of_tfjs(preset: Preset | None, chosen: float | None = None) -> Tolerance:
    """What TensorFlow.js may differ by, or what the user chose."""
    if chosen is not None:
        return Tolerance(chosen, chosen=True)
    return Tolerance(FED_BACK_TFJS if preset is not None and preset.feeds_back else TFJS)
