"""All passes together, their table, and their switches."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix.describing.targets import TARGETS
from sigfix.errors import UsageError
from sigfix.optimising import passes
from tests.optimising.graphs import frozen, noise, operators, run
from tests.optimising.network_checks import network
from tests.optimising.random_graphs import SIZE, Maker

SEEDS = range(12)
MORE_SEEDS = range(12, 200)


def check_seed(seed: int, without: tuple[str, ...] = ()) -> None:
    found = network(seed)
    if found is None:
        return
    worst = found.difference(without)
    assert worst < found.tolerance, f"seed {seed}: off by {worst:.1e} of the range"
    optimised = passes.optimise_values(found.graph, without)
    before, after = (sum(operators(g).values()) for g in (found.graph, optimised))
    assert after < before
    kernels = passes.optimise_kernels(optimised, without)
    fused = [n for n in kernels.nodes.values() if n.op == "_FusedMatMul"]
    assert not any(n.attr["transpose_a"].b or n.attr["transpose_b"].b for n in fused)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_compute_the_same(seed):
    check_seed(seed)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_more_random_networks_compute_the_same(seed):
    check_seed(seed)


NAMES = [each.name for each in passes.PASSES]


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_works_without_any_one_pass(name):
    check_seed(3 * NAMES.index(name), (name,))


@pytest.mark.matrix
@pytest.mark.parametrize("name", NAMES)
def test_the_rest_works_without_any_one_pass_in_more_networks(name):
    for more in (1, 2):
        check_seed(3 * NAMES.index(name) + more, (name,))


def test_most_random_networks_say_something():
    assert sum(network(seed) is not None for seed in SEEDS) > len(SEEDS) * 0.8


def test_a_switched_off_pass_does_not_run(monkeypatch):
    ran = []
    monkeypatch.setattr(passes.Pass, "run", lambda self, graph: ran.append(self.name) or 0)
    graph = frozen(Maker(0).network, None, *SIZE)
    passes.optimise_kernels(passes.optimise_values(graph, ("layout",)), ("fusing",))
    expected = [p.name for p in passes.PASSES if not p.target]
    assert ran == [name for name in expected if name not in ("layout", "fusing")]


def test_targets_are_those_that_inspect_knows():
    assert set(passes.TARGETS) <= set(TARGETS)


def test_an_unknown_pass_is_refused_and_the_known_are_listed():
    with pytest.raises(UsageError, match="--without-pass lay-out: there is no such pass") as error:
        passes.check_names(["lay-out"])
    assert "loops, operators, einsums, static-shapes, steps, batch-norms" in error.value.hint


def test_names_are_unique_and_functions_exist():
    names = [each.name for each in passes.PASSES]
    assert len(set(names)) == len(names)
    for each in passes.PASSES:
        module, _, function = each.function.rpartition(".")
        found = getattr(__import__(f"sigfix.optimising.{module}", fromlist=[function]), function)
        assert found.__doc__


def test_the_documentation_has_them_in_order():
    text = (Path(__file__).parents[2] / "docs" / "graph-passes.md").read_text("utf-8")
    listed = re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)
    assert listed == [each.name for each in passes.PASSES]


def test_loops_are_left_to_the_passes_that_can_handle_them():
    import tensorflow as tf

    def build(x):
        body = lambda v: [v * 2.0 + tf.matmul(v, noise(4, 4)) * 0.5]  # noqa: E731
        with tf.compat.v1.variable_scope("loop"):
            return tf.compat.v1.while_loop(lambda v: tf.reduce_sum(v) < 100.0, body, [x])

    tf.compat.v1.disable_control_flow_v2()
    try:
        graph = frozen(build, 3, 4)
    finally:
        tf.compat.v1.enable_control_flow_v2()
    x = np.abs(noise(3, 4))
    before = run(graph, x)
    assert "Enter" in operators(graph)
    np.testing.assert_allclose(run(passes.optimise_values(graph), x), before, rtol=1e-5)


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_computes_the_same(tmp_path, node_packages):
    """The kernels that the passes emit, in the WebAssembly backend."""
    import tensorflow as tf

    from sigfix.pipeline.convert import convert

    module = tf.Module()
    outputs = lambda x: {f"y{s}": Maker(s).network(x) for s in SEEDS}  # noqa: E731
    spec = tf.TensorSpec([None, *SIZE], tf.float32, "x")
    module.serve = tf.function(outputs, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    result = convert(tmp_path / "model", tmp_path / "web")
    assert (result.mode, result.backend) == ("execute", "wasm")
    assert [len(c.parity.outputs) for c in result.comparisons] == [len(SEEDS)] * 2
    assert all(c.parity.ok for c in result.comparisons)
    assert {"_FusedConv2D", "_FusedMatMul", "FusedDepthwiseConv2dNative"} <= set(result.operators)
