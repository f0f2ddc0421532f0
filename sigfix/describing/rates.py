"""Dropout whose rate comes from switches: it is executed always, and drops nothing at a rate of 0.

`tf.nn.dropout` keeps what is at least the rate among uniform numbers; that of early TF1 rounds down
the sum of such a number and the part that is kept. Both may lie in functions of the graph.
"""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.describing.dropout import SCALING
from sigfix.describing.running import Run
from sigfix.describing.scalars import Scalars
from sigfix.model import Node, node_of


def drops_nothing(run: Run, function: str, draw: Node, scalars: Scalars) -> bool:
    """Whether the numbers that `draw` draws are a dropout's alone, whose rate is 0.

    `scalars` are asked for the rate; those that it cannot tell note what they depend on.
    """
    weighed = list(_weighed(run, function, draw))
    values = [scalars.value(function, tensor) if tensor else None for tensor, _ in weighed]
    return bool(weighed) and values == [off for _, off in weighed]


def _weighed(run: Run, function: str, draw: Node) -> Iterator[tuple[str, int]]:
    """What the drawn numbers are weighed by ('' for no rate), and its value that drops nothing."""
    pending, seen = [draw.name], {draw.name}
    while pending:
        name = pending.pop()
        for node in run.readers.get((function, name), ()):
            first = node_of(node.data_inputs[0])
            if node.op == "GreaterEqual" and first == name:
                yield node.data_inputs[1], 0
            elif _is_rounded(run, function, node):
                yield node.data_inputs[1 if first == name else 0], 1
            elif node.op in SCALING:
                pending += [] if node.name in seen else [node.name]
                seen.add(node.name)
            else:
                yield "", 0  # read by something else: not by a dropout alone


def _is_rounded(run: Run, function: str, node: Node) -> bool:
    """Whether a sum is rounded down, as the dropout of early TF1 does."""
    readers = run.readers.get((function, node.name), ())
    return node.op in ("Add", "AddV2") and any(item.op == "Floor" for item in readers)
