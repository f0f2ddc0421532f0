"""A random network before and after the passes, in TensorFlow: the same numbers, or which pass."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from sigfix.optimising import passes
from sigfix.optimising.graph.graph import Graph
from tests.optimising.graphs import frozen, noise, run, unfused
from tests.optimising.random_graphs import SIZES, Maker

TOLERANCE = 1e-4
"""Of the output's range; or as much as the network makes of `NOISE` in its inputs, if more."""
NOISE = 1e-5


@dataclass(frozen=True)
class Network:
    """The network of one seed, its inputs, and what TensorFlow computes of them."""

    seed: int
    graph: Graph
    x: np.ndarray
    expected: np.ndarray
    tolerance: float
    steps: tuple[str, ...]

    def difference(self, without: Collection[str] = (), target: str = passes.ANY_TARGET) -> float:
        """The largest difference after the other passes, as a part of the range."""
        valued = passes.optimise_values(self.graph, without, target)
        kernels = passes.optimise_kernels(valued, without)
        worst = 0.0
        for graph in (valued, unfused(kernels)):
            result = run(graph, self.x)
            assert result.shape == self.expected.shape, f"{result.shape}: a dimension is lost"
            assert np.isfinite(result).all(), "not finite"
            worst = max(worst, _relative(result, self.expected))
        return worst

    def is_right(self, without: Collection[str] = (), target: str = passes.ANY_TARGET) -> bool:
        """Whether the other passes compute the same; one that raises does not."""
        try:
            return self.difference(without, target) < self.tolerance
        except Exception:
            return False


def network(seed: int) -> Network | None:
    """The network of `seed`; None where it says nothing: all but constant, or not finite."""
    make, size = Maker(seed), SIZES[seed % len(SIZES)]
    graph = frozen(make.network, None, *size)
    x = noise(3, *size, seed=seed)
    expected = run(graph, x)
    if not np.isfinite(expected).all() or np.ptp(expected) < 1e-2:
        return None
    shaken = run(graph, x + NOISE * noise(3, *size, seed=seed + 1))
    own = _relative(shaken, expected)
    tolerance = max(TOLERANCE, own)
    # What makes this much of so little says nothing either.
    return Network(seed, graph, x, expected, tolerance, tuple(make.made)) if own < 1e-2 else None


def _relative(result: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(result - expected).max() / max(np.ptp(expected), 1e-3))
