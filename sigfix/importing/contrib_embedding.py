"""ONNX Runtime's embeddings of tokens, and places that turn pairs, in ONNX's operators."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from sigfix.importing.contrib_normalisations import normalised
from sigfix.importing.contrib_writing import Writer


def embedded(to: Writer) -> str | None:
    """ids, segments, tables of words, places and segments, gamma, beta, mask, places.

    The second result is how many tokens of each text a mask shows, the third the sum before it is
    normalised.
    """
    ids, segments, words, places, kinds, gamma, beta, mask, own = to.given[:9]
    if not gamma or not beta:
        return None
    total = to.add("Gather", words, ids)
    numbers = own or _places(to, ids)
    total = to.add("Add", total, to.add("Gather", places, numbers))
    if segments and kinds:
        total = to.add("Add", total, to.add("Gather", kinds, segments))
    total = to.named(total, 2)
    if len(to.node.output) > 1 and to.node.output[1]:
        to.named(_shown(to, ids, mask), 1)
    epsilon = float(to.attributes.get("epsilon", 1e-12))
    return normalised(to, total, gamma, beta, epsilon)


def _places(to: Writer, ids: str) -> str:
    zero, one = (to.constant(np.array(number, np.int64)) for number in (0, 1))
    return to.add("Range", zero, to.size(ids, 1), one)


def _shown(to: Writer, ids: str, mask: str) -> str:
    """How many tokens a mask shows, for each text; 0 where there is none."""
    whole = to.add("Cast", mask or ids, to=TensorProto.INT32)
    if not mask:
        whole = to.add("Mul", whole, to.constant(np.array(0, np.int32)))
    return to.total(whole, 1)


def turned(to: Writer) -> str | None:
    """input, places, cosines, sines: pairs of numbers turned by the angle of their place."""
    x, places, cosines, sines = to.given[:4]
    shape = to.shapes.get(cosines)
    rank, kind = to.ranks.get(x, 3), to.ranks.get(places)
    if not shape or shape[-1] is None or kind not in (1, 2) or to.attributes.get("is_packed"):
        return None
    half = shape[-1]
    partly = int(to.attributes.get("rotary_embedding_dim", 0))
    heads = int(to.attributes.get("num_heads", 0))
    if partly and rank == 3 and not heads:
        return None
    if rank == 4:  # [batch, heads, tokens, size]
        whole = to.add("Transpose", x, perm=[0, 2, 1, 3])
    else:
        whole = to.reshape(x, [0, 0, heads, -1] if partly else [0, 0, -1, 2 * half])
    if kind == 1:
        places = to.add("Add", _places(to, whole), places)
    angles = [to.add("Gather", table, places) for table in (cosines, sines)]
    axis = 1 if kind == 1 else 2
    cosine, sine = (to.unsqueeze(angle, axis) for angle in angles)
    inside = to.part(whole, 3, 0, 2 * half) if partly else whole
    if to.attributes.get("interleaved"):
        pairs = to.reshape(inside, [0, 0, 0, half, 2])
        first, second = (to.pick(pairs, place, 4) for place in range(2))
    else:
        first, second = (to.part(inside, 3, i * half, (i + 1) * half) for i in range(2))
    made = [
        to.add("Sub", to.add("Mul", first, cosine), to.add("Mul", second, sine)),
        to.add("Add", to.add("Mul", second, cosine), to.add("Mul", first, sine)),
    ]
    if to.attributes.get("interleaved"):
        stacked = to.add("Concat", *(to.unsqueeze(part, 4) for part in made), axis=4)
        result = to.reshape(stacked, [0, 0, 0, 2 * half])
    else:
        result = to.add("Concat", *made, axis=3)
    if partly:
        rest = to.part(whole, 3, 2 * half, np.iinfo(np.int64).max)
        result = to.add("Concat", result, rest, axis=3)
    if rank == 4:
        return to.add("Transpose", result, perm=[0, 2, 1, 3])
    return to.reshape(result, [0, 0, -1])
