"""SIG001: what a graph of TensorFlow 1 without a signature could be used for."""

from __future__ import annotations

from sigfix.describing.candidates import Candidate, input_candidates, output_candidates
from sigfix.describing.libraries import library_of
from sigfix.describing.operators import custom_operators
from sigfix.describing.sources import all_sources, results_behind, told_sources
from sigfix.describing.switches import UNFED_OPS, training_default, unfed_binding
from sigfix.describing.tables_filled import unfilled_tables
from sigfix.diagnosis.rule import Finding, repair_command
from sigfix.diagnosis.subject import Subject, few, finding, located


def unsigned_graph(subject: Subject) -> Finding | None:
    """SIG001 of a graph with tensors that a signature could be made of, None where it has none."""
    if not output_candidates(subject.meta):
        return _starved(subject)
    inputs = [item for item in input_candidates(subject.meta) if not item.of_training]
    found = output_candidates(subject.meta)
    outputs = [item for item in found if not item.of_training]
    evidence = tuple(
        [f"input? {item.spec.name}: {item.spec}" for item in inputs[:6]]
        + [f"output? {item.spec.name}: {item.spec}" for item in outputs[:6]]
    )
    if not outputs:
        named = few([item.spec.name for item in found])
        message = f"no signature; what is computed belongs to training or evaluation: {named}"
        return finding("SIG001", message, located(subject), evidence)
    message = (
        f"no signature; it could be ({few([item.spec.name for item in inputs])})"
        f" -> ({few([item.spec.name for item in outputs])})"
    )
    if unfilled_tables(subject.meta):
        message += "; nothing that servers run fills its tables, with a signature neither (BEH302)"
    if _is_unloadable(subject):
        return finding("SIG001", message, located(subject), evidence)
    bindings = [part for item in bindings_of(subject, outputs) for part in ("--bind", item)]
    command = repair_command(subject.path, *bindings)  # of several, `repair` says how to choose
    return finding("SIG001", message, located(subject), evidence, command)


def _is_unloadable(subject: Subject) -> bool:
    """Whether a SavedModel has operators that no known package has: no loader takes it as it is.

    Of a frozen graph the part is taken that a signature needs.
    """
    custom = custom_operators(subject.meta.graph)
    return subject.model.encoding != "graph" and any(library_of(name) is None for name in custom)


def _starved(subject: Subject) -> Finding | None:
    """SIG001 where results are computed from a queue or an iterator alone."""
    found = all_sources(subject.meta)
    results = results_behind(subject.meta, found) if found else []
    if not results:
        return None
    message = f"no signature; what it computes comes out of {told_sources(found)}"
    evidence = tuple(f"output? {item.spec.name}: {item.spec}" for item in results[:6])
    command = repair_command(subject.path)  # `repair` says what is to be fed instead
    return finding("SIG001", message, located(subject), evidence, command)


def bindings_of(subject: Subject, outputs: list[Candidate]) -> list[str]:
    """The switches for training that the likeliest outputs all need, with values at inference."""
    graph = subject.meta.graph
    best = max(item.rank for item in outputs)
    likely = [item.spec.name for item in outputs if item.rank == best > 0]
    needed = [{node.name for node in graph.reachable_from((name,))} for name in likely]
    common = set.intersection(*needed) if needed else set()
    found = []
    for node in graph.nodes:
        if node.name in common:
            told = unfed_binding if node.op in UNFED_OPS else training_default
            found.append(told(subject.meta, node))
    return [item for item in found if item]
