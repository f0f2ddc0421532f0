"""What a frozen graph still writes: variables that it counts in, or remembers something by.

A frozen graph has constants for variables. Where nothing but the writing itself reads a variable,
the outputs do without, and the writing goes; where something does, the model keeps a state between
two calls, and no graph of a function can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sigfix.describing.effects import RANDOM, STATE, kind_of
from sigfix.errors import ConversionError
from sigfix.optimising.graph.graph import node_of

SEED = "seed_generator"
"""Keras 3's variables behind dropout and augmentation are called so."""
_OF_LAYERS = (
    "export it as it predicts (training=False), without layers that are for training; of a Keras "
    "model sigfix takes the file itself: sigfix convert MODEL.keras --tfjs"
)
STATELESS = (
    "export it without (training=False, stateful=False), or with the state as an input and an "
    "output"
)
PASSED_ON = ("Identity", "Enter", "Switch", "RefSwitch", "RefEnter")
"""Operators through which a variable reaches what writes to it."""


def drop_assignments(
    definition: Any, variables: Mapping[str, str], outputs: Iterable[str], model: Path
) -> None:
    """Take the assignments out of a frozen GraphDef, in place, whose variables no output needs.

    `variables` are the names of variables by the nodes that stand for them, `outputs` are tensors.
    Raises `ConversionError` for one that is read: it says which, and by which operator.
    """
    nodes = {str(node.name): node for node in definition.node}
    ends = {node_of(output) for output in outputs}
    needs = needed(nodes, ends)
    _refuse_generators(nodes, needs, variables, model)
    writers = [node for node in definition.node if kind_of(node.op) == STATE]
    if not writers:
        return
    written = {variable_of(nodes, node.input[0]): node for node in writers}
    passing = {
        str(node.name)
        for node in definition.node
        if node.op in PASSED_ON and variable_of(nodes, node.name) in written
    }
    read = passing - _read_by_writers_alone(definition, passing - ends)
    for node in definition.node:
        if node.name not in needs:
            continue
        reads = [node_of(reference) for reference in node.input if reference[0] != "^"]
        state = [
            source
            for source in reads
            if source in read or (source in written and node.name not in passing)
        ]
        if node.name in ends & passing:  # the output is the variable itself
            state = reads
        if state and kind_of(node.op) != STATE:
            variable = variable_of(nodes, state[0])
            name, writer = variables.get(variable, variable), written[variable]
            raise ConversionError(
                f"{model} keeps a state: '{name}' is read, and changed by {writer.op} "
                f"('{writer.name}'). TensorFlow.js has functions of their inputs only.",
                _OF_LAYERS if SEED in name else STATELESS,
            )
    gone = {str(node.name) for node in writers}
    for place in reversed(range(len(definition.node))):
        node = definition.node[place]
        left = [r for r in node.input if not (r[0] == "^" and node_of(r) in gone)]
        if node.name in gone:
            del definition.node[place]
        elif len(left) < len(node.input):
            node.input[:] = left


def _refuse_generators(
    nodes: Mapping[str, Any], needs: set[str], variables: Mapping[str, str], model: Path
) -> None:
    """Refuse random numbers from a generator that is a variable of the model."""
    for node in (nodes[name] for name in needs):
        if kind_of(node.op) != RANDOM or not node.input:
            continue
        variable = variable_of(nodes, node.input[0])
        if variable in variables:
            raise ConversionError(
                f"{model} draws random numbers, of which '{variables[variable]}' keeps the state: "
                f"{node.op} ('{node.name}'). TensorFlow.js has functions of their inputs only.",
                _OF_LAYERS,
            )


def needed(nodes: Mapping[str, Any], ends: Iterable[str]) -> set[str]:
    """The nodes that outputs are computed from, also by which branch is taken.

    What they only wait for is none: a call waits for all that it changes.
    """
    found: set[str] = set()
    stack = list(ends)
    while stack:
        node = nodes[stack.pop()]
        if node.name in found:
            continue
        found.add(str(node.name))
        for reference in node.input:
            source = nodes[node_of(reference)]
            steers = source.op == "NoOp" or (
                source.op == "Identity" and nodes[node_of(source.input[0])].op == "Switch"
            )
            if reference[0] != "^" or steers:
                stack.append(str(source.name))
    return found


def variable_of(nodes: Mapping[str, Any], reference: str) -> str:
    """The node that stands for the variable that a reference passes on."""
    node = nodes[node_of(reference)]
    while node.op in PASSED_ON and node.input:
        node = nodes[node_of(node.input[0])]
    return str(node.name)


def _read_by_writers_alone(definition: Any, passing: set[str]) -> set[str]:
    """Those of the nodes `passing` a variable on that only writers read, however far below."""
    alone = set(passing)
    while True:
        read = {
            node_of(reference)
            for node in definition.node
            if kind_of(node.op) != STATE and node.name not in alone
            for reference in node.input
            if reference[0] != "^"
        }
        if not alone & read:
            return alone
        alone -= read
