"""All regions of a finished graph, as model.json has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sigfix.optimising.graph.graph import Graph
from sigfix.optimising.regions.lstm import find_lstms
from sigfix.optimising.regions.region import VERSION, Region

KINDS: tuple[Callable[[Graph], Iterable[Region]], ...] = (find_lstms,)
"""What finds each kind."""


def regions_of(graph: Graph) -> dict[str, Any] | None:
    """`userDefinedMetadata.sigfix.regions` of a graph as it is written; None where it has none."""
    found = [region.as_json(graph) for kind in KINDS for region in kind(graph)]
    return {"version": VERSION, "regions": found} if found else None
