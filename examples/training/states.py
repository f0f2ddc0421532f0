"""What a training leaves behind, and how fast it learns."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

WARM_UP = 200
"""Steps in which the rate grows to its whole."""


def rate(whole: float, done: int, steps: int) -> float:
    """The learning rate of a step: it grows at first, then falls as a cosine to a fiftieth."""
    falling = 0.02 + 0.49 * (1 + math.cos(math.pi * done / steps))
    return whole * min(1.0, (done + 1) / WARM_UP) * falling


def weights_of(file: Path) -> dict[str, torch.Tensor]:
    """The state dictionary that a training writes, or one in a .safetensors file, in float32."""
    if file.suffix == ".safetensors":
        stored = safetensors.torch.load_file(file)
    else:
        stored = torch.load(file, weights_only=True)["model"]
    return {
        name: value.float() if value.is_floating_point() else value
        for name, value in stored.items()
    }


def saved(state: dict[str, Any], file: Path) -> None:
    """Written beside, then moved: a run that is cut off leaves the last whole file."""
    beside = file.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(file)


def resumed(
    file: Path, model: torch.nn.Module, optimiser: torch.optim.Optimizer, start: Path | None = None
) -> int:
    """Go on from what `keep` wrote; how many steps were done, 0 where nothing is there.

    The model begins with the weights in `start` then, where any are given.
    """
    if not file.exists():
        if start:  # counters of batches, which half precision leaves out, begin anew
            model.load_state_dict(weights_of(start), strict=False)
        return 0
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["done"])


def keep(file: Path, model: torch.nn.Module, optimiser: torch.optim.Optimizer, done: int) -> None:
    """Write down how far a training is."""
    state = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "done": done}
    saved(state, file)
