"""Operators in ONNX's own domain that ONNX has later than a file's opset, or not at all.

ONNX Runtime has them at every opset, and its optimiser writes them into files of any. ONNX's
checker does not know them there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import onnx

FIRST: dict[str, int | None] = {"LayerNormalization": 17, "SimplifiedLayerNormalization": None}
"""Operator -> the first opset in which it is one of ONNX's own, None for never."""
_DEPRECATED = {"GroupNormalization": 21}
"""Operator -> the first opset in which ONNX's checker takes it; ONNX Runtime runs earlier ones."""
_OWN = ("", "ai.onnx")
_UNCHECKED = "sigfix.early"
"""A domain that the checker leaves alone."""


def is_early(node: onnx.NodeProto, opset: int) -> bool:
    """Whether a node is of such an operator, in a file of that opset."""
    if node.domain not in _OWN or node.op_type not in FIRST:
        return False
    first = FIRST[node.op_type]
    return first is None or opset < first


def unchecked_nodes(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The nodes that ONNX's checker refuses, and that ONNX Runtime runs."""
    opset = next((int(o.version) for o in model.opset_import if o.domain in _OWN), 1)
    return [
        node
        for node in model.graph.node
        if is_early(node, opset)
        or (node.domain in _OWN and opset < _DEPRECATED.get(node.op_type, 0))
    ]


@contextmanager
def checked_without_early(model: onnx.ModelProto) -> Iterator[None]:
    """Let such operators, and one that it calls deprecated, pass ONNX's checker."""
    found = [(node, node.domain) for node in unchecked_nodes(model)]
    if found:
        model.opset_import.add(domain=_UNCHECKED, version=1)
    for node, _ in found:
        node.domain = _UNCHECKED
    try:
        yield
    finally:
        for node, domain in found:
            node.domain = domain
        if found:
            del model.opset_import[-1]
