"""Networks as PyTorch's two exporters write them: right in TensorFlow.js, sizes left open."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.importing.single_node import require_packages

require_packages()
pytest.importorskip("torch")

import numpy as np  # noqa: E402

import tests.onnx_models.__main__ as pages  # noqa: E402
from tests.onnx_models.architectures import TRANSFORMERS  # noqa: E402
from tests.onnx_models.exporting import (  # noqa: E402
    DYNAMO,
    EXPORTERS,
    TORCHSCRIPT,
    Given,
    Network,
)
from tests.onnx_models.measuring import Result, difference, measure  # noqa: E402

pytestmark = pytest.mark.usefixtures("node_packages")
ALWAYS = ("RoBERTa-like, mean of tokens",)


def rows() -> list[Any]:
    """Those of `ALWAYS` run with the suite, all others with `make matrix`."""
    return [
        pytest.param(
            network,
            exporter,
            id=f"{network.name}, {exporter}",
            marks=[] if network.name in ALWAYS else [pytest.mark.matrix],
        )
        for network in TRANSFORMERS
        for exporter in EXPORTERS
    ]


@pytest.mark.parametrize(("network", "exporter"), rows())
def test_it_converts_and_computes_what_pytorch_does(
    network: Network, exporter: str, tmp_path: Path
) -> None:
    if exporter == DYNAMO:
        pytest.importorskip("onnxscript", reason="PyTorch's dynamo exporter needs onnxscript")
    found = measure(network, exporter, tmp_path)
    assert found.verdict == "right", found


def test_a_network_that_asks_nothing_of_its_input_shows_nothing(tmp_path: Path) -> None:
    import torch
    from torch import nn

    class Deaf(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.arange(4.0))

        def forward(self, x: Any) -> Any:
            return x * 1e-6 + self.bias

    network = Network("deaf", Deaf, (Given("x", ("batch", 4)),), 17)
    found = measure(network, TORCHSCRIPT, tmp_path)
    assert found.verdict == "unexported" and "answers differ by" in found.detail


def test_what_differs_is_seen() -> None:
    value = np.arange(6, dtype=np.float32).reshape(2, 3)
    off = value.copy()
    off[1, 2] += 0.01
    assert difference([value], [value]) == 0
    assert difference([value], [off]) > 1e-3
    assert difference([value], [value.T]) == float("inf")
    assert difference([value], [off * np.nan]) == float("inf")


def test_the_page_is_made_of_what_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "CACHE", tmp_path)
    results = (
        Result("right", 14, 1e-7, 2e-7),
        Result("wrong", 18, 1e-7, 2e-3, "`executeAsync`"),
        Result("refused", 18, detail="no size", hint="sigfix convert m.onnx"),
    )
    for network, result in zip(TRANSFORMERS, results, strict=False):
        place = pages.cached(network, TORCHSCRIPT)
        place.write_text(json.dumps(dataclasses.asdict(result)), "utf-8")
    said = pages.page()
    first, second, third = (network.name for network in TRANSFORMERS[:3])
    assert "Right by TorchScript: 1 of 3." in said and "Right by dynamo: 0 of 0." in said
    assert f"| {first} | opset 14: 2e-07 |  |" in said
    assert f"| {second} | wrong, opset 18: 2e-03, `executeAsync` |  |" in said
    assert f"- {third}, TorchScript, refused: no size Way on: `sigfix convert m.onnx`" in said
