"""Where two backends of TensorFlow.js compute a model differently: at which operator it starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import SigfixError
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.comparison import compare
from sigfix.verifying.runners import tfjs

MOST_OPERATORS = 400
"""In a larger model the results of all operators would not fit into memory together."""
NOT_COMPUTED = frozenset({"Const", "Placeholder", "NoOp"})


@dataclass(frozen=True)
class Fault:
    """The first operator that differs: its name in model.json, and its kind."""

    node: str
    operator: str


def first_difference(model: Path, inputs: Arrays, tolerance: float) -> Fault | None:
    """The first operator whose result in wasm differs from that in the cpu backend.

    Both are run once more with the first output of every operator as an output. None where no
    operator differs, the model is too large, or it cannot be run in that way (control flow).
    """
    operators = _operators(model)
    if len(operators) > MOST_OPERATORS:
        return None
    names = [fault.node for fault in operators]
    try:
        wasm, cpu = (tfjs.run(model, [inputs], names, backend) for backend in ("wasm", "cpu"))
    except SigfixError:
        return None  # this is an explanation of a failure, not another one
    for fault in operators:
        one, other = cpu.outputs[0][fault.node], wasm.outputs[0][fault.node]
        if one.size and not compare({"": one}, {"": other}, tolerance).ok:
            return fault
    return None


def _operators(model: Path) -> list[Fault]:
    """The operators of model.json that compute something, each after those that it reads."""
    nodes = json.loads((model / "model.json").read_text("utf-8"))["modelTopology"]["node"]
    return [Fault(n["name"], n["op"]) for n in nodes if n["op"] not in NOT_COMPUTED]
