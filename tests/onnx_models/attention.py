"""What transformers are made of, as the models of Hugging Face's transformers write it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

WIDTH, HEADS, WORDS = 24, 3, 50
DEPTH = WIDTH // HEADS


def heads(x: Any) -> Any:
    """[batch, tokens, width] as [batch, heads, tokens, depth]."""
    return x.view(*x.shape[:-1], HEADS, DEPTH).transpose(1, 2)


class Attention(nn.Module):
    """Queries, keys and values of their own; `fused` takes PyTorch's own attention."""

    def __init__(self, fused: bool = True) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.out, self.fused = nn.Linear(WIDTH, WIDTH), fused

    def forward(self, x: Any, mask: Any = None, other: Any = None, causal: bool = False) -> Any:
        other = x if other is None else other
        q, k, v = heads(self.q(x)), heads(self.k(other)), heads(self.v(other))
        if self.fused:
            mixed = functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
        else:
            scores = torch.matmul(q, k.transpose(-1, -2)) / DEPTH**0.5
            scores = scores if mask is None else scores + mask
            mixed = torch.matmul(functional.softmax(scores, dim=-1, dtype=torch.float32), v)
        return self.out(mixed.transpose(1, 2).reshape(*x.shape[:-1], WIDTH))


class Block(nn.Module):
    """Attention and a dense part with residuals; norms in front of both, or (`post`) behind."""

    def __init__(self, post: bool = False, fused: bool = True, gelu: str = "none") -> None:
        super().__init__()
        self.attend, self.post, self.gelu = Attention(fused), post, gelu
        self.wide, self.back = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH, 1e-12 if post else 1e-5) for _ in "ab"])

    def dense(self, x: Any) -> Any:
        return self.back(functional.gelu(self.wide(x), approximate=self.gelu))

    def forward(self, x: Any, mask: Any = None, causal: bool = False) -> Any:
        if self.post:
            x = self.norms[0](x + self.attend(x, mask, None, causal))
            return self.norms[1](x + self.dense(x))
        x = x + self.attend(self.norms[0](x), mask, None, causal)
        return x + self.dense(self.norms[1](x))


class Crossing(nn.Module):
    """A decoder's block: what went before, then what an encoder made."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.ask, self.norm = Block(), Attention(), nn.LayerNorm(WIDTH)

    def forward(self, x: Any, seen: Any, causal: bool = True) -> Any:
        x = self.own(x, causal=causal)
        return x + self.ask(self.norm(x), other=seen)


class RootNorm(nn.Module):
    """RMSNorm, computed in float32."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Any) -> Any:
        square = x.to(torch.float32).pow(2).mean(-1, keepdim=True)
        return self.weight * (x * torch.rsqrt(square + 1e-6)).to(x.dtype)


def extended(mask: Any) -> Any:
    """A mask of ones and zeros as what is added to scores."""
    wide = mask[:, None, None, :].to(torch.float32)
    return (1.0 - wide) * torch.finfo(torch.float32).min


def causal_mask(tokens: int, mask: Any) -> Any:
    """What comes later, and what is padding, as the lowest number, by positions compared."""
    places = torch.arange(tokens)
    lowest = torch.finfo(torch.float32).min
    later = torch.full((tokens, tokens), lowest) * (places > places.reshape(-1, 1))
    wide = later[None, None].expand(mask.shape[0], 1, -1, -1).clone()
    padding = (wide + mask[:, None, None, :]) == 0
    return wide.masked_fill(padding, lowest)


def rotated(x: Any, cosine: Any, sine: Any) -> Any:
    """Rotary positions: halves turned against each other."""
    first, second = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
    return x * cosine + torch.cat((-second, first), -1) * sine
