"""Multi-head attention of one character over those before it, without a transpose.

Batch B, heads h, depth d = D / h, n positions so far. A single position [B, D] is [B, h, 1, d] as
it lies in memory, so a reshape makes its query, key and value.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

BLOCKED = -1e9  # added to a score, makes its softmax 0 exactly, as docTR's -inf does


class Attention:
    """docTR's `MultiHeadAttention`, with its query scaled beforehand and keys beside values."""

    def __init__(self, module: Any) -> None:
        query, key, value = module.linear_layers
        scale = 1 / math.sqrt(module.d_k)
        self.heads, self.depth = module.num_heads, module.d_k
        self.query_weight, self.query_bias = query.weight * scale, query.bias * scale
        self.pair_weight = torch.cat([key.weight, value.weight])
        self.pair_bias = torch.cat([key.bias, value.bias])
        self.output = module.output_linear

    def query(self, x: Any) -> Any:
        """[B, D] -> [B, h, 1, d]"""
        projected = functional.linear(x, self.query_weight, self.query_bias)
        return projected.reshape(-1, self.heads, 1, self.depth)

    def queries(self, x: Any) -> Any:
        """[B, n, D] -> [B, h, n, d]"""
        projected = functional.linear(x, self.query_weight, self.query_bias)
        return projected.reshape(-1, x.shape[1], self.heads, self.depth).transpose(1, 2)

    def key_value(self, x: Any) -> tuple[Any, Any]:
        """[B, D] -> [B, h, d, 1] and [B, h, 1, d]"""
        pair = functional.linear(x, self.pair_weight, self.pair_bias)
        key, value = pair.split(self.heads * self.depth, dim=-1)
        return (
            key.reshape(-1, self.heads, self.depth, 1),
            value.reshape(-1, self.heads, 1, self.depth),
        )

    def keys_values(self, x: Any) -> tuple[Any, Any]:
        """[B, n, D] -> [B, h, d, n] and [B, h, n, d]"""
        pair = functional.linear(x, self.pair_weight, self.pair_bias)
        key, value = pair.split(self.heads * self.depth, dim=-1)
        shape = (-1, x.shape[1], self.heads, self.depth)
        return key.reshape(shape).permute(0, 2, 3, 1), value.reshape(shape).transpose(1, 2)

    def one(self, query: Any, keys: Any, values: Any, bias: Any = None) -> Any:
        """[B, h, 1, d] over n positions -> [B, D]; `bias` is added to the scores."""
        mixed = _mix(query, keys, values, bias)
        return self.output(mixed.reshape(-1, self.heads * self.depth))

    def all(self, queries: Any, keys: Any, values: Any, bias: Any = None) -> Any:
        """[B, h, q, d] over n positions -> [B, q, D]"""
        mixed = _mix(queries, keys, values, bias).transpose(1, 2)
        return self.output(mixed.reshape(-1, queries.shape[2], self.heads * self.depth))


class Cache:
    """Keys and values of the positions so far."""

    def __init__(self) -> None:
        self.keys: Any = None
        self.values: Any = None

    def add(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Append one position; returns all keys [B, h, d, n] and values [B, h, n, d]."""
        self.keys = key if self.keys is None else torch.cat([self.keys, key], dim=3)
        self.values = value if self.values is None else torch.cat([self.values, value], dim=2)
        return self.keys, self.values


def _mix(query: Any, keys: Any, values: Any, bias: Any) -> Any:
    scores = torch.matmul(query, keys)
    if bias is not None:
        scores = scores + bias
    return torch.matmul(torch.softmax(scores, dim=-1), values)
