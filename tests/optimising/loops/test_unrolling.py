"""Random loops against TensorFlow's own run of the function that they were made of."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.loops import unrolling
from sigfix.optimising.loops.list_operators import LISTS
from tests.optimising.graphs import noise, operators, run
from tests.optimising.random_loops import WIDTH, LoopMaker, lowered, of_tensorflow_1

SEEDS = range(8)
MORE_SEEDS = range(8, 300)
LOOPS = {"Enter", "Exit", "NextIteration", "LoopCond"}
FORMS = {"2": lowered, "1": of_tensorflow_1}


def check_seed(seed: int, form: str, unknown: float = 0.0) -> None:
    maker = LoopMaker(seed, unknown)
    x = noise(3, WIDTH, seed=seed)
    expected = tf.function(maker.network, autograph=False)(tf.constant(x)).numpy()
    graph = FORMS[form](maker.network, None, WIDTH)
    np.testing.assert_allclose(run(graph, x), expected, atol=1e-5)
    valued = passes.optimise_values(graph)
    left = set(operators(valued))
    if not unknown:
        assert not left & LOOPS, f"seed {seed}: a loop is left"
        if "Switch" not in left:
            assert not left & set(LISTS), f"seed {seed}: a list is left"
    np.testing.assert_allclose(run(valued, x), expected, atol=1e-5, err_msg=f"seed {seed}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_loops_are_written_out(seed, form):
    check_seed(seed, form)


@pytest.mark.matrix
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_more_random_loops_are_written_out(seed, form):
    check_seed(seed, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_loops_that_end_by_what_they_compute_compute_the_same(seed, form):
    check_seed(seed, form, unknown=0.5)


def test_a_loop_of_unknown_steps_stays():
    def build(x):
        body = lambda i, v: (i + 1, v * 2.0)  # noqa: E731
        more = lambda i, v: tf.reduce_sum(v) < 100.0  # noqa: E731
        return tf.while_loop(more, body, [tf.constant(0), x])[1]

    graph = lowered(build, None, WIDTH)
    before = operators(graph)
    assert unrolling.unroll_loops(graph) == 0
    assert operators(graph) == before


def test_a_loop_of_an_open_number_of_rows_stays():
    def build(x):
        body = lambda i, v: (i + 1, v + x[i])  # noqa: E731
        return tf.while_loop(lambda i, v: i < tf.shape(x)[0], body, [tf.constant(0), x[0]])[1]

    assert "Enter" in operators(passes.optimise_values(lowered(build, None, WIDTH)))
    assert "Enter" not in operators(passes.optimise_values(lowered(build, 5, WIDTH)))


def test_two_loops_of_which_one_is_too_large(monkeypatch):
    def build(x):
        for steps in (3, 200):
            body = lambda i, v: (i + 1, tf.tanh(v * 1.1))  # noqa: E731
            more = lambda i, v, steps=steps: i < steps  # noqa: E731
            x = tf.while_loop(more, body, [tf.constant(0), x])[1]
        return x

    monkeypatch.setattr(unrolling, "MOST_NODES", 100)
    graph = lowered(build, None, WIDTH)
    x = noise(2, WIDTH)
    before = run(graph, x)
    assert unrolling.unroll_loops(graph) > 0
    assert operators(graph)["LoopCond"] == 1
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-6)


def test_a_loop_in_a_branch_gives_nothing_where_the_branch_is_not_taken():
    def build(x):
        loop = lambda: tf.while_loop(  # noqa: E731
            lambda i, v: i < 3, lambda i, v: (i + 1, v * 2.0), [tf.constant(0), x]
        )[1]
        return tf.cond(tf.reduce_sum(x) > 0.0, loop, lambda: tf.zeros([2, WIDTH]) + 7.0)

    graph = lowered(build, 2, WIDTH)
    for sign in (1.0, -1.0):
        x = sign * np.abs(noise(2, WIDTH))
        np.testing.assert_allclose(run(passes.optimise_values(graph), x), build(x), rtol=1e-6)
