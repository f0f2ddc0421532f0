"""What placeholders switch, by trying: with which values a graph trains, and with which not.

Dropout trains unless it is behind a choice that is not made, or its rate is 0; so does what
normalises by its batch, unless it is behind such a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sigfix.describing.dead_branches import Switches
from sigfix.describing.rates import drops_nothing
from sigfix.describing.running import Run
from sigfix.describing.scalars import SWITCHES, Number
from sigfix.model import Node

MOST = 12
"""Placeholders that are tried; a model has one or two."""
_TRIED: dict[str, dict[str, Number]] = {
    "bool": {"false": False, "true": True},
    "int": {"0": 0, "1": 1},
    "float": {"0.0": 0.0, "1.0": 1.0},
    "bfloat": {"0.0": 0.0, "1.0": 1.0},
}
"""The values that are tried, as they are written, by kind of dtype."""
Trained = Sequence[tuple[str, Node]]
"""Nodes that train, each with the function that it is in ('' is the graph itself)."""


def number_of(text: str) -> Number | None:
    """The value that a text such as `false`, `0` or `1.0` stands for, None of any other."""
    if text in _TRIED["bool"]:
        return _TRIED["bool"][text]
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return None


def silent(
    run: Run, training: Trained, given: Mapping[str, Number], fed: Collection[str]
) -> frozenset[int]:
    """The places in `training` of what has no effect where placeholders have the values `given`.

    Of the others those of `fed` may have any value, and the rest have their defaults.
    """
    return _silent(run, training, _switches(run, given, fed))


def deciding(run: Run, training: Trained, fed: Collection[str]) -> dict[str, str]:
    """The placeholders of `fed` that switch all of `training` off -> the value that does so."""
    open_switches = _switches(run, {}, fed)
    _silent(run, training, open_switches)
    for scope, node in run.nodes:
        if node.op in SWITCHES and len(node.data_inputs) > 1 and not scope:
            open_switches.scalars.value(scope, node.data_inputs[1])
        elif node.branches and node.data_inputs:
            open_switches.scalars.value(scope, node.data_inputs[0])
    found = {}
    nodes = [run.meta.graph.by_name[name] for name in open_switches.scalars.asked]
    for name, values in sorted(((node.name, tried(node)) for node in nodes), key=_likely)[:MOST]:
        off = [
            text
            for text, value in values.items()
            if len(silent(run, training, {name: value}, fed)) == len(training)
        ]
        if len(off) == 1:
            found[name] = off[0]
    return found


def tried(placeholder: Node) -> dict[str, Number]:
    """The values to try of a placeholder that may be a switch, as they are written."""
    dtype = str(placeholder.attributes.get("dtype", ""))
    return _TRIED.get(dtype.removeprefix("u").rstrip("0123456789"), {})


def _likely(asked: tuple[str, Mapping[str, Number]]) -> tuple[bool, str]:
    """Rates come before choices, which may choose more than a rate; then by name."""
    name, values = asked
    return "0.0" not in values, name


def _switches(run: Run, given: Mapping[str, Number], fed: Collection[str]) -> Switches:
    return Switches(run.meta.graph, fed, given, run.callers)


def _silent(run: Run, training: Trained, switches: Switches) -> frozenset[int]:
    called = _called(run, switches)
    return frozenset(
        place
        for place, (scope, node) in enumerate(training)
        if scope not in called
        or (not scope and switches.is_dead(node.name))
        or drops_nothing(run, scope, node, switches.scalars)
    )


def _called(run: Run, switches: Switches) -> set[str]:
    """The functions that are called where the choices are made that are known; '' is the graph."""
    calls: dict[str, list[str]] = {}
    everybody: set[str] = set()
    for scope, node in run.nodes:
        names = run.meta.graph.function_by_name.keys() & {*node.functions, node.op}
        everybody |= names
        if names and (scope or not switches.is_dead(node.name)):
            chosen = switches.scalars.chosen(scope, node)
            calls.setdefault(scope, []).extend([chosen] if chosen else names)
    pending: list[str] = ["", *_scopes(run.nodes) - everybody]
    found: set[str] = set()
    while pending:
        scope = pending.pop()
        if scope not in found:
            found.add(scope)
            pending += calls.get(scope, ())
    return found


def _scopes(nodes: Iterable[tuple[str, Node]]) -> set[str]:
    return {scope for scope, _ in nodes}
