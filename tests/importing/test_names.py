"""Names that TensorFlow cannot hold: two never become one, and the plan says what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.planning.names import signature_keys
from tests.importing.single_node import onnx_runtime_outputs, require_packages

NAMES = [
    ("a.b", "a_b"),
    ("x:0", "x_0"),
    ("x", "X"),
    ("X_1", "x", "X"),
    ("a/b", "a_b", "a.b"),
    ("a.b", "a_b", "a_b_1"),
    ("1", "t_1"),
    ("_x", "t__x", "x_"),
    ("输入", "输出"),
    ("self", "t_self"),
    ("name", "args", "kwargs"),
    ("x y", "x\ty"),
    ("model", "inputs"),
]


@pytest.mark.parametrize("names", NAMES, ids="-".join)
def test_keys_differ_whatever_the_order(names: tuple[str, ...]) -> None:
    keys = signature_keys(names)
    assert len({key.lower() for key in keys.values()}) == len(names)
    assert signature_keys(reversed(names)) == keys
    assert signature_keys(keys.values()) == {k: k for k in keys.values()}, "a key stays as it is"
    assert all(key.isascii() and key.isidentifier() for key in keys.values())


def model_of(names: tuple[str, ...]) -> Any:
    """Each input by a number of its own; the outputs clash as the inputs do, and so do others."""
    from onnx import TensorProto, helper, numpy_helper

    kind, nodes, constants = TensorProto.FLOAT, [], []
    for place, name in enumerate(names):
        constants.append(numpy_helper.from_array(np.float32(place + 2), f"c.{place}"))
        inner, own = f"{name}.in", f"a_b.{place}"
        nodes.append(helper.make_node("Mul", [name, f"c.{place}"], [inner], name=own))
        nodes.append(helper.make_node("Exp", [inner], [f"{name}.out"], name=name))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, kind, ["n", 3]) for name in names],
        [helper.make_tensor_value_info(f"{name}.out", kind, ["n", 3]) for name in names],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("names", NAMES, ids="-".join)
def test_every_tensor_is_called_as_planned_and_is_itself(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    require_packages()
    import onnx
    import tensorflow as tf

    from sigfix.exporting.freezing import freeze
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.onnx_to_saved_model import save_onnx
    from sigfix.planning.onnx_file import imported_model
    from sigfix.reading.onnx import read_onnx

    model = model_of(names)
    onnx.save(model, tmp_path / "model.onnx")
    planned = imported_model(read_onnx(tmp_path / "model.onnx")).meta_graphs[0].signatures[0]
    save_onnx(simplify(model), tmp_path / "saved")
    loaded = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    keys = signature_keys(names)
    random = np.random.default_rng(0)
    fed = {name: random.normal(size=(2, 3)).astype(np.float32) for name in names}
    expected = onnx_runtime_outputs(model_of(names), fed)
    found = loaded(**{keys[name]: tf.constant(value) for name, value in fed.items()})
    outputs = signature_keys(expected)
    assert {item.key for item in planned.inputs} == set(keys.values())
    assert {item.key for item in planned.outputs} == set(outputs.values()) == set(found)
    for name, value in expected.items():
        np.testing.assert_allclose(found[outputs[name]], value, rtol=1e-5)
    frozen = freeze(tmp_path / "saved", "serving_default")
    assert set(frozen.inputs) == set(keys.values())
    assert len(set(frozen.inputs.values()) | set(frozen.outputs.values())) == 2 * len(names)


@pytest.mark.parametrize("names", [("x", "X"), ("a.b", "a_b"), ("X_1", "x", "X")], ids="-".join)
def test_the_graph_for_tensorflow_js_reads_each_input(names: tuple[str, ...]) -> None:
    require_packages()
    from sigfix.exporting.freezing import with_signature_names
    from sigfix.importing.onnx_to_graph import trace_onnx

    traced = trace_onnx(model_of(names))
    frozen = with_signature_names(traced.graph, traced.inputs, traced.outputs)
    assert frozen.unused_inputs == ()
    assert list(frozen.inputs) == list(signature_keys(names).values())


@pytest.mark.parametrize(("inner", "output"), [("input", "logits"), ("logits", "maps")])
def test_a_presets_input_and_output_may_have_any_name(inner: str, output: str) -> None:
    """Another exporter's `x`; something else in the file is called `input`, or `logits`."""
    require_packages()
    from onnx import TensorProto, helper, numpy_helper

    from sigfix.importing.onnx_graph import finish
    from sigfix.presets import find_preset

    weights = np.random.default_rng(5).normal(size=(1, 3, 3, 3)).astype(np.float32)
    sides: list[Any] = ["n", 1, 32, 32]
    nodes = [
        helper.make_node("Relu", ["pixels"], [inner], name=inner),
        helper.make_node("Conv", [inner, "weights"], [output], pads=[1, 1, 1, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, sides)],
        [numpy_helper.from_array(weights, "weights")],
        value_info=[helper.make_tensor_value_info(inner, TensorProto.FLOAT, ["n", 3, 32, 32])],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    image = np.random.default_rng(1).normal(size=(2, 3, 32, 32)).astype(np.float32)
    (logits,) = onnx_runtime_outputs(model, {"pixels": image}).values()
    preset = find_preset("linknet_resnet18", 32, True)
    assert finish(model, preset, Path("detector.onnx"))
    (found,) = onnx_runtime_outputs(model, {"input": image}).values()
    np.testing.assert_allclose(found, logits.transpose(0, 2, 3, 1), rtol=1e-5, atol=1e-6)


def test_a_detector_whose_maps_went_through_a_sigmoid_is_no_export_of_doctrs() -> None:
    require_packages()
    from onnx import TensorProto, helper

    from sigfix.errors import BlockedError
    from sigfix.importing.onnx_graph import check_preset
    from sigfix.presets import find_preset

    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", channels, 32, 32])
        for name, channels in (("x", 3), ("y", 3))
    ]
    nodes = [helper.make_node("Sigmoid", ["x"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "detector", values[:1], values[1:]))
    with pytest.raises(BlockedError, match="its output y comes out of Sigmoid"):
        check_preset(model, find_preset("linknet_resnet18", 32), Path("file.onnx"))
