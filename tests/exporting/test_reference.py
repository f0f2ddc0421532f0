"""What single weights do to the outputs, measured with many of them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tests.environments import ROOT
from tests.memory import peak_memory

tf = pytest.importorskip("tensorflow")

SIDE, LAYERS = 500, 24


def errors_of_a_chain() -> tuple[dict[str, float], dict[str, float]]:
    """Of products in a row, each with a weight of a megabyte: measured, and by numpy."""
    from sigfix.exporting import reference
    from sigfix.optimising.graph.graph import from_graph_def

    draw = np.random.default_rng(0)
    weights, others = (
        [draw.normal(0, SIDE**-0.5, (SIDE, SIDE)).astype(np.float32) for _ in range(LAYERS)]
        for _ in range(2)
    )
    given = np.ones((1, SIDE), np.float32)
    with tf.Graph().as_default() as made:
        last = tf.compat.v1.placeholder(tf.float32, [1, SIDE], name="x")
        for number, weight in enumerate(weights):
            last = tf.matmul(last, tf.constant(weight, name=f"w{number}"))
        tf.identity(last, name="y")
    graph = from_graph_def(made.as_graph_def(), ["x"], ["y"])
    asked = {f"w{number}": other for number, other in enumerate(others)}
    measured = reference.errors(graph, {"x": "x"}, {"y": "y"}, {"x": given}, asked)

    def product(changed: int | None) -> np.ndarray:
        out = given
        for number in range(LAYERS):
            out = out @ (others if number == changed else weights)[number]
        return out

    exact = product(None)
    by_numpy = {
        f"w{number}": float(np.square(product(number) - exact).mean() / exact.var())
        for number in range(LAYERS)
    }
    return measured, by_numpy


def test_each_weight_alone_is_measured() -> None:
    measured, by_numpy = errors_of_a_chain()
    assert measured == pytest.approx(by_numpy, rel=1e-3)


def test_many_weights_need_the_memory_of_the_model_a_few_times() -> None:
    """A copy of all weights for each of them would be 576 MB."""
    if not peak_memory():
        pytest.skip("this system does not tell the peak memory")
    code = (
        "from tests.exporting.test_reference import errors_of_a_chain\n"
        "from tests.memory import peak_memory\n"
        "import tensorflow, sigfix.exporting.reference\n"
        "before = peak_memory(); errors_of_a_chain(); print(peak_memory() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 400, done.stdout
