"""`sigfix inspect` against its own limits: one model of a megabyte, and a hundred in one call."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.ratio import Ratio
from tests.models import Dtype, Model, healthy

LIMIT_ONE = 0.4
"""Seconds for a whole process on a model of 1 MB, on two cores."""
LIMIT_EACH = 0.05
"""Seconds for each of many models, start-up left out."""
MANY = 100
ROUNDS = 5


def model_of_a_megabyte() -> Model:
    """About 15,000 nodes, as many as a large convolutional network has before freezing."""
    model = healthy()
    for number in range(15_000):
        model.node(f"block_{number:05d}/relu", "Relu", ["x"], T=Dtype("float32"), shape=(None, 3))
    return model


def measure(temporary: Path) -> list[Ratio]:
    """The least of a few runs against the limit: other work on the machine only adds."""
    one = model_of_a_megabyte().write(temporary / "megabyte")
    many = [healthy().write(temporary / "many" / str(number)) for number in range(MANY)]
    whole = _least([one])
    each = (_least(many) - _least(many[:1])) / (MANY - 1)
    return [
        Ratio("sigfix inspect, 1 MB", "limit of 400 ms", whole, LIMIT_ONE, 1.0),
        Ratio(f"sigfix inspect, each of {MANY}", "limit of 50 ms", each, LIMIT_EACH, 1.0),
    ]


def _least(paths: Sequence[Path]) -> float:
    command = [sys.executable, "-m", "sigfix", "inspect", *map(str, paths)]
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)
