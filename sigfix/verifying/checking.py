"""Run a source and a result on the same inputs, compare, and say what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sigfix.errors import NotVerifiedError
from sigfix.verifying import noise
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.comparison import OutputParity, compare
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.noise import Witness
from sigfix.verifying.ranked import Ways, orders_of, reordered
from sigfix.verifying.runnable import DEFAULT_SECONDS, CaseRun, Run, Runnable
from sigfix.verifying.running import started
from sigfix.verifying.ties import Ties
from sigfix.verifying.tolerances import Limit, Tolerance
from sigfix.verifying.verdict import (
    DIFFERENT,
    GIVEN,
    NOT_COMPARABLE,
    SEEDED,
    Comparison,
    Verification,
    compare_cases,
    limits_for,
    verdict_of,
)
from sigfix.wording import plural

REPEATS = 2
"""Runs of the source on each set of inputs: a model that answers differently each time shows."""


def only_call(outputs: CaseRun, repeat: int = 0) -> Arrays:
    """The outputs of the one call that a runnable has."""
    return {name: np.asarray(value) for name, value in outputs.outputs[0][repeat].items()}


def outputs_of(found: Run, call: int = 0) -> list[Arrays]:
    """What one call returned, case by case."""
    return [
        {name: np.asarray(value) for name, value in case.outputs[call][0].items()}
        for case in found.cases
    ]


@dataclass(frozen=True)
class Side:
    """A model that is compared: `joined` makes the outputs that are compared of a run of it.

    It takes the run of a case and which repeat of it. `restless` says what in the model can make
    two runs differ, '' where nothing is known to.
    """

    runnable: Runnable
    joined: Callable[[CaseRun, int], Arrays] = only_call
    restless: str = ""


@dataclass(frozen=True)
class Source:
    """The answers of a source: what was fed, and what it computed, by the names compared.

    `witness` is what can be run again to measure its noise, None where nothing can.
    """

    title: str
    fed: tuple[Arrays, ...]
    outputs: tuple[Arrays, ...]
    notes: tuple[str, ...] = ()
    witness: Witness | None = None


@dataclass(frozen=True)
class Check:
    """How to compare; `inputs` are the inputs' plans, to count rows by.

    `ties` are those of a decoder that feeds back, `cast` is what happens to both sides' outputs
    before they are compared, `witnesses` are more forms of the source whose noise counts.
    """

    tolerance: Tolerance
    seconds: float = DEFAULT_SECONDS
    ties: Ties | None = None
    cast: Callable[[Arrays], Arrays] = dict
    batch: Callable[[Arrays], int] = field(default=lambda arrays: first_size(arrays))
    witnesses: Callable[[], Sequence[Witness]] = tuple


def first_size(arrays: Mapping[str, Any]) -> int:
    """How many rows were fed: the first dimension of the first input that has one."""
    sizes = [np.shape(value)[0] for value in arrays.values() if np.ndim(value)]
    return int(sizes[0]) if sizes else 1


def read_source(side: Side, found: Run) -> Source:
    """The source's answers. Raises `NotVerifiedError` where it answers differently each time."""
    first = [side.joined(case, 0) for case in found.cases]
    for case, outputs in zip(found.cases, first, strict=True):
        for repeat in range(1, REPEATS):
            again = side.joined(case, repeat)
            # What is empty or not finite is not equal to itself here, and is judged later.
            if not _equal(outputs, again):
                why = side.restless or "is random or keeps state"
                raise NotVerifiedError(
                    f"{side.runnable.title} ({side.runnable.path}) answers differently each time: "
                    f"it {why}, so that no two runs can be compared.",
                    "--no-verify   # writes the result uncompared",
                )
    fed = tuple(case.inputs for case in found.cases)
    witness = Witness(side.runnable, tuple(first), lambda case: side.joined(case, 0), found.details)
    return Source(side.runnable.title, fed, tuple(first), found.notes, witness)


def _equal(one: Arrays, other: Arrays) -> bool:
    rows = compare(one, other, 0.0).outputs
    return all(row.ok or row.nothing for row in rows)


def verify(
    key: str, source: Side, results: Side, cases: Sequence[Case | Given], check: Check
) -> Verification:
    """Run both and compare each way in which the result is called with the source.

    What cannot be run, or is random, is `not comparable`.
    """
    told = given_and_tried(cases)
    try:
        with (
            started(source.runnable, cases, REPEATS, check.seconds) as ask,
            started(results.runnable, None, 1, check.seconds) as tell,
        ):
            answers = read_source(source, ask(None))
            found = tell([Given(fed) for fed in answers.fed])
    except NotVerifiedError as error:
        return Verification(
            key, NOT_COMPARABLE, reason=error.message.rstrip("."), hint=error.hint or "", **told
        )
    notes = tuple(dict.fromkeys((*answers.notes, *found.notes)))
    return replace(finish(key, judged_calls(answers, results, found, check), notes), **told)


