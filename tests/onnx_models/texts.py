"""Small models of texts as transformers has them, with drawn weights."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from tests.onnx_models.attention import (
    DEPTH,
    HEADS,
    WIDTH,
    WORDS,
    Attention,
    Block,
    Crossing,
    RootNorm,
    causal_mask,
    extended,
    heads,
    rotated,
)

PLACES = 32


class Bert(nn.Module):
    """Words, segments and places; norms behind; a pooled output beside the tokens'."""

    def __init__(self, fused: bool = True) -> None:
        super().__init__()
        self.words, self.kinds = nn.Embedding(WORDS, WIDTH), nn.Embedding(2, WIDTH)
        self.places, self.norm = nn.Embedding(PLACES, WIDTH), nn.LayerNorm(WIDTH, 1e-12)
        self.register_buffer("place_ids", torch.arange(PLACES).expand(1, -1))
        self.blocks = nn.ModuleList([Block(True, fused) for _ in "ab"])
        self.pool = nn.Linear(WIDTH, WIDTH)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        places = self.places(self.place_ids[:, : input_ids.shape[1]])
        x = self.norm(self.words(input_ids) + self.kinds(token_type_ids) + places)
        for block in self.blocks:
            x = block(x, extended(attention_mask))
        return x, torch.tanh(self.pool(x[:, 0]))


class Roberta(nn.Module):
    """Places counted along what is no padding; a mean over the tokens that are there."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH, 1), nn.Embedding(PLACES, WIDTH, 1)
        self.block = Block(True)

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        there = input_ids.ne(1).int()
        places = (torch.cumsum(there, 1).type_as(there) * there).long() + 1
        x = self.block(self.words(input_ids) + self.places(places), extended(attention_mask))
        wide = attention_mask.unsqueeze(-1).expand(x.size()).float()
        mean = torch.sum(x * wide, 1) / torch.clamp(wide.sum(1), min=1e-9)
        return functional.normalize(mean, p=2, dim=1)


class Distilbert(nn.Module):
    """Scores filled with minus infinity where the mask is 0; an answer's start and end."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(PLACES, WIDTH)
        self.q, self.k, self.v, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm, self.ends = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2)

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        x = self.words(input_ids) + self.places(torch.arange(input_ids.shape[1]))
        q, k, v = heads(self.q(x)) / math.sqrt(DEPTH), heads(self.k(x)), heads(self.v(x))
        scores = torch.matmul(q, k.transpose(2, 3))
        hidden = (attention_mask == 0).view(x.shape[0], 1, 1, -1).expand_as(scores)
        shares = torch.softmax(scores.masked_fill(hidden, float("-inf")), -1)
        mixed = torch.matmul(shares, v).transpose(1, 2).contiguous().view(x.shape[0], -1, WIDTH)
        start, end = self.ends(self.norm(x + self.out(mixed))).split(1, dim=-1)
        return start.squeeze(-1).contiguous(), end.squeeze(-1).contiguous()


class Gpt2(nn.Module):
    """One product for queries, keys and values; a triangle cut out of a buffer; tied words."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(PLACES, WIDTH)
        seen = torch.tril(torch.ones(PLACES, PLACES, dtype=torch.bool)).view(1, 1, PLACES, PLACES)
        self.register_buffer("seen", seen)
        self.joined, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.wide, self.back = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, input_ids: Any) -> Any:
        tokens = input_ids.size(-1)
        places = torch.arange(0, tokens, dtype=torch.long).unsqueeze(0)
        x = self.words(input_ids) + self.places(places)
        q, k, v = (heads(part) for part in self.joined(self.norm(x)).split(WIDTH, dim=2))
        scores = torch.matmul(q, k.transpose(-1, -2)) / torch.full([], DEPTH**0.5)
        lowest = torch.full([], torch.finfo(scores.dtype).min, dtype=scores.dtype)
        scores = torch.where(self.seen[:, :, :tokens, :tokens], scores, lowest)
        mixed = torch.matmul(functional.softmax(scores, dim=-1), v)
        x = x + self.out(mixed.permute(0, 2, 1, 3).reshape(x.shape))
        wide = self.wide(x)
        cubic = torch.tanh(math.sqrt(2.0 / math.pi) * (wide + 0.044715 * torch.pow(wide, 3.0)))
        return self.last(x + self.back(0.5 * wide * (1.0 + cubic))) @ self.words.weight.T


class Llama(nn.Module):
    """Rotary places, one key and value for several queries, RMSNorm, a gated dense part."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.norms = nn.Embedding(WORDS, WIDTH), nn.ModuleList([RootNorm(), RootNorm()])
        self.q, self.out = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.k, self.v = (nn.Linear(WIDTH, DEPTH, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(WIDTH, 2 * WIDTH, bias=False) for _ in range(2))
        self.down, self.head = nn.Linear(2 * WIDTH, WIDTH), nn.Linear(WIDTH, WORDS, bias=False)
        self.register_buffer("speed", 1.0 / 100 ** (torch.arange(0, DEPTH, 2).float() / DEPTH))

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        batch, tokens = input_ids.shape
        x = self.words(input_ids)
        places = torch.arange(tokens).unsqueeze(0)
        speeds = self.speed[None, :, None].float().expand(places.shape[0], -1, 1)
        angles = (speeds @ places[:, None, :].float()).transpose(1, 2)
        cosine, sine = (f(torch.cat((angles, angles), -1))[:, None] for f in (torch.cos, torch.sin))
        n = self.norms[0](x)
        q = rotated(heads(self.q(n)), cosine, sine)
        k = rotated(self.k(n).view(batch, tokens, 1, DEPTH).transpose(1, 2), cosine, sine)
        v = self.v(n).view(batch, tokens, 1, DEPTH).transpose(1, 2)
        k, v = (
            part[:, :, None].expand(batch, 1, HEADS, tokens, DEPTH).reshape(q.shape)
            for part in (k, v)
        )
        mask = causal_mask(tokens, attention_mask)
        mixed = functional.scaled_dot_product_attention(q, k, v, mask)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, tokens, WIDTH))
        n = self.norms[1](x)
        return self.head(x + self.down(functional.silu(self.gate(n)) * self.up(n)))


