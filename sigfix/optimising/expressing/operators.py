"""The pass: every operator that has a rule becomes what the rule writes."""

from __future__ import annotations

from sigfix.optimising.expressing.colours import COLOURS
from sigfix.optimising.expressing.complex_numbers import COMPLEX, is_complex
from sigfix.optimising.expressing.convolutions import CONVOLUTIONS
from sigfix.optimising.expressing.element_wise import ELEMENT_WISE
from sigfix.optimising.expressing.lookups import LOOKUPS
from sigfix.optimising.expressing.matrices import MATRICES
from sigfix.optimising.expressing.places import PLACES
from sigfix.optimising.expressing.ragged import RAGGED
from sigfix.optimising.expressing.resizing import RESIZING
from sigfix.optimising.expressing.rounding import ROUNDING
from sigfix.optimising.expressing.segments import SEGMENTS
from sigfix.optimising.expressing.writing import Rule, apply_rules
from sigfix.optimising.graph.graph import Graph

RULES: dict[str, Rule] = {
    **COLOURS, **CONVOLUTIONS, **ELEMENT_WISE, **LOOKUPS, **MATRICES, **PLACES, **RAGGED,
    **RESIZING, **ROUNDING, **SEGMENTS,
}  # fmt: skip
"""Operator -> how it is expressed; those of complex numbers are in `COMPLEX`."""


def express_operators(graph: Graph) -> int:
    """Rewrite each node that has a rule; returns how many."""
    of_complex = COMPLEX if any(map(is_complex, graph.nodes.values())) else {}
    return apply_rules(graph, {**RULES, **of_complex})
