"""Scales, sizes and lengths of sequences that are fed: a file has what cannot be made up."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from sigfix.importing.unguessed import unguessed
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.repair import repair
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

pytestmark = pytest.mark.usefixtures("node_packages")
FLOAT, INTEGER = TensorProto.FLOAT, TensorProto.INT64
SECONDS = 3.0


def saved(path: Path, nodes: list[Any], fed: list[Any], opset: int = 13) -> Path:
    values = [helper.make_tensor_value_info(*item) for item in [("x", FLOAT, [1, 3, 8, 8]), *fed]]
    output = helper.make_tensor_value_info("y", FLOAT, None)
    fixed = [helper.make_tensor("own", INTEGER, [2], [1, 3]),
             helper.make_tensor("one", FLOAT, [2], [1.0, 1.0])]  # fmt: skip
    fixed = [item for item in fixed if any(item.name in node.input for node in nodes)]
    graph = helper.make_graph(nodes, "g", values, [output], fixed)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def resize(*inputs: str, operator: str = "Resize", mode: str = "nearest") -> Any:
    return helper.make_node(operator, inputs, ["y"], "up", mode=mode)


JOINED = [helper.make_node("Concat", ["one", "s"], ["z"], axis=0), resize("x", "", "z")]
FORMS: dict[str, tuple[list[Any], list[Any], int, str]] = {
    "scales": ([resize("x", "", "s")], [("s", FLOAT, [4])], 13, "scales"),
    "sizes": ([resize("x", "", "", "s")], [("s", INTEGER, [4])], 13, "sizes"),
    "upsample": ([resize("x", "s", operator="Upsample")], [("s", FLOAT, [4])], 9, "scales"),
    "first": ([resize("x", "s")], [("s", FLOAT, [4])], 10, "scales"),
    "joined": (JOINED, [("s", FLOAT, [2])], 13, "scales"),
    "cast": (
        [helper.make_node("Cast", ["s"], ["z"], to=FLOAT), resize("x", "", "z")],
        [("s", TensorProto.DOUBLE, [4])], 13, "scales",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_what_is_fed_is_named_at_once_with_the_way_on(name: str, tmp_path: Path) -> None:
    nodes, fed, opset, what = FORMS[name]
    path = saved(tmp_path / "m.onnx", nodes, fed, opset)
    start = time.process_time()
    with pytest.raises(ConversionError, match=f"node up.: its {what} are fed, by s") as caught:
        convert(path, tmp_path / "web")
    assert time.process_time() - start < SECONDS
    assert "--inputs FILE.npz   # has s" in str(caught.value.hint)
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.matrix
def test_the_way_on_is_followed(tmp_path: Path) -> None:
    nodes, fed, opset, _ = FORMS["scales"]
    path = saved(tmp_path / "m.onnx", nodes, fed, opset)
    with pytest.raises(ConversionError, match="its scales are fed, by s"):
        repair(path, tmp_path / "out")
    arrays = {
        "x": np.random.default_rng(0).standard_normal((1, 3, 8, 8)).astype(np.float32),
        "s": np.array([1, 1, 2, 1.5], np.float32),
    }
    np.savez(tmp_path / "real.npz", **arrays)
    made = convert(path, tmp_path / "web", ConvertOptions(inputs=tmp_path / "real.npz"))
    assert made.comparisons and all(each.parity.ok for each in made.comparisons)
    result = repair(path, tmp_path / "out", options=RepairOptions(inputs=arrays))
    assert [item.verdict for item in result.parity] == ["same"]


def test_what_can_be_made_up_is(tmp_path: Path) -> None:
    """Sizes beside constants for batch and channels, and scales that are no input's numbers."""
    sizes = [helper.make_node("Concat", ["own", "s"], ["z"], axis=0), resize("x", "", "", "z")]
    shape = [
        helper.make_node("Shape", ["x"], ["a"]),
        helper.make_node("Add", ["a", "a"], ["b"]),
        resize("x", "", "", "b"),
    ]
    first = saved(tmp_path / "a.onnx", sizes, [("s", INTEGER, [2])])
    assert unguessed(first) == unguessed(saved(tmp_path / "b.onnx", shape, [])) == []
    made = convert(first, tmp_path / "web")
    assert made.comparisons and all(each.parity.ok for each in made.comparisons)


def lengths(path: Path, size: int | str) -> Path:
    """An LSTM of 5 steps whose `sequence_lens` are an input."""
    random = np.random.default_rng(0)
    weights = [
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in {"w": (2, 16, 3), "r": (2, 16, 4)}.items()
    ]
    values = [
        helper.make_tensor_value_info("x", FLOAT, [5, size, 3]),
        helper.make_tensor_value_info("lens", TensorProto.INT32, [size]),
    ]
    inputs = ["x", "w", "r", "", "lens"]
    node = helper.make_node("LSTM", inputs, ["y"], "rnn", hidden_size=4, direction="bidirectional")
    output = helper.make_tensor_value_info("y", FLOAT, [5, 2, size, 4])
    graph = helper.make_graph([node], "g", values, [output], weights)
    opsets = [helper.make_opsetid("", 14)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


@pytest.mark.parametrize("size", ["batch", pytest.param(2, marks=pytest.mark.matrix)])
def test_lengths_of_sequences_are_named_and_taken_from_a_file(
    size: int | str, tmp_path: Path
) -> None:
    path = lengths(tmp_path / "m.onnx", size)
    with pytest.raises(ConversionError, match="its sequence lengths are fed, by lens"):
        convert(path, tmp_path / "web")
    x = np.random.default_rng(1).standard_normal((5, 2, 3)).astype(np.float32)
    np.savez(tmp_path / "real.npz", x=x, lens=np.array([5, 3], np.int32))
    made = convert(path, tmp_path / "web", ConvertOptions(inputs=tmp_path / "real.npz"))
    assert made.comparisons and all(each.parity.ok for each in made.comparisons)
    assert made.mode == "execute"
