"""What of a model TensorFlow.js cannot compute, all of it at once, and the commands that go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.diagnosis.rule import repair_command
from sigfix.errors import ConversionError
from sigfix.model import DEFAULT_SERVING_KEY
from sigfix.pipeline.prepared import PARSED, STRINGS
from sigfix.quoting import quote_path

if TYPE_CHECKING:  # at run time they need numpy or TensorFlow
    from sigfix.exporting.cutting import Cut
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph.graph import Graph
    from sigfix.verifying.arrays import Arrays
    from sigfix.verifying.checking import Source


NOTHING = ("Identity", "Placeholder")
"""Operators that are left of an output where all that computes it was cut off."""


def cut_in_front(frozen: FrozenSignature, how: str) -> Cut | None:
    """Cut off what `how` names (`PARSED`, `STRINGS`, or '' for nothing).

    Raises `ConversionError` where there is nothing to cut off.
    """
    from sigfix.exporting.cutting import cut_parsers, cut_strings

    if not how:
        return None
    return cut_parsers(frozen) if how == PARSED else cut_strings(frozen)


def fed_behind(cut: Cut | None, source: Source) -> Source:
    """A source whose inputs are those of the part that was cut out of its graph."""
    if cut is None:
        return source
    from sigfix.exporting import cutting  # which imports TensorFlow

    fed: tuple[Arrays, ...] = tuple(cutting.fed_behind(cut, source.fed))
    return replace(source, fed=fed, witness=None)


def refuse_obstacles(
    kernels: Graph, outputs: Mapping[str, str], frozen: FrozenSignature, model: Path, key: str
) -> None:
    """Raise `ConversionError` for every operator that the optimised graph has and TF.js has not.

    `outputs` are its nodes by key, `frozen` is the graph as it was, `model` and its signature `key`
    are for the commands.
    """
    from sigfix.exporting.bottlenecks import upstream
    from sigfix.exporting.refusing import hint_for, unknown_operators

    unknown = unknown_operators(kernels.graph_def())
    if not unknown:
        return
    nodes = {name for name, node in kernels.nodes.items() if node.op in unknown}
    stopped = [name for name, node in outputs.items() if upstream(kernels, node) & nodes]
    free = [name for name in outputs if name not in stopped]
    where = f" (for {', '.join(stopped)})" if free else ""
    message = f"TensorFlow.js has no operator for {', '.join(sorted(unknown))}{where}."
    raise ConversionError(message, _way(frozen, model, key) or hint_for(unknown))


def _way(frozen: FrozenSignature, model: Path, key: str) -> str:
    """The first commands that lead to a graph without such operators, '' where none do."""
    stopped = {how: _stopped(frozen, how) for how in ("", PARSED, STRINGS)}
    ways = [(how, names) for how, names in stopped.items() if names is not None]
    for how, names in sorted(ways, key=lambda way: len(way[1])):
        if len(names) < len(frozen.outputs):
            return _commands(model, key, how, names)
    return ""


def _stopped(frozen: FrozenSignature, how: str) -> list[str] | None:
    """The outputs that TF.js lacks operators for when the front is cut off; None: it cannot be."""
    from sigfix.exporting.bottlenecks import LOOKUP, upstream, wanting

    try:
        cut = cut_in_front(frozen, how)
    except ConversionError:
        return None
    rest = frozen if cut is None else cut.rest
    nodes = rest.graph.nodes
    lacking = {name for name in wanting(rest.graph) if nodes[name].op != LOOKUP}
    over = {key: upstream(rest.graph, name) for key, name in rest.outputs.items()}
    return [
        key
        for key, names in over.items()
        if names & lacking or (cut and all(nodes[name].op in NOTHING for name in names))
    ]


def _commands(model: Path, key: str, how: str, dropped: list[str]) -> str:
    signature = "" if key == DEFAULT_SERVING_KEY else f" --signature {key}"
    option = f" {how}" if how else ""
    if not dropped:
        return f"sigfix convert {quote_path(model)} --tfjs{signature}{option}"
    made = f"{model.stem if model.is_file() else model.name}_repaired"
    chosen = () if key == DEFAULT_SERVING_KEY else ("--from", key)
    parts = [part for name in dropped for part in ("--drop-output", name)]
    repair = repair_command(model, *chosen, *parts, "-o", made)
    return f"{repair} && sigfix convert {quote_path(made)} --tfjs{option}"
