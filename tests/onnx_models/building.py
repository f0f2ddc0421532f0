"""ONNX models from text or from PyTorch, with drawn weights that are no round numbers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Arrays = dict[str, Any]


def parsed(
    text: str,
    opset: int,
    weights: Mapping[str, Any] | None = None,
    ir: int = 8,
    domains: Sequence[str] = (),
) -> Any:
    """A checked model from ONNX's text form, with initialisers from arrays."""
    import onnx
    from onnx import numpy_helper, parser

    opsets = ", ".join([f'"" : {opset}', *(f'"{domain}" : 1' for domain in domains)])
    model = parser.parse_model(f"<ir_version: {ir}, opset_import: [{opsets}]>\n{text}")
    for name, value in (weights or {}).items():
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    onnx.checker.check_model(model)
    return model


def drawn(seed: int, *shape: int, scale: float = 0.3) -> Any:
    """float32 numbers around zero."""
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)


def exported(
    module: Any,
    inputs: tuple[Any, ...],
    names: Sequence[str],
    outputs: Sequence[str],
    opset: int = 17,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
    scripted: bool = False,
) -> Any:
    """What PyTorch's TorchScript exporter makes of a module in inference mode."""
    import onnx
    import torch

    module = module.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        buffer = io.BytesIO()
        torch.onnx.export(
            torch.jit.script(module) if scripted else module,
            inputs,
            buffer,
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes={k: dict(v) for k, v in (dynamic or {}).items()},
            opset_version=opset,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def randomised(module: Any, seed: int = 0) -> Any:
    """The module with drawn weights: statistics and biases, and what was all one number, too."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if not tensor.dtype.is_floating_point:
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(1 + 0.2 * noise.abs())
            elif tensor.dim() < 2 or tensor.min() == tensor.max():
                tensor.add_(0.1 * noise)
    return module
