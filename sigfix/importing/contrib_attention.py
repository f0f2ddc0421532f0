"""ONNX Runtime's attention, written out in ONNX's operators: products, masks and a softmax.

Inside, queries, keys and values are [batch, heads, tokens, size]. Left as they are: buffers that
are longer than what is in them, masks of four axes, and what only other processors have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigfix.importing.contrib_writing import Writer

LOWEST = float(np.finfo(np.float32).min)
"""The score of a token that is to come, as ONNX Runtime writes it."""
BEFORE = -10000.0
"""What is added to the score of a token that a mask hides, unless a node says another number."""


@dataclass(frozen=True)
class Heads:
    """Queries, keys and values, each [batch, heads, tokens, size], and how many tokens were before.

    `before` names an int64 scalar, '' for none.
    """

    query: str
    key: str
    value: str
    before: str = ""


def attention(to: Writer) -> str | None:
    """input, weights of all three, bias, mask, past, bias of the scores; the past of the next."""
    x, weights, bias, mask, past, scores = to.given[:6]
    if any(to.given[6:8]) or to.attributes.get("do_rotary") or not _heads(to):
        return None
    whole = to.add("MatMul", x, weights)
    return _of_whole(to, to.add("Add", whole, bias) if bias else whole, mask, past, scores)


def quantised_attention(to: Writer) -> str | None:
    """input, weights, bias, both scales, mask, both zero points, past: of bytes, as floats."""
    x, weights, bias, x_scale, scale, mask, x_zero, zero, past = to.given[:9]
    shape = to.shapes.get(scale)
    if shape is None or not _heads(to):
        return None
    axis = {"axis": 1} if len(shape) == 1 and shape != [1] else {}
    whole = to.add(
        "MatMul",
        to.add("DequantizeLinear", x, x_scale, *([x_zero] if x_zero else [])),
        to.add("DequantizeLinear", weights, scale, *([zero] if zero else []), **axis),
    )
    return _of_whole(to, to.add("Add", whole, bias) if bias else whole, mask, past, "")


def _of_whole(to: Writer, whole: str, mask: str, past: str, scores: str) -> str | None:
    """Attention of queries, keys and values that lie side by side."""
    heads, sizes = _heads(to), to.attributes.get("qkv_hidden_sizes")
    if sizes:
        ends = np.cumsum([0, *(int(size) for size in sizes)]).tolist()
        parts = [split(to, to.part(whole, 2, *ends[i : i + 2]), heads) for i in range(3)]
    else:
        together = to.reshape(whole, [0, 0, 3, heads, -1])
        turned = to.add("Transpose", together, perm=[2, 0, 3, 1, 4])
        parts = [to.pick(turned, place) for place in range(3)]
    query, key, value = parts
    before = ""
    if past:
        kept = [to.pick(past, place) for place in range(2)]
        before = to.size(kept[0], 2)
        key, value = (
            to.add("Concat", old, new, axis=2) for old, new in zip(kept, (key, value), strict=True)
        )
    if len(to.node.output) > 1 and to.node.output[1]:
        both = [to.unsqueeze(part, 0) for part in (key, value)]
        to.named(to.add("Concat", *both, axis=0), 1)
    return _attended(to, Heads(query, key, value, before), mask, scores)


def multi_head_attention(to: Writer) -> str | None:
    """query, key, value, bias, mask, bias of the scores, keys and values of before."""
    query, key, value, bias, mask, scores, old_key, old_value = to.given[:8]
    heads = _heads(to)
    if any(to.given[8:10]) or any(to.node.output[3:]) or not key or not value or not heads:
        return None
    across = to.ranks.get(key, 3) == 4  # as a decoder's second attention keeps them
    parts = [query, key, value]
    if bias:
        size = (to.shapes.get(bias) or [None])[0]
        if size is None or size % 3 or (across and old_key):
            return None
        width = size // 3
        added = [to.part(bias, 0, i * width, (i + 1) * width) for i in range(1 if across else 3)]
        parts[: len(added)] = [
            to.add("Add", part, own) for part, own in zip(parts, added, strict=False)
        ]
    own = [parts[0]] if across else parts
    parts[: len(own)] = [split(to, part, heads) for part in own]
    query, key, value = parts
    before = ""
    if old_key:
        before = to.size(old_key, 2)
        key = to.add("Concat", old_key, key, axis=2)
        value = to.add("Concat", old_value, value, axis=2)
    key, value = to.named(key, 1), to.named(value, 2)
    return _attended(to, Heads(query, key, value, before), mask, scores)


def _heads(to: Writer) -> int:
    """How many there are; 0 for a damaged node."""
    return int(to.attributes.get("num_heads", 0))


def split(to: Writer, tensor: str, heads: int) -> str:
    """[batch, tokens, width] as [batch, heads, tokens, size]."""
    return to.add("Transpose", to.reshape(tensor, [0, 0, heads, -1]), perm=[0, 2, 1, 3])


def _attended(to: Writer, heads: Heads, mask: str, bias: str) -> str | None:
    """[batch, tokens, width] of what each token of the query attends to."""
    turned = to.add("Transpose", heads.key, perm=[0, 1, 3, 2])
    scores = to.add("Mul", to.add("MatMul", heads.query, turned), scale_of(to, heads.query))
    if mask:
        hidden = _hidden(to, mask, heads.key)
        if hidden is None:
            return None
        scores = to.add("Add", scores, hidden)
    if bias:
        scores = to.add("Add", scores, bias)
    if to.attributes.get("unidirectional"):
        scores = _forward_only(to, scores, heads)
    mixed = to.add("MatMul", to.add("Softmax", scores, axis=-1), heads.value)
    return to.reshape(to.add("Transpose", mixed, perm=[0, 2, 1, 3]), [0, 0, -1])


def scale_of(to: Writer, query: str) -> str:
    """What scores are multiplied with: as the node says, or by the size of a head."""
    given = float(to.attributes.get("scale", 0.0))
    if given:
        return to.number(given)
    size = to.add("Cast", to.size(query, 3), to=1)
    return to.add("Reciprocal", to.add("Sqrt", size))


def _hidden(to: Writer, mask: str, key: str) -> str | None:
    """What a mask adds to scores: 0 or the number that hides; None for forms that stay."""
    rank = to.ranks.get(mask)
    hides = float(to.attributes.get("mask_filter_value", BEFORE))
    if rank == 1:  # how many tokens there are of each text
        numbers = counted(to, to.size(key, 2))
        seen = to.add("Less", numbers, to.unsqueeze(to.add("Cast", mask, to=7), 1))
        rank = 2
    elif rank in (2, 3):
        seen = to.add("Greater", to.add("Cast", mask, to=6), to.constant(np.array(0, np.int32)))
    else:
        return None
    added = to.add("Where", seen, to.number(0.0), to.number(hides))
    return to.unsqueeze(added, *([1, 2] if rank == 2 else [1]))


def _forward_only(to: Writer, scores: str, heads: Heads) -> str:
    """Scores where no token attends to one that comes after it."""
    rows = counted(to, to.size(heads.query, 2))
    if heads.before:
        rows = to.add("Add", rows, heads.before)
    later = to.add("Greater", counted(to, to.size(heads.key, 2)), to.unsqueeze(rows, 1))
    return to.add("Where", later, to.number(LOWEST), scores)


def counted(to: Writer, count: str) -> str:
    """0, 1, 2... below an int64 scalar."""
    zero, one = (to.constant(np.array(number, np.int64)) for number in (0, 1))
    return to.add("Range", zero, count, one)
