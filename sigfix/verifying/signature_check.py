"""A repaired signature against what it was built from, from disk, in fresh processes.

The new signature runs through both loaders. What the plan puts around the source (casts,
normalisation, transposes, activations) is computed here once more, in NumPy (`feeding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigfix.describing.examples import example_features
from sigfix.model import SavedModel, covers, format_shape
from sigfix.planning.edits import AddSignature, FunctionSource
from sigfix.planning.parsed import before_parsers
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import Check, Side, verify
from sigfix.verifying.feeding import Feed, ThroughSteps, expected_outputs
from sigfix.verifying.inputs.cases import BATCHES, Case, Given, batch_of, made_up
from sigfix.verifying.runnable import DEFAULT_SECONDS, Call, CaseRun, Runnable
from sigfix.verifying.runners.saved_model import LOADERS, saved_model, signature_by_loaders
from sigfix.verifying.tolerances import REPAIRED, Tolerance
from sigfix.verifying.verdict import DIFFERENT, Verification


def compare_signature(
    described: SavedModel,
    meta_graph: int,
    edit: AddSignature,
    result: Path,
    tags: Sequence[str],
    *,
    source: Path | None = None,
    given: Arrays | None = None,
    seed: int = 0,
    tolerance: Tolerance = Tolerance(REPAIRED),  # noqa: B008
    seconds: float = DEFAULT_SECONDS,
    loaders: Sequence[str] = tuple(LOADERS),
    asked: str = "",
    feed: Feed | None = None,
) -> Verification:
    """Run `edit`'s source and the new signature of `result` on the same inputs.

    `described` is the source as read (at `source`, by default where it was read); `tags` are the
    result's. `given` are the user's inputs (`--inputs`), used instead of made-up ones. A source
    that is a graph runs through the v1 loader; where `tf.saved_model.load` does not take its key
    `asked`, that is noted. Behind parsers of tf.Examples the inputs are those of the source, and
    `feed` makes the signature's of them. Raises `NotVerifiedError` where none can be made up.
    """
    edit = before_parsers(edit)
    side = planned_source(described, meta_graph, edit, source or described.path)
    if asked:
        side = replace(side, runnable=_asking(side.runnable, asked))
    features = example_features(described.meta_graphs[meta_graph])
    return compare_with(side, edit, result, tags, cases_for(edit, given, seed, features),
                        tolerance, seconds, loaders, feed)  # fmt: skip


def compare_with(
    source: Side,
    edit: AddSignature,
    result: Path,
    tags: Sequence[str],
    cases: Sequence[Case | Given],
    tolerance: Tolerance,
    seconds: float,
    loaders: Sequence[str] = tuple(LOADERS),
    feed: Feed | None = None,
) -> Verification:
    """Any source against the signature `edit` of the SavedModel `result`, by both loaders."""
    made = signature_by_loaders(result, tags, edit.key, loaders)
    if feed is not None:
        made = replace(made, calls=tuple(replace(call, feed=feed) for call in made.calls))
    target = Side(made)
    check = Check(tolerance, seconds, batch=lambda arrays: batch_of(edit.inputs, arrays))
    verification = verify(edit.key, source, target, cases, check)
    why = _unlike_declared(edit, verification)
    return replace(verification, verdict=DIFFERENT, reason=why) if why else verification


BATCHES_OF_ROWS = (1, 2, 3)
"""Batches of a signature that was widened; the source gives each row alone."""


def cases_for(
    edit: AddSignature, given: Arrays | None, seed: int, features: Any = ()
) -> Sequence[Case | Given]:
    """The user's inputs, or made-up ones for the inputs of `edit`."""
    if given is not None:
        return [Given(given)]
    batches = BATCHES_OF_ROWS if any(head.widened for head in edit.heads) else BATCHES
    return made_up(edit.inputs, seed, features, batches)


def planned_source(described: SavedModel, meta_graph: int, edit: AddSignature, path: Path) -> Side:
    """What a planned signature is made of: the functions that it calls, or the graph."""
    tags = described.meta_graphs[meta_graph].tags
    if not edit.heads:
        fetches = {item.source: item.source for item in edit.outputs}
        call = Call({"kind": "session", "fetches": fetches}, ThroughSteps(edit))
        runnable = _titled(saved_model(path, tags, [call]))
        return Side(runnable, lambda run, repeat: expected_outputs(edit, run.outputs[0][repeat]))
    calls = []
    for number, head in enumerate(edit.heads):
        feed = ThroughSteps(edit, number)
        if head.path.startswith("signatures."):
            parts = ["signatures", head.path.removeprefix("signatures.")]
            calls.append(Call(_details(head, parts, 0), feed))
            continue
        objects = described.meta_graphs[meta_graph].objects
        assert objects is not None
        function = next(item for item in objects.functions if item.path == head.path)
        trace = [trace.name for trace in function.traces].index(head.trace)
        calls.append(Call(_details(head, head.path.split("."), trace), feed))

    def joined(run: CaseRun, repeat: int) -> Arrays:
        by_position = {
            (head, index): value
            for head, repeats in enumerate(run.outputs)
            for index, value in repeats[repeat].items()
        }
        return expected_outputs(edit, by_position)

    return Side(_titled(saved_model(path, tags, calls)), joined)


def _asking(runnable: Runnable, key: str) -> Runnable:
    """The same, with the usual loader asked for the signature `key`."""
    calls = (replace(call, details={**call.details, "asked": key}) for call in runnable.calls)
    return replace(runnable, calls=tuple(calls))


def _details(head: FunctionSource, parts: list[str], trace: int) -> dict[str, Any]:
    """How a function is called; one that takes one row alone is called for each."""
    rows = [str(position) for position in head.widened]
    return {"kind": "function", "parts": parts, "trace": trace, "rows": rows}


def _titled(runnable: Runnable) -> Runnable:
    return replace(runnable, title="the source")


def _unlike_declared(edit: AddSignature, verification: Verification) -> str:
    """Which output has another shape than the plan declares, '' where none has."""
    declared = {item.name: item.shape for item in edit.outputs}
    for comparison in verification.comparisons:
        for output in comparison.parity.outputs:
            shape = output.shape
            if output.name in declared and not covers(declared[output.name], shape):
                planned = format_shape(declared[output.name])
                return f"{output.name} is {format_shape(shape)}, and {planned} was planned"
    return ""
