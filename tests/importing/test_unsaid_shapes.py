"""Files that ONNX's checker refuses and ONNX Runtime takes: shapes and weights left unsaid."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import BlockedError
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.planning.choices import Choices  # noqa: E402
from sigfix.planning.onnx_file import plan_onnx  # noqa: E402
from sigfix.planning.parsing import parse_input  # noqa: E402
from sigfix.reading import read_any  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

Shape = list[Any] | None


def written(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: dict[str, tuple[int, ...]],
    x: Shape = None,
    y: Shape = None,
    ir_version: int = 8,
) -> Path:
    random = np.random.default_rng(1)
    tensors = [
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in weights.items()
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", x), ("y", y))
    ]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = ir_version
    onnx.save(model, path)
    with pytest.raises(onnx.checker.ValidationError):
        onnx.checker.check_model(str(path))
    return path


def noise(*shape: int) -> dict[str, np.ndarray[Any, Any]]:
    return {"x": np.random.default_rng(2).standard_normal(shape).astype(np.float32)}


def convolution(transposed: bool = False) -> list[onnx.NodeProto]:
    operator = "ConvTranspose" if transposed else "Conv"
    return [helper.make_node(operator, ["x", "w"], ["c"]), helper.make_node("Relu", ["c"], ["y"])]


@pytest.mark.parametrize("size", [2, "n"])
def test_the_shape_of_an_output_is_inferred(size: Any, tmp_path: Path) -> None:
    path = written(tmp_path / "m.onnx", convolution(), {"w": (4, 3, 3, 3)}, [size, 3, 8, 8])
    (output,) = open_onnx(path, tmp_path).model.graph.output
    dims = output.type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims][1:] == [4, 6, 6]
    same_as_onnx_runtime(path, tmp_path, noise(2, 3, 8, 8))


def test_an_output_that_nobody_can_tell_the_rank_of_stays_so(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Cast", ["places"], ["c"], to=TensorProto.FLOAT),
        helper.make_node("Squeeze", ["c"], ["y"]),
    ]
    path = written(tmp_path / "m.onnx", nodes, {}, [4, 3])
    (output,) = open_onnx(path, tmp_path).model.graph.output
    assert not output.type.tensor_type.HasField("shape")


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("kernel", [(3,), (3, 3)])
def test_a_convolution_tells_the_axes_of_its_input(
    transposed: bool, kernel: tuple[int, ...], tmp_path: Path
) -> None:
    nodes = convolution(transposed)
    path = written(tmp_path / "m.onnx", nodes, {"w": (3, 3, *kernel)})
    same_as_onnx_runtime(path, tmp_path, noise(2, 3, *(8 for _ in kernel)))


@pytest.mark.parametrize(
    ("nodes", "weights"),
    [
        ([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": (5, 3)}),
        ([helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)], {"w": (3, 5), "b": (3,)}),
        ([helper.make_node("Tanh", ["x"], ["y"])], {}),
    ],
    ids=["product", "turned", "any"],
)
def test_an_input_without_axes_is_refused_with_a_shape_that_works(
    nodes: list[onnx.NodeProto], weights: dict[str, tuple[int, ...]], tmp_path: Path
) -> None:
    path = written(tmp_path / "m.onnx", nodes, weights)
    with pytest.raises(BlockedError, match="the shape of x, not even how many axes") as caught:
        open_onnx(path, tmp_path)
    word = shlex.split(str(caught.value.hint), comments=True)[1]
    choice = parse_input(word)
    shape = choice.shape or ()
    fed = noise(*(size or 2 for size in shape))
    same_as_onnx_runtime(path, tmp_path, fed, sizes={"x": shape})
    (edit,) = plan_onnx(read_any(path), Choices(inputs=(choice,))).edits
    assert edit.sizes == (("x", shape),)


def test_weights_of_an_old_file_need_not_be_inputs(tmp_path: Path) -> None:
    sizes = ["n", 3, 8, 8]
    path = written(
        tmp_path / "m.onnx", convolution(), {"w": (4, 3, 3, 3)}, sizes, ["n", 4, 6, 6], ir_version=3
    )
    same_as_onnx_runtime(path, tmp_path, noise(2, 3, 8, 8))
