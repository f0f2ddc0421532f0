"""The index of readers, after every kind of edit, against a look at every node."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.graph.graph import Graph, node_of
from sigfix.optimising.passes import PASSES
from tests.optimising.graphs import frozen
from tests.optimising.random_graphs import SIZE, Maker


def names_of_readers(graph: Graph) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for node in graph.nodes.values():
        for reference in node.input:
            found[node_of(reference)].append(node.name)
    return {name: sorted(readers) for name, readers in found.items()}


def assert_index_is_right(graph: Graph) -> None:
    expected = names_of_readers(graph)
    assert {n: sorted(r.name for r in graph.readers(n)) for n in graph.nodes} == expected


def small() -> Graph:
    def build(x):
        first, second = tf.split(x, 2, axis=1)
        return tf.nn.relu(first) * tf.nn.relu(first) + second

    graph = frozen(build, None, 4)
    assert_index_is_right(graph)
    return graph


def test_a_node_is_a_reader_once_for_each_input_that_reads():
    graph = frozen(lambda x: tf.nn.relu(x) * tf.nn.relu(x), None, 4)
    (product,) = (n for n in graph.nodes.values() if n.op == "Mul")
    graph.set_input(product, 1, product.input[0])
    assert [n.name for n in graph.readers(node_of(product.input[0]))] == [product.name] * 2
    assert graph.only_reader(node_of(product.input[0])) is None


def test_the_reader_of_an_output_is_not_its_only_reader():
    graph = frozen(tf.nn.relu, None, 4)
    (relu,) = (n for n in graph.nodes.values() if n.op == "Relu")
    assert graph.only_reader(relu.name) is graph.nodes["y"]
    graph.outputs = (*graph.outputs, relu.name)
    assert graph.only_reader(relu.name) is None


def test_edits_keep_the_index():
    graph = small()
    (split,) = (n for n in graph.nodes.values() if n.op == "Split")
    added = graph.add_node("added", "Relu", [f"{split.name}:1"], split)
    assert_index_is_right(graph)
    graph.redirect(f"{split.name}:1", added.name)
    graph.set_inputs(added, [f"{split.name}:1"])
    assert_index_is_right(graph)
    relu = next(n for n in graph.nodes.values() if n.op == "Relu" and n is not added)
    graph.replace(relu.name, graph.add_constant("one", np.ones((1, 2), np.float32)))
    assert_index_is_right(graph)
    graph.replace("y", next(n for n in graph.nodes.values() if n.op == "AddV2").name)
    assert_index_is_right(graph)
    graph.prune()
    assert_index_is_right(graph)


@pytest.mark.parametrize("seed", range(3))
def test_every_pass_keeps_the_index(seed):
    graph = frozen(Maker(seed).network, None, *SIZE)
    for each in PASSES:
        graph.readers(next(iter(graph.nodes)))  # builds it
        each.run(graph)
        assert_index_is_right(graph)
