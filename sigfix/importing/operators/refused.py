"""Operators that are refused by name, because no right answer can be given or verified."""

from __future__ import annotations

from typing import Any

from sigfix.importing.operators.registry import Node, onnx_operator

REFUSED: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("Bernoulli", (15, 22), "its output is random, so nothing could be verified"),
)


def _register_refusal(name: str, versions: tuple[int, ...], reason: str) -> None:
    @onnx_operator(name, *versions)
    def refuse(node: Node, *inputs: Any) -> Any:
        raise node.refuse(reason)


for _name, _versions, _reason in REFUSED:
    _register_refusal(_name, _versions, _reason)
