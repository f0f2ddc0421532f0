"""Einsum as transposes, reshapes and one matrix product for each pair of operands.

TensorFlow.js's wasm backend has no Einsum.
"""

from __future__ import annotations

import string
from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import known_only, product, reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator


@onnx_operator("Einsum", 12)
def einsum(node: Node, *operands: Any) -> Any:
    """numpy.einsum, without repeated labels in one operand."""
    terms, output = _labels(node, operands)
    labels, joined = terms[0], operands[0]
    for index, (other, operand) in enumerate(zip(terms[1:], operands[1:], strict=True), start=2):
        needed = set(output).union(*terms[index:])
        labels, joined = _product(node, labels, joined, other, operand, needed)
    labels, joined = _summed(labels, joined, set(output))
    return layout.transpose(joined, [labels.index(label) for label in output])


def _labels(node: Node, operands: tuple[Any, ...]) -> tuple[list[str], str]:
    """One letter an axis for each operand, and for the output; `...` becomes capital letters."""
    equation = node.text("equation", "").replace(" ", "")
    left, arrow, output = equation.partition("->")
    terms = left.split(",")
    free = [c for c in string.ascii_letters if c not in equation]
    widest = max(
        o.shape.rank - len(t.replace("...", "")) for t, o in zip(terms, operands, strict=True)
    )
    hidden = "".join(free[:widest])
    for place, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        count = operand.shape.rank - len(term.replace("...", ""))
        terms[place] = term.replace("...", hidden[widest - count :] if count else "")
        if len(set(terms[place])) < len(terms[place]):
            raise node.refuse(f"a label that is repeated within one operand ({term})")
    if not arrow:  # labels that occur once, in alphabetical order
        everything = "".join(terms)
        once = sorted(c for c in set(everything) if everything.count(c) == 1 and c not in hidden)
        return terms, (hidden if "..." in left else "") + "".join(once)
    return terms, output.replace("...", hidden)


def _summed(labels: str, x: Any, kept: set[str]) -> tuple[str, Any]:
    gone = [i for i, label in enumerate(labels) if label not in kept]
    if not gone:
        return labels, x
    return "".join(c for c in labels if c in kept), tf.reduce_sum(x, gone)


def _product(
    node: Node, left: str, a: Any, right: str, b: Any, needed: set[str]
) -> tuple[str, Any]:
    """The product of two operands, summed over the labels that nothing else needs."""
    left, a = _summed(left, a, needed | set(right))
    right, b = _summed(right, b, needed | set(left))
    batch = [c for c in left if c in right and c in needed]
    inner = [c for c in left if c in right and c not in needed]
    rows = [c for c in left if c not in right]
    columns = [c for c in right if c not in left]
    sizes = {**_sizes(left, a), **_sizes(right, b)}
    sizes.update({c: n for c, n in _sizes(left, a).items() if isinstance(n, int)})
    a = layout.transpose(a, [left.index(c) for c in batch + rows + inner])
    b = layout.transpose(b, [right.index(c) for c in batch + inner + columns])
    a = _grouped(a, sizes, [batch, rows, inner])
    b = _grouped(b, sizes, [batch, inner, columns])
    made = tf.matmul(a, b)
    labels = batch + rows + columns
    return "".join(labels), _with_sizes(made, [sizes[c] for c in labels])


def _sizes(labels: str, x: Any) -> dict[str, Any]:
    return dict(zip(labels, sizes_of(x), strict=True))


def _grouped(x: Any, sizes: dict[str, Any], groups: list[list[str]]) -> Any:
    """Merge the axes of each group into one; an empty group is one of length 1."""
    if all(len(group) == 1 for group in groups):
        return x
    return _with_sizes(x, [product([sizes[c] for c in group]) for group in groups])


def _with_sizes(x: Any, target: list[Any]) -> Any:
    same = None not in known_only(target) and list(x.shape) == known_only(target)
    return x if same else reshaped(x, target)
