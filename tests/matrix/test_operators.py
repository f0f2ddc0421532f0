"""What the operators of an ONNX graph are allowed to cost in TensorFlow.js."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.matrix.operators import COSTS, Need, costs, needed, tfjs_operators

onnx = pytest.importorskip("onnx")
FLOAT = 1


def graph(nodes: list[Any], weights: dict[str, tuple[int, ...]], shape: tuple[int, ...]) -> Any:
    """A model from input `x` to output `y`, whose weights are zeros of these shapes."""
    helper = onnx.helper
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [
            onnx.numpy_helper.from_array(np.zeros(size, np.float32), name)
            for name, size in weights.items()
        ],
    )
    return helper.make_model(made)


def node(op: str, inputs: str, output: str, **attributes: Any) -> Any:
    return onnx.helper.make_node(op, inputs.split(), [output], **attributes)


IMAGE, KERNEL = (1, 3, 8, 8), {"w": (3, 3, 1, 1)}


def test_an_activation_after_a_convolution_is_fused() -> None:
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "y")]
    assert needed(graph(nodes, KERNEL, IMAGE)) == Need(1, 0)


def test_an_activation_that_is_not_the_only_reader_is_not() -> None:
    nodes = [node("Conv", "x w", "a"), node("Relu", "a", "b"), node("Add", "a b", "y")]
    assert needed(graph(nodes, KERNEL, IMAGE)) == Need(3, 0)


def test_an_activation_after_a_sum_is_not() -> None:
    nodes = [node("Conv", "x w", "a"), node("Add", "a x", "b"), node("Relu", "b", "y")]
    assert needed(graph(nodes, KERNEL, IMAGE)) == Need(3, 0)


def test_the_division_of_a_hard_swish_goes_into_the_weights_that_follow() -> None:
    alone = [node("HardSwish", "x", "y")]
    before = [node("HardSwish", "x", "a"), node("Conv", "a w", "y")]
    through = [
        node("HardSwish", "x", "a"),
        node("GlobalAveragePool", "a", "b"),
        node("Conv", "b w", "c"),
        node("Mul", "a c", "d"),
        node("Conv", "d w", "y"),
    ]
    added = [node("HardSwish", "x", "a"), node("Add", "a x", "b"), node("Conv", "b w", "y")]
    assert needed(graph(alone, {}, IMAGE)).operators == 4
    assert needed(graph(before, KERNEL, IMAGE)).operators == 3 + 1
    assert needed(graph(through, KERNEL, IMAGE)).operators == 3 + 4
    assert needed(graph(added, KERNEL, IMAGE)).operators == 4 + 2


def test_a_transposed_convolution_has_one_interleaving_transpose() -> None:
    strided = [node("ConvTranspose", "x w", "y", strides=[2, 2])]
    plain = [node("ConvTranspose", "x w", "y", strides=[1, 1])]
    assert needed(graph(strided, KERNEL, IMAGE)) == Need(4, 1)
    assert needed(graph(plain, KERNEL, IMAGE)) == Need(1, 0)


def test_the_sources_own_transpose_is_allowed() -> None:
    nodes = [node("Transpose", "x", "y", perm=[0, 2, 3, 1])]
    assert needed(graph(nodes, {}, IMAGE)) == Need(1, 1)


def test_a_padded_pool_costs_its_padding() -> None:
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    padded = [node("MaxPool", "x", "y", pads=[1, 1, 1, 1], **pool)]
    plain = [node("MaxPool", "x", "y", **pool)]
    assert needed(graph(padded, {}, IMAGE)).operators == 2
    assert needed(graph(plain, {}, IMAGE)).operators == 1


def test_an_lstm_is_counted_by_its_steps() -> None:
    weights = {"w": (1, 16, 5), "r": (1, 16, 4)}
    one = needed(graph([node("LSTM", "x w r", "y", hidden_size=4)], weights, (1, 2, 5)))
    ten = needed(graph([node("LSTM", "x w r", "y", hidden_size=4)], weights, (10, 2, 5)))
    assert ten.operators - one.operators == 9 * costs()["LSTM"]["step"]


def test_a_large_attention_has_products_for_each_head() -> None:
    def attention(width: int) -> Any:
        nodes = [
            node("Transpose", "x", "k", perm=[0, 1, 3, 2]),
            node("MatMul", "x k", "s"),
            node("Softmax", "s", "p"),
            node("MatMul", "p x", "y"),
        ]
        made = onnx.shape_inference.infer_shapes(graph(nodes, {}, (2, 6, width, 64)))
        return needed(made)

    product = costs()["MatMul"]
    assert attention(129) == Need(1 + 1 + 2 * 6 * product["heads"], 1 + 6)
    assert attention(26) == Need(1 + 1 + 2 * product["-"], 1)


def test_an_operator_that_the_table_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="NonMaxSuppression"):
        needed(graph([node("NonMaxSuppression", "x x", "y")], {}, IMAGE))


def test_every_row_of_the_table_can_be_read() -> None:
    rows = [line for line in COSTS.read_text("ascii").splitlines() if line[:1].isalpha()]
    assert sum(len(cases) for cases in costs().values()) == len(rows)
    assert all("-" in cases for cases in costs().values())


def test_constants_and_inputs_are_not_operators(tmp_path: Path) -> None:
    nodes = [{"op": op} for op in ("Placeholder", "Const", "Const", "Relu", "Mul", "Relu")]
    (tmp_path / "model.json").write_text(json.dumps({"modelTopology": {"node": nodes}}))
    assert tfjs_operators(tmp_path / "model.json") == {"Relu": 2, "Mul": 1}