def given_and_tried(cases: Sequence[Case | Given]) -> dict[str, Any]:
    """How the inputs of a verification are described."""
    if any(isinstance(case, Given) for case in cases):
        return {"inputs": GIVEN, "tried": ()}
    kinds = dict.fromkeys(kind for case in cases for kind in case.described)
    return {"inputs": SEEDED, "tried": tuple(kinds)}


@dataclass(frozen=True)
class Judged:
    """Comparisons with their verdict; `notes` say what noise was measured."""

    comparisons: tuple[Comparison, ...]
    verdict: str
    reason: str
    notes: tuple[str, ...] = ()


def judged_calls(source: Source, result: Side, found: Run, check: Check) -> Judged:
    """Compare every call of the result that was made, case by case, with the source."""
    answers = [
        (
            call.title,
            [result.joined(replace(c, outputs=(c.outputs[number],)), 0) for c in found.cases],
        )
        for number, call in enumerate(result.runnable.calls)
        if call.title not in found.left_out
    ]
    return judge(source, result.runnable.title, answers, check)


def judge(
    source: Source, title: str, results: Sequence[tuple[str, Sequence[Arrays]]], check: Check
) -> Judged:
    """Compare `results` (through what, and the outputs by case) with the source's answers.

    Where they differ, the source's noise is measured, and what lies below it is no difference;
    a source that does not repeat its answers is not comparable. What a model sorts is compared in
    the source's order where the source does not keep that itself (see `verifying.ranked`).
    """
    expected = [check.cast(outputs) for outputs in source.outputs]
    found = [(through, [check.cast(case) for case in cases]) for through, cases in results]
    batches = [check.batch(fed) for fed in source.fed]
    stages = (source.title, title)
    count = len(expected) * len(found)

    def compared(limits: Mapping[str, Limit], ways: Ways = found) -> tuple[Comparison, ...]:
        return tuple(
            row
            for through, cases in ways
            for row in compare_cases(stages, expected, cases, batches, limits, check.ties, through)
        )

    limits = limits_for(source.outputs, check.tolerance)
    comparisons = compared(limits)
    verdict, reason = verdict_of(comparisons, count)
    if verdict != DIFFERENT or check.tolerance.chosen:
        return Judged(comparisons, verdict, reason)
    sorted_again = reordered(expected, found, limits)
    if sorted_again is None and not _may_be_noise(comparisons):
        return Judged(comparisons, verdict, reason)
    once = source.witness and noise.unrepeated(source.witness, source.fed, limits, check.seconds)
    if once:
        return Judged(comparisons, NOT_COMPARABLE, once)
    witnesses = [*([source.witness] if source.witness else []), *check.witnesses()]
    measured: dict[str, noise.Noise] = {}
    seen: list[noise.Seen] = []
    for measured in noise.measured(witnesses, source.fed, check.seconds, seen):
        comparisons = compared(noise.with_noise(limits, measured))
        verdict, reason = verdict_of(comparisons, count)
        if verdict != DIFFERENT:
            break
    if verdict == DIFFERENT and sorted_again is not None:
        as_compared = [[[*map(check.cast, side)] for side in both] for both in seen]
        own = [orders_of(plain, others, limits) for plain, others in as_compared]
        if sorted_again.is_like(own):
            comparisons = compared(limits, sorted_again.ways)
            return Judged(comparisons, *verdict_of(comparisons, count), sorted_again.notes)
    if verdict == DIFFERENT and _may_be_noise(comparisons):
        failing = [output.name for output in _failed(comparisons)]
        lost = noise.too_noisy(measured, failing)
        verdict, reason = (NOT_COMPARABLE, lost) if lost else (verdict, reason)
    return Judged(comparisons, verdict, reason, noise.described(measured))


def _may_be_noise(comparisons: Sequence[Comparison]) -> bool:
    """Whether all that differs are numbers, by little: nothing missing, no NaN on one side."""
    return all(
        (o.relative is not None and o.relative < 0.5) or (o.relative is None and o.absolute)
        for o in _failed(comparisons)
    )


def _failed(comparisons: Sequence[Comparison]) -> list[OutputParity]:
    return [o for c in comparisons for o in c.parity.outputs if not o.ok and not o.nothing]


def finish(key: str, judged: Judged, notes: tuple[str, ...] = ()) -> Verification:
    """A verification of judged comparisons; what is not finite in the source is noted."""
    bad: dict[str, tuple[int, int]] = {}
    for comparison in judged.comparisons:
        for output in comparison.parity.outputs:
            if output.not_finite:
                bad[output.name] = (output.not_finite, int(np.prod(output.shape)))
    lost = tuple(
        f"{name}: the source itself gives NaN or infinity in {count} of {plural(size, 'number')}"
        for name, (count, size) in bad.items()
    )
    return Verification(
        key,
        judged.verdict,
        judged.comparisons,
        judged.reason,
        notes=(*notes, *judged.notes, *lost),
    )


def not_comparable(key: str, error: NotVerifiedError) -> Verification:
    """What could not be run, as a verification."""
    return Verification(
        key, NOT_COMPARABLE, reason=error.message.rstrip("."), hint=error.hint or ""
    )
