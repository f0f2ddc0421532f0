"""MASTER's multi-aspect global context (`MAGC`), channels where they are.

docTR cuts the channels into groups, one a head, by a reshape that only channels-first images can
do without being moved. A convolution whose weights are zero outside their group gives every head
its mask as well, and one of zeros and ones spreads a head's mask over its channels.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sigfix.importing.exportable.replacing import with_replaced

AREA = (2, 3)


class GlobalContext(nn.Module):  # type: ignore[misc]
    """[B, C, H, W] -> [B, C, H, W], as docTR's MAGC."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.transform = module.transform
        heads, depth = module.headers, module.single_header_inplanes
        scale = 1 / math.sqrt(depth) if module.attn_scale and heads > 1 else 1.0
        of_head = torch.eye(heads)  # the bias moves a whole mask, which its softmax undoes
        mask = torch.kron(of_head, module.conv_mask.weight.detach()[0, :, 0, 0][None] * scale)
        spread = torch.kron(of_head, torch.ones(depth, 1))
        self.register_buffer("mask", mask[:, :, None, None])  # [heads, C, 1, 1]
        self.register_buffer("spread", spread[:, :, None, None])  # [C, heads, 1, 1]

    def forward(self, images: Any) -> Any:
        """The softmax is over the image, not the last axis, so it is written out."""
        scores = functional.conv2d(images, self.mask)
        powers = torch.exp(scores - scores.amax(AREA, keepdim=True))
        weights = powers / powers.sum(AREA, keepdim=True)
        context = (images * functional.conv2d(weights, self.spread)).sum(AREA, keepdim=True)
        return images + self.transform(context)


def with_global_context(module: Any) -> Any:
    """A copy of a model with `GlobalContext` in place of docTR's MAGC; itself without one."""
    from doctr.models.classification.magc_resnet.pytorch import MAGC

    return with_replaced(module, MAGC, GlobalContext)
