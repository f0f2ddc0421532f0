"""Draws of a random form: what its attributes, sizes and weights are made of."""

from __future__ import annotations

from typing import Any

import numpy as np

Random = np.random.Generator


def pick(random: Random, *choices: Any) -> Any:
    return choices[random.integers(len(choices))]


def some(random: Random, count: int, low: int, high: int) -> list[int]:
    return [int(v) for v in random.integers(low, high + 1, count)]


def ints(*values: Any) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64).reshape(-1)


def normal(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    return random.normal(size=shape).astype(np.float32)
