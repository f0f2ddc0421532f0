"""MASTER: greedy, one character after the other, to the full length.

Follows docTR's `MASTER.decode` without its early end: docTR leaves the loop once every image of
the batch has an end-of-sequence character, and what it gives behind that is not read.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sigfix.importing.exportable.attention import BLOCKED, Attention, Cache
from sigfix.importing.exportable.global_context import with_global_context


class GreedyMaster(nn.Module):  # type: ignore[misc]
    """[B, 3, H, W] -> {"logits": [B, max_length, vocabulary + 3]}, as docTR's MASTER."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.backbone = with_global_context(model.feat_extractor)

    def forward(self, images: Any) -> dict[str, Any]:
        """Every step reads one character: keys and values of the earlier ones are kept."""
        model, decoder = self.model, self.model.decoder
        features = self.backbone(images)["features"]
        memory = model.positional_encoding(features.flatten(2).permute(0, 2, 1))
        own = [Attention(module) for module in decoder.attention]
        cross = [Attention(module) for module in decoder.source_attention]
        seen = [attention.keys_values(memory) for attention in cross]
        caches = [Cache() for _ in own]
        padding, start = model.vocab_size + 2, model.vocab_size + 1
        table = decoder.embed.weight * math.sqrt(decoder.d_model)
        places = decoder.positional_encoding.pe[0]
        character = torch.full((1,), start).expand(memory.shape[0])
        blocked, logits = None, []
        for step in range(model.max_length):
            state = functional.embedding(character, table) + places[step]
            # docTR hides padding from every position, and reads no character at the last one.
            hidden = (character == padding).float().mul(BLOCKED).reshape(-1, 1, 1, 1)
            blocked = hidden if blocked is None else torch.cat([blocked, hidden], dim=3)
            for layer, attention in enumerate(own):
                normed = decoder.layer_norm_input(state)
                keys, values = caches[layer].add(*attention.key_value(normed))
                state = state + attention.one(attention.query(normed), keys, values, blocked)
                query = cross[layer].query(decoder.layer_norm_masked_attention(state))
                state = state + cross[layer].one(query, *seen[layer])
                normed = decoder.layer_norm_attention(state)
                state = state + decoder.position_feed_forward[layer](normed)
            logits.append(model.linear(decoder.layer_norm_output(state)))
            character = logits[-1].argmax(-1)
            if step + 2 == model.max_length:
                character = torch.full((1,), padding).expand(memory.shape[0])
        return {"logits": torch.stack(logits, dim=1)}
