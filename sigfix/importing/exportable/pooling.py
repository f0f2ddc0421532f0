"""docTR's adaptive average pooling, which it computes window by window so that it exports."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn import functional

from sigfix.importing.exportable.replacing import with_replaced


class EvenPool(nn.Module):  # type: ignore[misc]
    """Windows of one size, where the output's sides divide the input's; docTR's own otherwise."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Any) -> Any:
        """[B, C, H, W] -> [B, C, h, w], one operator."""
        (height, width), (rows, columns) = x.shape[-2:], self.module.output_size
        if height % rows or width % columns:
            return self.module(x)
        if height == rows and columns == 1:
            return x.mean(dim=-1, keepdim=True)
        return functional.avg_pool2d(x, (height // rows, width // columns))


def with_even_pools(module: Any) -> Any:
    """A copy of a model with `EvenPool` in place of docTR's pooling; itself where it has none."""
    from doctr.models.modules.layers import AdaptiveAvgPool2d

    return with_replaced(module, AdaptiveAvgPool2d, EvenPool)
