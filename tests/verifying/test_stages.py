"""Where two models begin to differ: the layer whose weights were changed, and none before it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.pipeline.stages import Asked, stages_between
from sigfix.rendering.verify_plot import Mark, Words, shapes_of
from sigfix.verifying.comparison import OutputParity
from sigfix.verifying.stages import (
    InnerNode,
    Inside,
    Stage,
    _compared,
    in_order,
    shared_stages,
    told_apart,
)
from sigfix.verifying.verdict import Verification
from tests.cli.running import run

LAYERS = ("stem", "block1", "block2", "head")


def inside(*nodes: tuple[str, str, str], scope: str = "") -> Inside:
    def nothing(_: Any) -> Any:
        raise AssertionError

    made = tuple(InnerNode(name, op, tuple(reads.split())) for name, op, reads in nodes)
    return Inside(made, frozenset({"x"}), nothing, scope)


NETWORK = (
    ("x", "Placeholder", ""), ("w", "Const", ""), ("b/relu", "Relu", "b/add:0 ^a/conv"),
    ("a/conv", "Conv2D", "x w"), ("b/add", "Add", "a/conv w"), ("b/read", "Identity", "w"),
    ("b/shape", "Shape", "x"),
)  # fmt: skip


def test_what_is_computed_of_the_inputs_in_its_order() -> None:
    found = [node.name for node in in_order(inside(*NETWORK))]
    assert found.index("a/conv") < found.index("b/add") < found.index("b/relu")
    assert not {"w", "b/read", "x"} & {*found}


def test_nothing_behind_a_loop_or_in_a_circle_is_read() -> None:
    loop = (("e", "Enter", "x"), ("m", "Merge", "e n"), ("n", "NextIteration", "m"),
            ("out", "Exit", "m"), ("y", "Relu", "out"), ("one", "Relu", "x two"),
            ("two", "Relu", "one"))  # fmt: skip
    assert [node.name for node in in_order(inside(*loop))] == []


def test_a_deep_network_is_no_recursion() -> None:
    chain = [(f"n{at}", "Relu", f"n{at - 1}" if at else "x") for at in range(20_000)]
    assert len(in_order(inside(*reversed(chain)))) == 20_000


def test_names_are_the_same_but_for_what_says_that_a_function_was_called() -> None:
    other = tuple(
        (f"PartitionedCall/{name}" if "/" in name else name, op,
         " ".join(f"PartitionedCall/{r}" if r == "a/conv" else r for r in reads.split()))
        for name, op, reads in NETWORK if name in ("x", "w", "a/conv")
    )  # fmt: skip
    frozen = inside(*((f"model/{n}" if n not in "xw" else n, op, " ".join(
        f"model/{r}" if r not in "xw" else r for r in reads.split())) for n, op, reads in NETWORK
        if n in ("x", "w", "a/conv")), scope="model/")  # fmt: skip
    stages, tensors, named = shared_stages(frozen, inside(*other))
    assert stages == [("a", "model/a/conv", "PartitionedCall/a/conv")]
    assert (tensors, named) == (1, 1)


def row(name: str, tensor: str, relative: float) -> Stage:
    return Stage(name, tensor, OutputParity(name, "float32", (1,), relative < 1e-5, 1.0, relative))


def test_only_what_is_computed_of_it_tells_that_a_tensor_was_folded() -> None:
    """conv > bn agree in the end; the branch beside conv says nothing of it."""
    graph = inside(("conv", "Conv2D", "x"), ("side", "Conv2D", "x"), ("bn", "Mul", "conv"),
                   ("sum", "Add", "bn side"))  # fmt: skip
    after = [row("side", "side", 1e-8), row("bn", "bn", 1e-7), row("sum", "sum", 1e-7)]
    marked = {
        stage.name: stage.folded for stage in told_apart([row("c", "conv", 0.3), *after], graph)
    }
    assert marked == {"c": True, "side": False, "bn": False, "sum": False}
    # What is weakened on its way, and beyond the noise of what is beside it.
    after[1:] = [row("bn", "bn", 0.01), row("sum", "sum", 5e-5)]
    assert not any(s.folded for s in told_apart([row("c", "conv", 0.3), *after], graph))
    after[1:] = [row("bn", "bn", 0.2), row("sum", "sum", 0.1)]
    assert not any(s.folded for s in told_apart([row("c", "conv", 0.3), *after], graph))


def network(weights: dict[str, np.ndarray[Any, Any]]) -> Any:
    import tensorflow as tf

    class Network(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kept = {name: tf.Variable(value) for name, value in weights.items()}

        @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, "x")])
        def __call__(self, x: Any) -> Any:
            for name in LAYERS:
                with tf.name_scope(name):
                    x = tf.nn.tanh(tf.linalg.matmul(x, self.kept[name]))
            return {"y": x}

    return Network()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, and one with another weight in its third layer, as SavedModels and ONNX files."""
    import onnx
    import tensorflow as tf

    place = tmp_path_factory.mktemp("stages")
    numbers = np.random.default_rng(3)
    weights = {name: numbers.normal(size=(8, 8)).astype(np.float32) for name in LAYERS}
    for name, by in (("net", 0.0), ("changed", 0.1)):
        these = {**weights, "block2": weights["block2"] + np.float32(by)}
        made = network(these)
        tf.saved_model.save(made, str(place / name), {"serving_default": made.__call__})
        nodes, x = [], "x"
        for layer in LAYERS:
            nodes += [
                onnx.helper.make_node("MatMul", [x, f"{layer}.w"], [f"/{layer}/MatMul_output"]),
                onnx.helper.make_node("Tanh", [f"/{layer}/MatMul_output"], [f"/{layer}/out"]),
            ]
            x = f"/{layer}/out"
        nodes.append(onnx.helper.make_node("Identity", [x], ["y"]))
        shape = onnx.helper.make_tensor_value_info
        graph = onnx.helper.make_graph(
            nodes, "g", [shape("x", 1, ["n", 8])], [shape("y", 1, ["n", 8])],
            [onnx.numpy_helper.from_array(these[layer], f"{layer}.w") for layer in LAYERS],
        )  # fmt: skip
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
        model.ir_version = 9
        onnx.save(model, place / f"{name}.onnx")
    return place


