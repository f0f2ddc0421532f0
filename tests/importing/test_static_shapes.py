"""What exporters compute from the batch becomes static, with the same results at any batch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import (
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
    traced,
)

require_packages()

import torch  # noqa: E402


class Decoder(torch.nn.Module):
    """Writes into columns of a buffer, as PARSeq's decoder and ViPTR's mixer do."""

    def forward(self, x: Any) -> Any:
        rows = torch.full((x.shape[0], 5), 0.5)
        rows[:, 0] = x.sum((1, 2))
        rows[:, 2:4] = x[:, 0, :2] * 2
        rows[:, -1] = x.mean((1, 2))
        wide = x.reshape(x.shape[0], -1, 2, 2).expand(x.shape[0], 3, 2, 2).clone()
        wide[:, 1:3, 0] = x[:, :2, 1:3]
        return torch.cat([rows, wide.flatten(1)], 1)


class Greedy(torch.nn.Module):
    """Feeds back, at each step, all the classes that it decided on."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.classes = torch.nn.Embedding(5, 4)

    def forward(self, x: Any) -> Any:
        read = torch.full((x.shape[0], 4), 1, dtype=torch.long)
        for step in range(3):
            scores = (
                x * self.classes(read[:, : step + 1]).sum(1, keepdim=True)
            ) @ self.classes.weight.T
            read[:, step + 1] = scores.sum(1).argmax(-1)
        return self.classes(read)


class WholeSqueeze(torch.nn.Module):
    """A squeeze that names no axes, over a tensor whose batch is not one."""

    def forward(self, x: Any) -> Any:
        return x[:, :1].reshape(x.shape[0], -1, 1, 4).squeeze() * 2


def exported(module: torch.nn.Module, path: Any) -> Any:
    import onnx

    from sigfix.importing.doctr import quiet

    with quiet():
        torch.onnx.export(
            module.eval(), (torch.zeros(2, 3, 4),), str(path), dynamo=False, opset_version=17,
            input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "batch"}},
        )  # fmt: skip
    return onnx.load(path)


@pytest.mark.parametrize("module", [Decoder(), WholeSqueeze()], ids=lambda m: type(m).__name__)
def test_results_stay_at_every_batch(module: torch.nn.Module, tmp_path: Any) -> None:
    from sigfix.importing.onnx_simplification import simplify

    model = exported(module, tmp_path / "model.onnx")
    simplified = simplify(type(model).FromString(model.SerializeToString()))
    for batch in (2, 4):
        inputs = {"x": np.random.default_rng(batch).normal(size=(batch, 3, 4)).astype(np.float32)}
        (expected,) = onnx_runtime_outputs(model, inputs).values()
        for found in (onnx_runtime_outputs(simplified, inputs), sigfix_outputs(simplified, inputs)):
            np.testing.assert_allclose(found["y"], expected, rtol=1e-5, atol=1e-6)


def test_nothing_is_scattered_or_shaped_at_run_time(tmp_path: Any) -> None:
    from sigfix.importing.onnx_simplification import simplify

    model = exported(Decoder(), tmp_path / "model.onnx")
    assert any(n.op_type == "ScatterND" for n in model.graph.node)
    kinds = Counter(n.op_type for n in simplify(model).graph.node)
    assert not {"ScatterND", "Range"} & set(kinds), kinds


@pytest.mark.parametrize(
    ("shape", "places", "bounds"),
    [
        ((3, 5), [[0, 2], [1, 2], [2, 2]], ((1, (2, 3), False),)),
        ((3, 5), [[0, -1], [1, -1], [2, -1]], ((1, (4, 5), True),)),
        ((4, 2), [[1], [2]], ((0, (1, 3), False),)),
        ((2, 2), [[0], [1]], ()),
        ((3, 5), [[1, 2], [1, 3], [2, 2], [2, 3]], ((0, (1, 3), True), (1, (2, 4), False))),
        ((3, 5), [[0, 2], [1, 2]], ((0, (0, 2), False), (1, (2, 3), False))),
        ((3, 5), [[1, 2], [0, 2], [2, 2]], None),  # another order
        ((3, 5), [[0, 0], [0, 2], [0, 4]], None),  # gaps
        ((3, 5), [[0, 1], [0, 1]], None),  # twice
    ],
)
def test_boxes_are_told_from_other_places(shape: Any, places: Any, bounds: Any) -> None:
    from sigfix.importing.scatter_slices import box_of

    box = box_of([np.array(places)], [shape])
    assert (None if box is None else box.bounds) == bounds


def test_a_buffer_that_is_written_step_by_step_is_never_cut(tmp_path: Any) -> None:
    """What is read of it are the steps before; no index of a decoder can be negative."""
    from sigfix.importing.onnx_simplification import simplify

    model = simplify(exported(Greedy(), tmp_path / "model.onnx"))
    kinds = Counter(o.type for o in traced(model).graph.get_operations())
    assert not {"SelectV2", "TensorScatterUpdate", "Less"} & set(kinds), kinds
    assert kinds["ConcatV2"] <= 6, "one for what was written so far, one for the whole, a step"
    inputs = {"x": np.random.default_rng(0).normal(size=(3, 3, 4)).astype(np.float32)}
    expected = onnx_runtime_outputs(model, inputs)
    np.testing.assert_array_equal(sigfix_outputs(model, inputs)["y"], expected["y"])
