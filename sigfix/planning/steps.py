"""What can lie between a signature's tensor and the model's: a cast, a transpose, and so on."""

from __future__ import annotations

from dataclasses import dataclass

OPTION = "option"
"""The origin of every step: nobody guesses one."""


@dataclass(frozen=True)
class Cast:
    """Change the dtype."""

    dtype: str
    origin: str = OPTION

    def __str__(self) -> str:
        return f"cast to {self.dtype}"


@dataclass(frozen=True)
class Transpose:
    """Permute the dimensions."""

    permutation: tuple[int, ...]
    origin: str = OPTION

    def __str__(self) -> str:
        order = ",".join(map(str, self.permutation))
        named = {"0,3,1,2": "NHWC to NCHW", "0,2,3,1": "NCHW to NHWC"}
        return f"transpose {named.get(order, order)}"


@dataclass(frozen=True)
class Normalize:
    """`(value * scale - mean) / std`, mean and std one for each channel of the last dimension."""

    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1.0
    origin: str = OPTION

    def __str__(self) -> str:
        mean, std = (" ".join(f"{item:g}" for item in items) for items in (self.mean, self.std))
        scaled = "" if self.scale == 1.0 else f" after scaling by {self.scale:g}"
        return f"normalise by mean {mean} and std {std}{scaled}"


@dataclass(frozen=True)
class Activation:
    """`sigmoid`, `softmax` (last axis) or `argmax` (last axis, int64) appended to an output."""

    kind: str
    origin: str = OPTION

    def __str__(self) -> str:
        return self.kind


Step = Cast | Transpose | Normalize | Activation
