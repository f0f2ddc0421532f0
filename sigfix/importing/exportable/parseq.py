"""PARSeq: greedy from left to right, then one pass that refines all characters at once.

Follows docTR's `PARSeq.decode_autoregressive`. The query of a position is the same for every
image, and the refining pass reads the very characters that the first one chose, so their keys and
values serve both.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from sigfix.importing.exportable.attention import BLOCKED, Attention, Cache


class GreedyParseq(nn.Module):  # type: ignore[misc]
    """[B, 3, H, W] -> {"logits": [B, length, vocabulary + 1]}, as docTR's PARSeq in inference."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Any) -> dict[str, Any]:
        """All characters one by one, then the refined logits of all."""
        model, decoder = self.model, self.model.decoder
        memory = model.feat_extractor(images)["features"][:, 1:, :]  # without the class token
        length = model.max_length + 1
        positions = model.pos_queries[0, :length]
        own, cross = Attention(decoder.attention), Attention(decoder.cross_attention)
        queries = own.queries(decoder.query_norm(positions)[None]).expand(
            memory.shape[0], -1, -1, -1
        )
        seen = cross.keys_values(memory)
        table = model.embed.embedding.weight * math.sqrt(model.embed.d_model)
        content = table[model.vocab_size + 1].expand(memory.shape[0], -1)  # start of sequence
        cache = Cache()
        characters: list[Any] = []
        for step, query in enumerate(queries.split(1, dim=2)):
            if step:
                content = functional.embedding(characters[-1], table) + positions[step - 1]
            keys, values = cache.add(*own.key_value(decoder.content_norm(content)))
            if step + 1 == length:
                break
            state = positions[step] + own.one(query, keys, values)
            state = state + cross.one(cross.query(decoder.query_norm(state)), *seen)
            characters.append(model.head(_finish(decoder, state)).argmax(-1))
        blocked = self._blocked(torch.stack(characters, dim=1), length)
        state = positions + own.all(queries, cache.keys, cache.values, blocked)
        state = state + cross.all(cross.queries(decoder.query_norm(state)), *seen)
        return {"logits": model.head(_finish(decoder, state))}

    def _blocked(self, characters: Any, length: int) -> Any:
        """[B, 1, length, length]: what may not be seen in the refining pass.

        That is the character to be refined, and everything from the end of the word on.
        """
        ended = (characters == self.model.vocab_size).float().cumsum(-1).clamp(max=1.0)
        start = torch.zeros_like(ended[:, :1])
        ended = torch.cat([start, ended], dim=1)[:, None, None, :]
        refined = torch.diag(torch.ones(length - 1), 1)  # position n gives character n + 1
        return torch.maximum(ended, refined) * BLOCKED


def _finish(decoder: Any, state: Any) -> Any:
    state = state + decoder.position_feed_forward(decoder.feed_forward_norm(state))
    return decoder.output_norm(state)
