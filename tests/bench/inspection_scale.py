"""`sigfix inspect` against its own limits: a megabyte, a hundred models in one call, gigabytes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.ratio import Ratio
from tests.models import Dtype, Model, healthy
from tests.sparse_models import write_sparse_model

LIMIT_ONE = 0.4
"""Seconds for a whole process on a model of 1 MB, on two cores."""
LIMIT_EACH = 0.05
"""Seconds for each of many models, start-up left out."""
LIMIT_MEMORY = 0.1
"""GB of memory for a model of 1.5 GB of constants and 10 GB of variables."""
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
        *_of_gigabytes(temporary / "gigabytes"),
    ]


def _of_gigabytes(path: Path) -> list[Ratio]:
    """Time and peak memory for files of 12 GB, which are holes on disk."""
    write_sparse_model(path, 3 << 29, 10 << 30)
    memory = _peak_memory(path)
    what = "sigfix inspect, 12 GB"
    return [
        Ratio(what, "limit of 400 ms", _least([path]), LIMIT_ONE, 1.0),
        Ratio(f"{what}, peak memory", "limit of 100 MB", memory, LIMIT_MEMORY, 1.0, "MB"),
    ]


def _peak_memory(path: Path) -> float:
    """GB at the most, in a process that inspects `path`."""
    code = (
        "import atexit, sys\n"
        "from sigfix.cli.main import main\n"
        "from tests.memory import peak_memory\n"
        "atexit.register(lambda: print(peak_memory(), file=sys.stderr))\n"
        "main(['inspect', sys.argv[1]])\n"
    )
    command = [sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stderr) / 1024


def _least(paths: Sequence[Path]) -> float:
    command = [sys.executable, "-m", "sigfix", "inspect", *map(str, paths)]
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)
