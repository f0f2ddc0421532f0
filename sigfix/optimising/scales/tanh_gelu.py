"""GELU by tanh in six operators: (1 + tanh u) / 2 is sigmoid(2 u), whatever u is.

x / 2 * (1 + tanh(c (x + k x^3))), eight operators and more as exporters write it, is
x * sigmoid(x (a + b x^2)) with a = 2 c and b = 2 c k; one Square, one Sigmoid and no Tanh, which
TF.js's WebAssembly backend computes slowly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

Polynomial = dict[tuple[int, int], float]
"""(power of x, power of 1 + tanh) -> coefficient."""
DEEPEST = 8
"""Operators below each other that make up u, or the product."""


def rewrite_tanh_gelus(graph: Graph) -> int:
    """Rewrite each GELU by tanh; returns how many."""
    found = [node for node in graph.nodes.values() if node.op == "Tanh"]
    rewritten = sum(_rewrite(graph, node) for node in found)
    if rewritten:
        graph.prune()
    return rewritten


def _rewrite(graph: Graph, tanh: NodeDef) -> bool:
    shifted = graph.only_reader(tanh.name)
    if shifted is None or shifted.op not in ("Add", "AddV2") or _addend(graph, shifted) != 1.0:
        return False
    product = graph.only_reader(shifted.name)
    largest = None  # with every factor that can go into one
    while product is not None and product.op == "Mul":
        found = _match(graph, product, tanh, str(shifted.name))
        largest = found or largest
        product = graph.only_reader(product.name)
    if largest is not None:
        _write(graph, *largest)
    return largest is not None


def _match(
    graph: Graph, product: NodeDef, tanh: NodeDef, shifted: str
) -> tuple[NodeDef, str, float, float, float] | None:
    """The product, x, and the factors of `_write`, where it is a GELU."""
    for x in _candidates(graph, product, shifted):
        whole = _polynomial(graph, product.name, x, shifted)
        inner = _polynomial(graph, tanh.input[0], x, "")
        if whole and list(whole) == [(1, 1)] and inner and set(inner) == {(1, 0), (3, 0)}:
            return product, x, 2 * whole[1, 1], 2 * inner[1, 0], 2 * inner[3, 0]
    return None


def _write(graph: Graph, product: NodeDef, x: str, scale: float, a: float, b: float) -> None:
    """scale * x * sigmoid(x (a + b x^2)) in place of `product`."""
    name = str(product.name)

    def constant(value: float) -> str:
        return graph.add_constant(f"{name}/factor", np.array(value, np.float32))

    def add(operator: str, *inputs: str) -> str:
        return str(graph.add_node(f"{name}/gelu", operator, inputs, product).name)

    square = add("Mul", add("Square", x), constant(b))
    gate = add("Sigmoid", add("Mul", add("AddV2", square, constant(a)), x))
    result = add("Mul", x, gate)
    if abs(scale - 1) > 1e-6:
        result = add("Mul", result, constant(scale))
    graph.replace(name, result)


def _addend(graph: Graph, node: NodeDef) -> float | None:
    """The scalar that an addition adds."""
    values = [_scalar(graph, reference) for reference in node.input]
    known = [value for value in values if value is not None]
    return known[0] if len(known) == 1 else None


def _scalar(graph: Graph, reference: str) -> float | None:
    node = graph.nodes[node_of(reference)]
    if node.op != "Const" or node.attr["dtype"].type != 1:  # DT_FLOAT
        return None
    value = graph.constant(reference)
    return float(value.reshape(())) if value is not None and value.ndim == 0 else None


def _candidates(graph: Graph, product: NodeDef, shifted: str) -> list[str]:
    """What x may be: the tensors that the product multiplies."""
    found: list[str] = []
    waiting = [str(product.name)]
    for _ in range(DEEPEST):
        if not waiting:
            break
        for reference in graph.nodes[node_of(waiting.pop())].input:
            node = graph.nodes[node_of(reference)]
            if reference != shifted and node.op != "Const":
                found.append(reference)
                if node.op == "Mul":
                    waiting.append(reference)
            elif node.op == "Mul":
                waiting.append(reference)
    return found


def _polynomial(
    graph: Graph, reference: str, x: str, shifted: str, depth: int = 0
) -> Polynomial | None:
    """What a tensor is in x and in 1 + tanh, or None where it is no polynomial of them."""
    if reference == x:
        return {(1, 0): 1.0}
    if reference == shifted:
        return {(0, 1): 1.0}
    value = _scalar(graph, reference)
    if value is not None:
        return {(0, 0): value}
    node = graph.nodes[node_of(reference)]
    rule = RULES.get(node.op)
    if rule is None or depth > DEEPEST or ":" in reference:
        return None
    parts = [_polynomial(graph, r, x, shifted, depth + 1) for r in node.input]
    known = [part for part in parts if part is not None]
    return rule(*known) if len(known) == len(parts) else None


def _sum(left: Polynomial, right: Polynomial) -> Polynomial:
    return {p: left.get(p, 0.0) + right.get(p, 0.0) for p in {**left, **right}}


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for (i, j), first in left.items():
        for (k, m), second in right.items():
            found[i + k, j + m] = found.get((i + k, j + m), 0.0) + first * second
    return found


def _power(base: Polynomial, exponent: Polynomial) -> Polynomial | None:
    number = exponent.get((0, 0), 0.0)
    if list(exponent) != [(0, 0)] or number not in (2.0, 3.0):
        return None
    square = _product(base, base)
    return square if number == 2.0 else _product(square, base)


RULES: dict[str, Callable[..., Polynomial | None]] = {
    "Add": _sum,
    "AddV2": _sum,
    "Mul": _product,
    "Pow": _power,
    "Square": lambda base: _product(base, base),
}
"""Operators that make a polynomial of polynomials."""