@pytest.mark.parametrize("end", ["", ".onnx"])
def test_the_difference_begins_at_the_layer_that_was_changed(end: str, models: Path) -> None:
    found = stages_between(
        models / f"net{end}", models / f"changed{end}", "serving_default", Asked()
    )
    assert found.why == ""
    assert [stage.name.strip("/") for stage in found.rows] == list(LAYERS)
    assert [stage.difference.ok for stage in found.rows] == [True, True, False, False]
    assert found.grows_at == 2
    assert found.tensors == found.named


@pytest.mark.matrix
def test_a_stock_conversion(models: Path, tmp_path: Path) -> None:
    stock = ["-m", "tensorflowjs.converters.converter", "--input_format=tf_saved_model"]
    subprocess.run(
        [sys.executable, *stock, models / "net", tmp_path / "stock"],
        check=True,
        capture_output=True,
    )
    found = stages_between(models / "net", tmp_path / "stock", "serving_default", Asked())
    assert found.why == ""
    assert [stage.name for stage in found.rows] == list(LAYERS)
    assert found.grows_at is None
    wrong = stages_between(models / "changed", tmp_path / "stock", "serving_default", Asked())
    assert wrong.grows_at == 2


def converted(source: Path, place: Path) -> Path:
    assert run("convert", str(source), "--tfjs", "--no-verify", "-o", str(place)) == 0
    return place


def altered(web: Path, part: str) -> None:
    """Change the weights that the node whose name begins so reads, in the file that has them."""
    document = json.loads((web / "model.json").read_text())
    (node,) = [n for n in document["modelTopology"]["node"] if n["name"].startswith(part)]
    (group,) = document["weightsManifest"]
    at = 0
    for weight in group["weights"]:
        size = 4 * math.prod(weight["shape"])
        if weight["name"] in node["input"] and len(weight["shape"]) > 1:
            file = web / group["paths"][0]
            data = bytearray(file.read_bytes())
            numbers = np.frombuffer(bytes(data[at : at + size]), "<f4") * np.float32(1.5)
            data[at : at + size] = numbers.tobytes()
            file.write_bytes(data)
            return
        at += size
    raise AssertionError(f"{part} reads no weights")


@pytest.mark.parametrize("end", ["", pytest.param(".onnx", marks=pytest.mark.matrix)])
def test_a_model_that_sigfix_wrote_and_a_fault_in_its_middle(
    end: str, models: Path, tmp_path: Path
) -> None:
    web = converted(models / f"net{end}", tmp_path / "web")
    found = stages_between(models / f"net{end}", web, "serving_default", Asked())
    assert found.why == ""
    assert [stage.name.strip("/").partition("/")[0] for stage in found.rows] == list(LAYERS)
    assert found.grows_at is None
    nodes = json.loads((web / "model.json").read_text())["modelTopology"]["node"]
    assert sum(len(node["name"]) > 4 for node in nodes) == len(LAYERS)
    changed = stages_between(models / f"changed{end}", web, "serving_default", Asked())
    assert changed.grows_at == 2


