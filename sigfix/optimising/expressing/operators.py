"""The pass: every operator that has a rule becomes what the rule writes."""

from __future__ import annotations

from sigfix.optimising.expressing.bits import BITWISE
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
from sigfix.optimising.expressing.sequences import SEQUENCES
from sigfix.optimising.expressing.soft_suppression import SOFT_SUPPRESSION
from sigfix.optimising.expressing.strided import STRIDED
from sigfix.optimising.expressing.suppression import SUPPRESSION
from sigfix.optimising.expressing.writing import Reference, Rule, Writer, apply_rules
from sigfix.optimising.graph.graph import Graph

RULES: dict[str, Rule] = {
    **BITWISE, **COLOURS, **CONVOLUTIONS, **ELEMENT_WISE, **LOOKUPS, **MATRICES, **PLACES,
    **RAGGED, **RESIZING, **ROUNDING, **SEGMENTS, **SEQUENCES, **SOFT_SUPPRESSION, **STRIDED,
    **SUPPRESSION,
}  # fmt: skip
"""Operator -> how it is expressed; those of complex numbers are in `COMPLEX`."""


def express_operators(graph: Graph) -> int:
    """Rewrite each node that has a rule; returns how many."""
    if not any(map(is_complex, graph.nodes.values())):
        return apply_rules(graph, RULES)
    both = {name: _either(COMPLEX.get(name), RULES.get(name)) for name in {*RULES, *COMPLEX}}
    return apply_rules(graph, both)


def _either(of_complex: Rule | None, plain: Rule | None) -> Rule:
    """The one for nodes of complex numbers, the other for the rest."""

    def rule(to: Writer) -> Reference | None:
        chosen = of_complex if of_complex and is_complex(to.node) else plain
        return chosen(to) if chosen else None

    return rule
