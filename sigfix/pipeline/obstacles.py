"""What of a model TensorFlow.js cannot compute, all of it at once, and the commands that go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


NOTHING = frozenset({"Identity", "Placeholder"})
"""Operators that are left of an output where all that computes it was cut off."""

PRODUCTS = frozenset({
    "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv2DBackpropInput", "Conv3D",
    "Conv3DBackpropInputV2", "DepthwiseConv2dNative", "Einsum", "MatMul",
})  # fmt: skip
"""Operators of a network: what has them is not left to the page."""

Passes = Callable[["FrozenSignature"], "Graph"]
"""What makes a graph for TensorFlow.js of a frozen one."""


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
    frozen: FrozenSignature, kernels: Graph, passes: Passes, model: Path, key: str
) -> None:
    """Raise `ConversionError` for every operator that the optimised graph has and TF.js has not.

    `frozen` is the graph as it was before anything was cut off, `kernels` what `passes` made of it
    or of its rest; `model` and its signature `key` are for the commands.
    """
    from sigfix.exporting.refusing import hint_for, unknown_operators

    unknown = unknown_operators(kernels.graph_def())
    if not unknown:
        return
    stopped = _stopped(kernels, frozen.outputs)
    where = f" (for {', '.join(stopped)})" if len(stopped) < len(frozen.outputs) else ""
    message = f"TensorFlow.js has no operator for {', '.join(sorted(unknown))}{where}."
    raise ConversionError(message, _way(frozen, passes, model, key) or hint_for(unknown))


def _way(frozen: FrozenSignature, passes: Passes, model: Path, key: str) -> str:
    """The first commands that lead to a graph without such operators, '' where none do."""
    left = {how: _left_out(frozen, passes, how) for how in ("", PARSED, STRINGS)}
    ways = [(how, names) for how, names in left.items() if names is not None]
    for how, names in sorted(ways, key=lambda way: len(way[1])):
        if len(names) < len(frozen.outputs):
            return _commands(model, key, how, names)
    return ""


def _left_out(frozen: FrozenSignature, passes: Passes, how: str) -> list[str] | None:
    """The outputs to leave out where the front is cut off by `how`; None: that leads nowhere."""
    try:
        cut = cut_in_front(frozen, how)
        if cut and how == STRINGS and not _is_for_the_page(cut):
            return None
        rest = frozen if cut is None else cut.rest
        kernels = passes(rest)
    except ConversionError:
        return None
    stopped = set(_stopped(kernels, rest.outputs))
    passed_on = _passed_on(kernels, rest.outputs)
    if cut:  # what the model passes on itself is as it was
        stopped |= passed_on - _passed_on(frozen.graph, frozen.outputs)
    if stopped | passed_on == set(rest.outputs):  # nothing would be computed at all
        return None
    return [key for key in rest.outputs if key in stopped]


def _passed_on(graph: Graph, outputs: Mapping[str, str]) -> set[str]:
    """The outputs that are an input, and nothing is computed of it."""
    from sigfix.exporting.bottlenecks import upstream

    return {
        key
        for key, name in outputs.items()
        if {graph.nodes[each].op for each in upstream(graph, name)} <= NOTHING
    }


def _stopped(kernels: Graph, outputs: Mapping[str, str]) -> list[str]:
    """The outputs of an optimised graph that TF.js lacks operators for."""
    from sigfix.exporting.bottlenecks import LOOKUP, upstream, wanting
    from sigfix.exporting.refusing import unknown_operators

    unknown = unknown_operators(kernels.graph_def())
    nodes = kernels.nodes
    lacking = {name for name in nodes if nodes[name].op in unknown}
    lacking |= {name for name in wanting(kernels) if nodes[name].op != LOOKUP}
    return [key for key, name in outputs.items() if upstream(kernels, name) & lacking]


def _is_for_the_page(cut: Cut) -> bool:
    """Whether strings are cut off, and not the network itself."""
    from sigfix.exporting.bottlenecks import DT_STRING, upstream

    nodes = cut.whole.graph.nodes
    front = [nodes[name] for at in cut.tensors.values() for name in upstream(cut.whole.graph, at)]
    kinds = {value.type for node in front for value in node.attr.values()}
    return DT_STRING in kinds and not any(node.op in PRODUCTS for node in front)


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
