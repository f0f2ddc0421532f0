"""Frozen graphs, ONNX, Keras and TensorFlow.js files: what they are, and what is wrong."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, SavedModel
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read, read_any
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.style import Style
from tests.models import Model, healthy


def field(number: int, content: bytes | int) -> bytes:
    """An encoded protobuf field."""
    from tests.models import varint

    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def value_info(name: str, dtype: int, sizes: list[int | str]) -> bytes:
    dimensions = b"".join(
        field(1, field(1, size) if isinstance(size, int) else field(2, size.encode()))
        for size in sizes
    )
    tensor = field(1, dtype) + field(2, dimensions)
    return field(1, name.encode()) + field(2, field(1, tensor))


def onnx_model(external: str = "") -> bytes:
    weight = field(8, b"w") + field(9, bytes(40))
    if external:
        weight += field(13, field(1, b"location") + field(2, external.encode())) + field(14, 1)
    graph = field(1, field(4, b"Relu")) + field(1, field(4, b"MatMul")) + field(2, b"main")
    graph += field(5, weight) + field(11, value_info("image", 1, ["N", 3, 224]))
    graph += field(11, value_info("w", 1, [10])) + field(12, value_info("logits", 1, ["N", 10]))
    return field(1, 8) + field(2, b"pytorch") + field(7, graph) + field(8, field(2, 17))


def described(path: Path) -> OtherModel:
    found = read_any(path)
    assert isinstance(found, OtherModel)
    return found


def test_onnx(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model())
    model = described(path)
    assert model.kind == "onnx"
    assert [(item.name, str(item)) for item in model.inputs] == [("image", "float32[?,3,224]")]
    assert [(item.name, str(item)) for item in model.outputs] == [("logits", "float32[?,10]")]
    assert model.operators == {"MatMul": 1, "Relu": 1}
    assert dict(model.facts)["opset"] == "ai.onnx 17"
    assert dict(model.facts)["weights"] == "1 tensor, 40 bytes"


def test_weights_of_constants_and_of_branches_are_counted(tmp_path: Path) -> None:
    weight = field(9, bytes(24))
    held = field(4, b"Constant") + field(5, field(1, b"value") + field(5, weight))
    branch = field(1, held) + field(5, field(8, b"inner") + weight) + field(1, field(4, b"Neg"))
    node = field(4, b"If") + field(5, field(1, b"then_branch") + field(6, branch))
    graph = field(1, held) + field(1, node) + field(5, field(8, b"w") + weight)
    graph += field(11, value_info("x", 1, [3])) + field(12, value_info("y", 1, [3]))
    path = tmp_path / "model.onnx"
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 17)))
    model = described(path)
    assert dict(model.facts)["weights"] == "4 tensors, 96 bytes"
    assert model.operators == {"Constant": 2, "If": 1, "Neg": 1}
    assert [item.name for item in model.inputs] == ["x"]


def test_onnx_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(onnx_model())
    assert described(path).kind == "onnx"


@pytest.mark.parametrize(("location", "code"), [("w.bin", "CON204"), ("../w.bin", "CON209")])
def test_onnx_external_data(location: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model(location))
    assert [item.code for item in inspect(path).findings] == [code]


def test_truncated_onnx(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model()[:-30])
    with pytest.raises(UnreadableModelError) as caught:
        read_any(path)
    assert caught.value.code == "CON214"


def test_onnx_reads_what_the_onnx_package_writes(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 3])],
    )
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph), path)
    model = described(path)
    assert [str(item) for item in (*model.inputs, *model.outputs)] == ["float32[?,3]"] * 2


def keras_file(path: Path, config: Any) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return path


def functional(*layers: dict[str, Any]) -> dict[str, Any]:
    return {
        "class_name": "Functional",
        "config": {"layers": list(layers), "output_layers": ["probs", 0, 0]},
    }


IMAGE = {
    "class_name": "InputLayer",
    "config": {"batch_shape": [None, 28, 28], "dtype": "float32", "name": "image"},
}


def test_keras(tmp_path: Path) -> None:
    path = keras_file(tmp_path / "m.keras", functional(IMAGE, {"class_name": "Dense"}))
    model = described(path)
    assert [(item.name, str(item)) for item in model.inputs] == [("image", "float32[?,28,28]")]
    assert dict(model.facts) == {
        "Keras": "3.5.0", "weights": "present", "class": "Functional", "outputs": "probs"
    }  # fmt: skip
    assert inspect(path).findings == ()


def test_keras_with_python_code(tmp_path: Path) -> None:
    path = keras_file(tmp_path / "m.keras", functional(IMAGE, {"class_name": "Lambda"}))
    assert [item.code for item in inspect(path).findings] == ["BEH305"]


@pytest.mark.parametrize("config", [[], 3, None, {"config": 5}, {"config": {"layers": [1]}}])
def test_keras_with_a_strange_configuration(config: Any, tmp_path: Path) -> None:
    assert described(keras_file(tmp_path / "m.keras", config)).inputs == ()


def test_zip_that_is_no_keras_file(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    with pytest.raises(UnreadableModelError, match="not a Keras file"):
        read_any(path)


def test_keras_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(functional(IMAGE))
        file.attrs["keras_version"] = "2.15.0"
    model = described(path)
    assert model.title == "Keras HDF5 file (.h5)"
    assert model.inputs[0].name == "image"


def tfjs_model(folder: Path, *, size: int = 40, op: str = "Relu", **attributes: Any) -> Path:
    """A graph model with one weight of 40 bytes, `size` of them there."""
    folder.mkdir(exist_ok=True)
    info = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "-1"}, {"size": "3"}]}}
    document = {
        "format": "graph-model",
        "generatedBy": "2.19.0",
        "modelTopology": {
            "node": [
                {"name": "x", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}},
                {"name": "y", "op": op, "input": ["x"], "attr": attributes},
            ]
        },
        "signature": {"inputs": {"x": info}, "outputs": {"y": info}},
        "weightsManifest": [
            {
                "paths": ["group1-shard1of1.bin"],
                "weights": [{"name": "w", "shape": [10], "dtype": "float32"}],
            }
        ],
    }
    (folder / "model.json").write_text(json.dumps(document))
    (folder / "group1-shard1of1.bin").write_bytes(bytes(size))
    return folder


def test_tfjs(tmp_path: Path) -> None:
    path = tfjs_model(tmp_path / "m")
    model = described(path)
    assert model.title == "TensorFlow.js graph model"
    assert [str(item) for item in model.inputs] == ["float32[?,3]"]
    assert model.operators == {"Placeholder": 1, "Relu": 1}
    assert inspect(path).findings == ()


TFJS_FAULTS = [
    ({"size": 39}, "", "CON205"),
    ({"op": "_FusedHardSwish"}, "", "TGT401"),
    ({"op": "Einsum"}, "tfjs-wasm", "TGT402"),
    ({"op": "_FusedMatMul", "transpose_b": {"b": True}}, "", "TGT405"),
    ({"op": "Conv2D", "data_format": {"s": "TkNIVw=="}}, "", "TGT403"),
    ({"op": "_FusedConv2D", "fused_ops": {"list": {"s": ["X0Z1c2VkSGFyZFN3aXNo"]}}}, "", "TGT401"),
]


@pytest.mark.parametrize(("change", "target", "code"), TFJS_FAULTS)
def test_tfjs_faults(change: dict[str, Any], target: str, code: str, tmp_path: Path) -> None:
    path = tfjs_model(tmp_path / "m", **change)
    assert [item.code for item in inspect(path, target=target).findings] == [code]


def test_tfjs_missing_shard(tmp_path: Path) -> None:
    path = tfjs_model(tmp_path / "m")
    (path / "group1-shard1of1.bin").unlink()
    assert [item.code for item in inspect(path).findings] == ["CON204"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"modelTopology": 3}', '{"modelTopology": {"node": [1, {}]}}']
)
def test_strange_model_json(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(text)
    try:
        read_any(path)
    except UnreadableModelError as error:
        assert error.code in ("CON212", "CON214")


def test_frozen_graph(tmp_path: Path) -> None:
    path = tmp_path / "frozen.pb"
    path.write_bytes(Model().meta.graph_def.SerializeToString())
    model = read(path)
    assert isinstance(model, SavedModel)
    assert model.encoding == "graph"
    assert [item.code for item in inspect(path).findings] == ["SIG001"]


def test_frozen_graph_in_text_form(tmp_path: Path) -> None:
    path = tmp_path / "frozen.pbtxt"
    path.write_text(str(Model().meta.graph_def))
    model = read(path)
    assert [node.op for node in model.meta_graphs[0].graph.nodes] == ["Placeholder", "Relu"]


def test_saved_model_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "model.pb"
    path.write_bytes(healthy().data())
    with pytest.raises(UnreadableModelError, match="under another name") as caught:
        read(path)
    assert caught.value.code == "CON212"


def test_saved_model_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model())
    with pytest.raises(UnreadableModelError, match="it is an ONNX model"):
        read(path)


def test_chunked_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "saved_model.cpb").write_bytes(b"riegeli")
    with pytest.raises(UnreadableModelError, match="chunked") as caught:
        read(tmp_path)
    assert caught.value.code == "CON217"


def test_tfjs_card_and_metadata(tmp_path: Path) -> None:
    """The card is apart from what others wrote; numbers that JSON does not have become words."""
    path = tfjs_model(tmp_path / "m")
    document = json.loads((path / "model.json").read_text())
    document["userDefinedMetadata"] = {"sigfix": {"preset": "p", "mean": float("nan")}, "owner": 1}
    (path / "model.json").write_text(json.dumps(document))
    report = inspect(path)
    assert report.other is not None
    assert report.other.card == {"preset": "p", "mean": "NaN"}
    assert ("metadata", "owner") in report.other.facts
    assert ("producer", "TensorFlow 2.19.0") in report.other.facts
    assert "NaN" not in re.sub(r'"[^"]*"', "", "".join(render_json([report])))
    assert "docTR preset p" in render_text(report, Style(80))
    assert "ignored: it has no task" in render_text(report, Style(80))