class T5(nn.Module):
    """An encoder whose scores are shifted by buckets of how far tokens lie apart."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.shift = nn.Embedding(WORDS, WIDTH), nn.Embedding(8, HEADS)
        self.q, self.k, self.v, self.out = (
            nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4)
        )  # fmt: skip
        self.norms = nn.ModuleList([RootNorm(), RootNorm()])
        self.wide, self.back = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def buckets(self, apart: Any) -> Any:
        half, near = 4, 2
        found = (apart > 0).to(torch.long) * half
        apart = torch.abs(apart)
        far = near + (
            torch.log(apart.float() / near) / math.log(16 / near) * (half - near)
        ).to(torch.long)  # fmt: skip
        far = torch.min(far, torch.full_like(far, half - 1))
        return found + torch.where(apart < near, apart, far)

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        tokens, x = input_ids.shape[1], self.words(input_ids)
        places = torch.arange(tokens, dtype=torch.long)
        shift = self.shift(self.buckets(places[None, :] - places[:, None]))
        mask = shift.permute(2, 0, 1).unsqueeze(0) + extended(attention_mask)
        n = self.norms[0](x)
        scores = torch.matmul(heads(self.q(n)), heads(self.k(n)).transpose(3, 2)) + mask
        shares = functional.softmax(scores.float(), dim=-1).type_as(scores)
        mixed = torch.matmul(shares, heads(self.v(n))).transpose(1, 2)
        x = x + self.out(mixed.reshape(input_ids.shape[0], -1, WIDTH))
        return x + self.back(functional.relu(self.wide(self.norms[1](x))))


class Deberta(nn.Module):
    """Scores of contents, and of contents with relative places that are gathered."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.apart = nn.Embedding(WORDS, WIDTH), nn.Embedding(16, WIDTH)
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.norm = nn.LayerNorm(WIDTH, 1e-7)

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        x, tokens = self.words(input_ids), input_ids.shape[1]
        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        places = torch.arange(tokens)
        apart = torch.clamp(places[:, None] - places[None, :] + 8, 0, 15)
        at = apart.unsqueeze(0).unsqueeze(0).expand(x.shape[0], HEADS, tokens, tokens)
        own, far = (heads(part(self.apart.weight).unsqueeze(0)) for part in (self.q, self.k))
        scores = torch.matmul(q, k.transpose(-1, -2))
        scores = scores + torch.gather(torch.matmul(q, far.transpose(-1, -2)), -1, at)
        back = torch.gather(torch.matmul(k, own.transpose(-1, -2)), -1, at)
        scores = (scores + back.transpose(-1, -2)) / math.sqrt(DEPTH * 3)
        both = attention_mask[:, None, None, :] * attention_mask[:, None, :, None]
        hidden = ~(both.to(torch.bool))
        shares = torch.softmax(scores.masked_fill(hidden, torch.finfo(torch.float32).min), -1)
        shares = shares.masked_fill(hidden, 0.0)
        return self.norm(x + torch.matmul(shares, v).transpose(1, 2).reshape(x.shape))


class Cached(nn.Module):
    """A step of generation: keys and values of before are inputs, and with this one's outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.norm = nn.Embedding(WORDS, WIDTH), nn.LayerNorm(WIDTH)
        self.q, self.k, self.v, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.places = nn.Embedding(PLACES, WIDTH)

    def forward(self, input_ids: Any, past_key: Any, past_value: Any) -> Any:
        before = past_key.shape[2]
        places = torch.arange(before, before + input_ids.shape[1])
        x = self.norm(self.words(input_ids) + self.places(places))
        k = torch.cat([past_key, heads(self.k(x))], 2)
        v = torch.cat([past_value, heads(self.v(x))], 2)
        mixed = functional.scaled_dot_product_attention(heads(self.q(x)), k, v)
        x = x + self.out(mixed.transpose(1, 2).reshape(x.shape))
        return x @ self.words.weight.T, k, v


class Decoder(nn.Module):
    """What an encoder made, read word by word (BART, Whisper, TrOCR)."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(PLACES, WIDTH)
        self.blocks, self.norm = nn.ModuleList([Crossing(), Crossing()]), nn.LayerNorm(WIDTH)

    def forward(self, input_ids: Any, encoder_hidden_states: Any) -> Any:
        x = self.words(input_ids) * math.sqrt(WIDTH)
        x = x + self.places.weight[: input_ids.shape[1]]
        for block in self.blocks:
            x = block(x, encoder_hidden_states)
        return self.norm(x) @ self.words.weight.T


class Local(nn.Module):
    """Attention over the last tokens of a window alone, by a mask of distances (local blocks)."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.attend = nn.Embedding(WORDS, WIDTH), Attention(False)

    def forward(self, input_ids: Any) -> Any:
        places = torch.arange(input_ids.shape[1])
        near = (places[None, :] - places[:, None]).abs() <= 2
        mask = torch.zeros(near.shape).masked_fill(near.logical_not(), float("-inf"))
        return self.attend(self.words(input_ids), mask)