@pytest.mark.matrix
def test_a_fault_in_the_middle_of_a_real_network(tmp_path: Path) -> None:
    """MobileNetV2, whose batch norms and relus go into kernels; the fault is weakened behind it."""
    import keras

    keras.utils.set_random_seed(1)
    network = keras.applications.MobileNetV2((96, 96, 3), alpha=0.35, weights=None, classes=10)
    for layer in network.layers:
        if hasattr(layer, "momentum"):
            layer.momentum = 0.0  # the statistics are those of what is computed now
    network(np.random.default_rng(0).uniform(size=(8, 96, 96, 3)), training=True)
    source = tmp_path / "mobile"
    network.export(str(source), verbose=False)
    web = converted(source, tmp_path / "web")
    whole = stages_between(source, web, "serving_default", Asked())
    assert (whole.why, len(whole.rows), whole.grows_at) == ("", 30, None)
    assert not any(stage.folded for stage in whole.rows)
    middle = whole.rows[15].name
    altered(web, middle)
    wrong = stages_between(source, web, "serving_default", Asked())
    assert wrong.grows_at == 15
    assert wrong.rows[15].name == middle
    assert all(stage.difference.ok for stage in wrong.rows[:15])


def test_an_onnx_tensor_is_called_as_the_scope_of_what_computes_it() -> None:
    made = inside(("a/out/MatMul", "MatMul", "x"), ("a/out/Add", "Add", "a/out/MatMul"),
                  ("b_0/Tanh", "Tanh", "a/out/Add"))  # fmt: skip
    nodes = InnerNode("/a/out", "Gemm", ("x",)), InnerNode("b:0", "Tanh", ("/a/out",))
    file = Inside(nodes, frozenset({"x"}), made.reading, onnx=True)
    assert shared_stages(file, made)[0] == [
        ("a", "/a/out", "a/out/Add"),
        ("b_0", "b:0", "b_0/Tanh"),
    ]
    assert shared_stages(made, file)[0] == [
        ("a", "a/out/Add", "/a/out"),
        ("b_0", "b_0/Tanh", "b:0"),
    ]


def test_channels_may_be_first_or_last() -> None:
    value = np.random.default_rng(1).normal(size=(2, 5, 7, 3)).astype(np.float32)
    for found in (value, np.moveaxis(value, -1, 1)):
        (stage,) = _compared([("s", "a", "b")], {"a": value}, {"b": found}, 1e-5)
        assert stage.difference.ok
    other = np.moveaxis(value, -1, 1) + np.float32(0.1)
    (stage,) = _compared([("s", "a", "b")], {"a": value}, {"b": other}, 1e-5)
    assert not stage.difference.ok
    assert not list(_compared([("s", "a", "b")], {"a": value}, {"b": value[:, :4]}, 1e-5))


def test_why_nothing_inside_is_compared(models: Path) -> None:
    found = stages_between(models / "net", models / "net.onnx", "serving_default", Asked())
    assert found.rows == ()
    assert "no tensor inside has a name that both models have" in found.why
    missing = stages_between(models / "net", models / "nothing", "serving_default", Asked())
    assert "nothing" in missing.why


def test_the_picture_says_where_and_what_could_not_be_compared(models: Path) -> None:
    found = stages_between(models / "net.onnx", models / "changed.onnx", "", Asked())
    verdict = Verification("f", "different", (), "y: off")
    _, shapes = shapes_of((verdict,), "a", "b", {"f": found})
    said = [shape.said for shape in shapes if isinstance(shape, Words)]
    assert any("beyond what is allowed from block2 on" in each for each in said)
    assert any(each.startswith("8 of 8 tensors inside have a name") for each in said)
    marks = [shape for shape in shapes if isinstance(shape, Mark)]
    assert [mark.y for mark in marks] == sorted(mark.y for mark in marks)
    assert marks[1].x < marks[2].x
    _, shapes = shapes_of((verdict,), "a", "b", {"f": type(found)(why="it is closed")})
    said = [shape.said for shape in shapes if isinstance(shape, Words)]
    assert any("not compared" in each for each in said) and "it is closed" in said
