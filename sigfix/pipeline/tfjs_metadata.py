"""What is in `userDefinedMetadata` of a TensorFlow.js model: its card, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sigfix.card import Card
from sigfix.describing.operator_kinds import ASYNCHRONOUS
from sigfix.reading.tfjs import CALL_KEY, CARD_KEY, REGIONS_KEY, STATE_KEY

if TYPE_CHECKING:
    from sigfix.exporting.state_threading import State
    from sigfix.optimising.graph.graph import Graph


def metadata_of(card: Card | None, graph: Graph, states: Sequence[State]) -> dict[str, Any] | None:
    """The metadata of a model, or None where there is nothing to say.

    `call` is there where `executeAsync` is needed, with the number of loops that stay; `state`
    has, by input, the output of one call that is to be its value in the next, and what it starts
    with: one number, or all of them.
    """
    from sigfix.optimising.regions.finding import regions_of

    regions = regions_of(graph)
    own = {
        **({} if card is None else card.as_json()),
        **({REGIONS_KEY: regions} if regions else {}),
        **_call(graph),
        **({STATE_KEY: {state.input: _held(state) for state in states}} if states else {}),
    }
    return {CARD_KEY: own} if own else None


def _call(graph: Graph) -> Mapping[str, Any]:
    operators = [str(node.op) for node in graph.nodes.values()]
    if not ASYNCHRONOUS.intersection(operators):
        return {}
    return {CALL_KEY: {"function": "executeAsync", "loops": operators.count("LoopCond")}}


def _held(state: State) -> dict[str, Any]:
    """The output that feeds an input, and what it starts with."""
    first = state.start.flat[0].item() if state.start.size else 0
    same = bool((state.start == first).all())
    return {"next": state.output, "start": first if same else state.start.tolist()}
