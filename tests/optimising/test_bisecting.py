"""The pass at fault is found, whichever it is, in few runs; also where several are, or none."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.bisecting import passes_at_fault
from sigfix.optimising.graph.graph import Graph
from tests.optimising.graphs import frozen, noise, run, unfused

NAMES = [each.name for each in passes.PASSES]
FEW = math.ceil(math.log2(len(NAMES))) + 2


class Runs:
    """Right where none of the faulty groups of passes is whole; counts the runs."""

    def __init__(self, *groups: set[str]):
        self.groups = groups
        self.asked: list[frozenset[str]] = []

    def __call__(self, without: frozenset[str]) -> bool:
        self.asked.append(without)
        return all(group & without for group in self.groups)


@pytest.mark.parametrize("name", NAMES)
def test_each_pass_in_turn(name):
    runs = Runs({name})
    assert passes_at_fault(NAMES, runs) == {name}
    assert len(runs.asked) <= FEW
    assert len(set(runs.asked)) == len(runs.asked)
    assert frozenset() not in runs.asked


@pytest.mark.parametrize("pair", list(itertools.combinations(NAMES[::4], 2)), ids=str)
def test_two_passes_that_are_wrong_each(pair):
    runs = Runs({pair[0]}, {pair[1]})
    assert passes_at_fault(NAMES, runs) == set(pair)
    assert len(runs.asked) <= 4 * FEW


@pytest.mark.parametrize("pair", list(itertools.combinations(NAMES[::4], 2)), ids=str)
def test_two_passes_that_are_wrong_together(pair):
    runs = Runs(set(pair))
    found = passes_at_fault(NAMES, runs)
    assert found is not None
    assert len(found) == 1
    assert found < set(pair)


@pytest.mark.parametrize("pair", list(itertools.permutations(NAMES[::4], 2)), ids=str)
def test_a_pass_that_hides_the_fault_of_another(pair):
    """Wrong with the first, and without it wrong with the second."""
    first, second = pair
    assert passes_at_fault(NAMES, lambda without: {first, second} <= without) == {first, second}


def test_a_fault_that_is_in_no_pass():
    asked = []
    assert passes_at_fault(NAMES, lambda without: bool(asked.append(without))) is None
    assert asked == [frozenset(NAMES)]


def test_what_is_returned_is_right_also_where_other_passes_hide_the_fault():
    """Without `first` it is right alone; with more passes left out that changes now and then."""
    random = np.random.default_rng(0)
    for _ in range(200):
        answers = {}

        def is_right(without, answers=answers):
            if without == frozenset(NAMES):
                return True
            return answers.setdefault(without, bool(random.random() < 0.4))

        found = passes_at_fault(NAMES, is_right)
        assert found == frozenset(NAMES) or answers[found]


@pytest.mark.parametrize("name", NAMES)
def test_a_pass_that_is_really_wrong(name, monkeypatch):
    """Each pass in turn adds a little to what the output is computed from."""
    whole = passes.Pass.run

    def broken(self, graph: Graph) -> int:
        changed = whole(self, graph)
        if self.name == name:
            (output,) = graph.outputs
            node = graph.nodes[output]
            little = graph.add_constant("fault", np.array(1e-2, np.float32))
            added = graph.add_node("fault", "AddV2", [node.input[0], little], 1)
            graph.set_input(node, 0, added.name)
        return changed

    build = lambda x: tf.identity(tf.matmul(tf.nn.relu(x), noise(4, 5)))  # noqa: E731
    graph = frozen(build, None, 4)
    x = noise(3, 4)
    expected = run(graph, x)
    monkeypatch.setattr(passes.Pass, "run", broken)
    count = []

    def is_right(without: frozenset[str]) -> bool:
        count.append(without)
        valued = passes.optimise_values(graph, without, "tfjs-wasm")
        kernels = passes.optimise_kernels(valued, without)
        return bool(np.abs(run(unfused(kernels), x) - expected).max() < 1e-4)

    assert not is_right(frozenset())
    assert passes_at_fault(NAMES, is_right) == {name}
    assert len(count) <= FEW + 1
