"""What a comparison came to. This is the one place that says "same", and not of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.verifying.arrays import Arrays
from sigfix.verifying.comparison import Parity, compare, spans_of
from sigfix.verifying.ties import Ties, compare_clear_steps
from sigfix.verifying.tolerances import Limit, Tolerance
from sigfix.wording import plural

SAME, DIFFERENT, NOT_COMPARABLE = "same", "different", "not comparable"
SEEDED, GIVEN = "seeded", "given"


@dataclass(frozen=True)
class Comparison:
    """Two stages of one model, or two models, on the same inputs at one batch size.

    `through` is how the result was called where there are several ways. `note` says what was left
    out, '' where everything was compared.
    """

    reference: str
    result: str
    batch: int
    parity: Parity
    note: str = ""
    through: str = ""


@dataclass(frozen=True)
class Verification:
    """All comparisons of one signature.

    `verdict` is `same`, `different` or `not comparable`; `reason` says why it is not `same`, and
    `hint` what to do. `inputs` is `seeded` or `given`, `tried` the kinds of content that were made
    up. `notes` are what a reader should know beside it.
    """

    key: str
    verdict: str
    comparisons: tuple[Comparison, ...] = ()
    reason: str = ""
    inputs: str = SEEDED
    tried: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str = ""

    @property
    def ok(self) -> bool:
        """Whether something was compared and all of it is the same."""
        return self.verdict == SAME

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch sizes that were compared."""
        return tuple(dict.fromkeys(item.batch for item in self.comparisons))

    @property
    def through(self) -> str:
        """The ways in which the result was called."""
        return " and ".join(dict.fromkeys(c.through for c in self.comparisons if c.through))

    @property
    def largest(self) -> float:
        """The largest relative difference of all outputs."""
        outputs = [output for item in self.comparisons for output in item.parity.outputs]
        return max((output.relative or 0.0 for output in outputs), default=0.0)


def limits_for(references: Sequence[Arrays], tolerance: Tolerance) -> dict[str, Limit]:
    """Output -> what it may differ by, from the dtypes of the source's answers."""
    return {
        name: tolerance.limit(np.asarray(value).dtype.name)
        for outputs in references
        for name, value in outputs.items()
    }


def compare_cases(
    stages: tuple[str, str],
    references: Sequence[Arrays],
    results: Sequence[Arrays],
    batches: Sequence[int],
    limits: Mapping[str, Limit],
    ties: Ties | None = None,
    through: str = "",
) -> tuple[Comparison, ...]:
    """Compare the second of `stages` with the first, case by case.

    With `ties`, logits of a decoder that feeds its decisions back are compared, where they
    differ, up to the first tie of each sequence (see `verifying.ties`), and a note says so.
    Raises `ValueError` where there are not as many results as references: none is "same".
    """
    spans = spans_of(references)
    rows = []
    for batch, reference, result in zip(batches, references, results, strict=True):
        parity, note = compare(reference, result, limits, spans), ""
        if not parity.ok and ties is not None:
            parity, note = compare_clear_steps(reference, result, ties, limits, spans)
        rows.append(Comparison(*stages, batch, parity, note, through))
    return tuple(rows)


def verdict_of(comparisons: Sequence[Comparison], expected: int) -> tuple[str, str]:
    """The verdict of `expected` comparisons, and why it is not `same`.

    An output that is empty, or has no finite number, is compared by those inputs alone for which
    it has; one that has none for any of them is not comparable.
    """
    if not comparisons or len(comparisons) != expected:
        return (
            NOT_COMPARABLE,
            f"{len(comparisons)} of {plural(expected, 'comparison')} could be made",
        )
    compared: set[tuple[str, str]] = set()
    empty: dict[tuple[str, str], str] = {}
    for item in comparisons:
        if not item.parity.outputs:
            return NOT_COMPARABLE, item.parity.reason or "nothing was compared"
        for output in item.parity.outputs:
            where = (item.through, output.name)
            if output.nothing:
                empty[where] = output.reason
            elif output.ok:
                compared.add(where)
            else:
                through = f"through {item.through}, " if item.through else ""
                return DIFFERENT, f"{through}{output.name}: {output.reason}"
    for where, reason in empty.items():
        if where not in compared:
            return NOT_COMPARABLE, f"{where[1]}: {reason}"
    return SAME, ""
