"""ONNX's Attention, of opset 23, written out in ONNX's other operators.

Not as ONNX defines it: that definition mixes up the heads where queries have more of them than
keys, or where all lie in one axis. Source: the operator's specification, and ONNX Runtime, which
it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto

from sigfix.importing.contrib_attention import LOWEST, counted, scale_of, split
from sigfix.importing.contrib_writing import Writer
from sigfix.importing.inferred_shapes import known_shapes

OPERATOR, FIRST = "Attention", 23
Kinds = Mapping[str, onnx.TypeProto]


def write_out_attention(model: onnx.ModelProto, opset: int, kinds: Kinds) -> None:
    """Put ONNX's other operators in place of such nodes of float32, in place.

    What has other forms than those of `_written` stays. `kinds` are the tensors' types.
    """
    shapes = known_shapes(kinds)
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        to = Writer(node, opset, shapes, {}, True, ())
        result = _written(to, kinds) if node.op_type == OPERATOR and not node.domain else None
        nodes.extend([node] if result is None else to.finished(result))
    copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copied)


def _written(to: Writer, kinds: Kinds) -> str | None:
    """What a node puts out first; None where a type or a size is not known, or what it asks for."""
    query, key, value, mask, old_key, old_value = to.given[:6]
    is_flat = to.ranks.get(query) == 3
    heads = _heads(to, is_flat)
    if heads is None or _kind(kinds, query) != TensorProto.FLOAT or any(to.node.output[3:]):
        return None
    asked, kept = heads
    if is_flat:
        query = split(to, query, asked)
        key, value = (split(to, tensor, kept) for tensor in (key, value))
    if old_key:
        if to.attributes.get("is_causal"):
            return None  # from where ONNX Runtime counts then, the specification does not say
        key, value = (
            to.add("Concat", old, new, axis=2) for old, new in ((old_key, key), (old_value, value))
        )
    key, value = (to.named(to.add("Identity", t), i + 1) for i, t in enumerate((key, value)))
    if asked != kept:  # heads that stand side by side share keys and values
        shared = to.constant(np.repeat(np.arange(kept), asked // kept))
        key, value = (to.add("Gather", tensor, shared, axis=1) for tensor in (key, value))
    turned = to.add("Transpose", key, perm=[0, 1, 3, 2])
    scores = to.add("Mul", to.add("MatMul", query, turned), scale_of(to, query))
    limit = float(to.attributes.get("softcap", 0.0))
    if limit:
        bent = to.add("Tanh", to.add("Div", scores, to.number(limit)))
        scores = to.add("Mul", bent, to.number(limit))
    if mask:
        kind = _kind(kinds, mask)
        if kind not in (TensorProto.BOOL, TensorProto.FLOAT):
            return None
        if kind == TensorProto.BOOL:
            mask = to.add("Where", mask, to.number(0.0), to.number(LOWEST))
        scores = to.add("Add", scores, mask)
    if to.attributes.get("is_causal"):
        rows, columns = (counted(to, to.size(tensor, 2)) for tensor in (query, key))
        later = to.add("Greater", columns, to.unsqueeze(rows, 1))
        scores = to.add("Where", later, to.number(LOWEST), scores)
    mixed = to.add("MatMul", to.add("Softmax", scores, axis=-1), value)
    if not is_flat:
        return mixed
    return to.reshape(to.add("Transpose", mixed, perm=[0, 2, 1, 3]), [0, 0, -1])


def _heads(to: Writer, is_flat: bool) -> tuple[int, int] | None:
    """How many of queries, and of keys and values; None where nobody knows."""
    if is_flat:
        found = [to.attributes.get(f"{name}_num_heads") for name in ("q", "kv")]
    else:
        shapes = [to.shapes.get(name) or [] for name in to.given[:2]]
        found = [shape[1] if len(shape) == 4 else None for shape in shapes]
    asked, kept = found
    return (asked, kept) if asked and kept and asked % kept == 0 else None


def _kind(kinds: Kinds, name: str) -> int:
    return int(kinds[name].tensor_type.elem_type) if name in kinds else 0
