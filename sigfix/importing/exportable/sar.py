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
        from_input, from_state = _sigmoids_first(cell.weight_ih), _sigmoids_first(cell.weight_hh)
        bias = _sigmoids_first(cell.bias_ih + cell.bias_hh)
        from_both = torch.cat([from_input, from_state], dim=1)
        table = decoder.embed(decoder.embed_tgt.weight[: decoder.vocab_size + 1])
        table = functional.linear(table, from_input, bias)
        nothing = functional.linear(decoder.embed.bias, from_input, bias)
        size = cell.hidden_size
        look = _Look(attention, features)

        first = _from_zero(functional.linear(encoded, from_input, bias), size)
        second = _from_zero(functional.linear(first[0], from_input, bias), size)
        logits: list[Any] = []
        for step in range(decoder.max_length):
            chosen = functional.embedding(logits[-1].argmax(-1), table) if step else nothing
            first = _step(chosen + functional.linear(first[0], from_state), first[1], size)
            both = torch.cat([first[0], second[0]], dim=1)
            second = _step(functional.linear(both, from_both, bias), second[1], size)
            glimpse = look.at(second[0])
            logits.append(decoder.output_dense(torch.cat([second[0], glimpse], dim=1)))
        return {"logits": torch.stack(logits, dim=1)}


class _Look:
    """docTR's `AttentionModule` over N places of the image; their projection is made once."""

    def __init__(self, attention: Any, features: Any) -> None:
        self.features = features.flatten(2).transpose(1, 2)
        self.projected = attention.feat_conv(features).flatten(2).transpose(1, 2)
        self.of_state = attention.state_conv.weight[:, :, 0, 0]
        self.projector = attention.attention_projector.weight[:, :, 0, 0]

    def at(self, state: Any) -> Any:
        """[B, C] -> [B, C]: the features [B, N, C], weighted by where the state looks."""
        place = functional.linear(state, self.of_state)[:, None, :]
        scores = functional.linear(torch.tanh(self.projected + place), self.projector)
        weights = torch.softmax(scores.transpose(1, 2), dim=-1)
        return torch.matmul(weights, self.features)[:, 0]


def _sigmoids_first(gates: Any) -> Any:
    """PyTorch's gates (i, f, g, o) as (i, f, o, g), so that one sigmoid serves three."""
    entering, kept, new, shown = gates.chunk(4)
    return torch.cat([entering, kept, shown, new])


def _step(gates: Any, cell: Any, size: int) -> tuple[Any, Any]:
    """One LSTM step of `size` units from the sum of its products."""
    opened, new = gates.split((3 * size, size), dim=1)
    entering, kept, shown = torch.sigmoid(opened).split(size, dim=1)
    cell = kept * cell + entering * torch.tanh(new)
    return shown * torch.tanh(cell), cell


def _from_zero(gates: Any, size: int) -> tuple[Any, Any]:
    """The step that starts from a state of zeros."""
    opened, new = gates.split((3 * size, size), dim=1)
    entering, _, shown = torch.sigmoid(opened).split(size, dim=1)
    cell = entering * torch.tanh(new)
    return shown * torch.tanh(cell), cell
