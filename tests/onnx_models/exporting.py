"""A network of PyTorch, and its export by either of PyTorch's exporters, sizes left open."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.onnx_models.building import randomised

TORCHSCRIPT, DYNAMO = "TorchScript", "dynamo"
EXPORTERS = (TORCHSCRIPT, DYNAMO)
FIRST_OF_DYNAMO = 18
"""The lowest opset that its operators are written for."""
EXPORTED_WITH = {"batch": 2, "tokens": 8, "past": 5, "seen": 7, "samples": 200}
RUN_WITH = {"batch": 3, "tokens": 11, "past": 4, "seen": 9, "samples": 331}


@dataclass(frozen=True)
class Given:
    """An input: its sizes, those that stay open by name, and what it holds."""

    name: str
    sizes: tuple[int | str, ...]
    holds: str = "numbers"

    def draw(self, opened: Mapping[str, int], seed: int) -> Any:
        """A tensor; ids are some of 50 words, masks are ones and then zeros."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        sizes = [opened[size] if isinstance(size, str) else size for size in self.sizes]
        if self.holds == "numbers":
            return torch.randn(*sizes, generator=generator)
        if self.holds == "mask":
            there = torch.arange(sizes[-1]) < sizes[-1] - torch.arange(sizes[0])[:, None]
            return there.to(torch.int64)
        return torch.randint(0, 50 if self.holds == "ids" else 2, sizes, generator=generator)


@dataclass(frozen=True)
class Network:
    """What builds it, what it is given, and the opset of its export by TorchScript."""

    name: str
    build: Callable[[], Any]
    inputs: tuple[Given, ...]
    opset: int

    def draw(self, opened: Mapping[str, int], seed: int = 0) -> dict[str, Any]:
        """Every input."""
        return {given.name: given.draw(opened, seed + n) for n, given in enumerate(self.inputs)}


def built(network: Network) -> Any:
    """The network in inference mode, with drawn weights; of several maps one, the first."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    module = randomised(network.build().eval())
    _measure_statistics(module, network)

    class Only(nn.Module):
        """Of a segmentation network's dictionary its one map."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: Any) -> Any:
            return self.inner(x)["out"]

    with torch.no_grad():
        made = module(*network.draw(EXPORTED_WITH).values())
    return Only().eval() if isinstance(made, dict) else module


def _measure_statistics(module: Any, network: Network) -> None:
    """Give normalisations what they would have learned, or signals die in deep networks."""
    import torch
    from torch import nn

    norms = [part for part in module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = None  # a plain mean
        norm.reset_running_stats()
    if norms:
        with torch.no_grad():
            module(*network.draw({**EXPORTED_WITH, "batch": 16}, seed=90).values())
    module.eval()


def export(network: Network, module: Any, exporter: str) -> Any:
    """The module as an ONNX model, by the dynamo exporter at an opset that it writes itself."""
    import onnx
    import torch

    given = network.draw(EXPORTED_WITH)
    axes = {
        each.name: {n: size for n, size in enumerate(each.sizes) if isinstance(size, str)}
        for each in network.inputs
    }
    made = module(*given.values())
    outputs = [f"y{n}" for n in range(len(made))] if isinstance(made, tuple) else ["y"]
    own = exporter == DYNAMO
    buffer = io.BytesIO()
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():  # without gradients nn.Transformer has a form of its own
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module,
                tuple(given.values()),
                buffer,
                input_names=list(given),
                output_names=outputs,
                dynamic_axes=axes,
                opset_version=max(network.opset, FIRST_OF_DYNAMO) if own else network.opset,
                dynamo=own,
                **({"external_data": False, "verbose": False} if own else {}),
            )
    finally:
        logging.disable(before)
    return onnx.load_from_string(buffer.getvalue())
