"""Sizes for open axes, read off the graph: by its weights, and what an exporter wrote beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
pytest.importorskip("tensorflow")

FLOAT = onnx.TensorProto.FLOAT


def _model(
    nodes: list[Any], shape: list[Any], told: dict[str, str] | None = None, **weights: tuple
) -> Any:
    tensors = [
        onnx.numpy_helper.from_array(np.zeros(dims, np.float32), name)
        for name, dims in weights.items()
    ]
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes, "g", [value("x", FLOAT, shape)], [value("y", FLOAT, None)], tensors
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    onnx.helper.set_model_props(model, told or {})
    return model


def _node(operator: str, *names: str, **attributes: Any) -> Any:
    *inputs, output = names
    return onnx.helper.make_node(operator, inputs, [output], **attributes)


CONVOLUTION = _node("Conv", "x", "w", "y")
HALVED = _node("Conv", "x", "w", "c", strides=[2, 2], pads=[1, 1, 1, 1])
CLASSES = [HALVED, _node("Flatten", "c", "f"), _node("Gemm", "f", "g", "y", transB=1)]
TURNED = [_node("Transpose", "x", "t", perm=[0, 3, 1, 2]), _node("Conv", "t", "w", "y")]
PLACES = [_node("Add", "x", "p", "y")]
OPEN = ["b", None, "h", "w"]


@pytest.mark.parametrize(
    ("nodes", "shape", "weights", "told", "expected"),
    [
        (CLASSES, OPEN, {"w": (4, 1, 3, 3), "g": (10, 4 * 48 * 48)}, {}, (1, 1, 96, 96)),
        (CLASSES, OPEN, {"w": (4, 4, 3, 3), "g": (10, 4 * 14 * 14)}, {}, (1, 4, 28, 28)),
        (CLASSES, OPEN, {"w": (4, 3, 3, 3), "g": (10, 7)}, {}, (1, 3, 224, 224)),
        ([CONVOLUTION], OPEN, {"w": (4, 3, 3, 3)}, {}, (1, 3, 224, 224)),
        ([CONVOLUTION], OPEN, {"w": (4, 3, 3, 3)}, {"imgsz": "[640, 640]"}, (1, 3, 640, 640)),
        ([CONVOLUTION], ["b", 3, 48, "w"], {"w": (4, 3, 3, 3)}, {}, (1, 3, 48, 48)),
        (TURNED, ["b", "h", "w", 3], {"w": (4, 3, 3, 3)}, {}, (1, 224, 224, 3)),
        (PLACES, ["b", "s", 16], {"p": (1, 77, 16)}, {}, (1, 77, 16)),
        (PLACES, ["b", "s"], {"p": (1, 512)}, {}, (1, 512)),
    ],
)
def test_sizes_that_the_graph_can_be_run_with(
    nodes: list[Any],
    shape: list[Any],
    weights: dict[str, tuple],
    told: dict[str, str],
    expected: tuple[int, ...],
) -> None:
    from sigfix.importing.likely_sizes import likely_sizes

    assert likely_sizes(_model(nodes, shape, told, **weights)) == {"x": expected}


def test_they_are_what_is_offered() -> None:
    from sigfix.importing.advice import sizes_option

    model = _model(CLASSES, OPEN, w=(4, 1, 3, 3), g=(10, 4 * 48 * 48))
    assert (sizes_option(model) or "").startswith("--input 'x=float32[?,1,96,96]'")
