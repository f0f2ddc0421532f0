"""SAR: two LSTM steps and an attention over the image for every character.

Follows docTR's `SARDecoder`. The convolution over the features does not depend on the character
and is computed once; what the LSTM makes of a chosen character is a row of a table, since docTR
embeds it twice and multiplies it by a weight, each without an activation in between.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class GreedySar(nn.Module):  # type: ignore[misc]
    """[B, 3, H, W] -> {"logits": [B, max_length, vocabulary + 1]}, as docTR's SAR."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Any) -> dict[str, Any]:
        """The first round sets the state from the whole image and reads nothing."""
        features = self.model.feat_extractor(images)["features"]
        encoded = self.model.encoder(features.max(dim=-2).values.permute(0, 2, 1))
        decoder = self.model.decoder
        cell, attention = decoder.lstm_cell, decoder.attention_module
        bias = cell.bias_ih + cell.bias_hh
        joined = torch.cat([cell.weight_ih, cell.weight_hh], dim=1)
        table = decoder.embed(decoder.embed_tgt.weight[: decoder.vocab_size + 1])
        table = functional.linear(table, cell.weight_ih, bias)
        nothing = functional.linear(decoder.embed.bias, cell.weight_ih, bias)
        projected = attention.feat_conv(features)

        first = _from_zero(functional.linear(encoded, cell.weight_ih, bias))
        second = _from_zero(functional.linear(first[0], cell.weight_ih, bias))
        logits: list[Any] = []
        for step in range(decoder.max_length):
            chosen = functional.embedding(logits[-1].argmax(-1), table) if step else nothing
            first = _step(chosen + functional.linear(first[0], cell.weight_hh), first[1])
            both = torch.cat([first[0], second[0]], dim=1)
            second = _step(functional.linear(both, joined, bias), second[1])
            glimpse = _glimpse(attention, features, projected, second[0])
            logits.append(decoder.output_dense(torch.cat([second[0], glimpse], dim=1)))
        return {"logits": torch.stack(logits, dim=1)}


def _step(gates: Any, cell: Any) -> tuple[Any, Any]:
    """One LSTM step from the sum of its products; gates as PyTorch orders them, (i, f, g, o)."""
    entering, kept, new, shown = gates.chunk(4, dim=1)
    cell = torch.sigmoid(kept) * cell + torch.sigmoid(entering) * torch.tanh(new)
    return torch.sigmoid(shown) * torch.tanh(cell), cell


def _from_zero(gates: Any) -> tuple[Any, Any]:
    """The step that starts from a state of zeros."""
    entering, _, new, shown = gates.chunk(4, dim=1)
    cell = torch.sigmoid(entering) * torch.tanh(new)
    return torch.sigmoid(shown) * torch.tanh(cell), cell


def _glimpse(attention: Any, features: Any, projected: Any, state: Any) -> Any:
    """[B, C]: the features, weighted by where the state looks."""
    place = attention.state_conv(state[:, :, None, None])
    scores = attention.attention_projector(torch.tanh(projected + place))
    weights = torch.softmax(scores.flatten(1), dim=-1)
    return torch.matmul(weights[:, None, :], features.flatten(2).transpose(1, 2))[:, 0]
