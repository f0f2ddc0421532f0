"""How much the source differs from itself: below a few times that, a difference is no fault.

The same inputs go through the same model once more, by other kernels, without optimisations or in
float64 (`runnable.settings`). What then differs is rounding, and no copy of the model can be asked
to come closer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sigfix.errors import SigfixError
from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.comparison import OutputParity, compare, spans_of
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runnable import PLAIN, CaseRun, Runnable, Setting
from sigfix.verifying.running import run, settings
from sigfix.verifying.tolerances import FEW_TIMES, JUDGEABLE, Limit

NO_LIMIT = float("inf")
_FLOATS = ("float", "bfloat", "complex")


@dataclass(frozen=True)
class Witness:
    """A form of the source whose answers may be compared with each other.

    `plain` are its answers as it runs by itself, empty where it was not run yet, and `details`
    those of that run; `joined` makes the outputs that are compared of what a run returned.
    """

    runnable: Runnable
    plain: Sequence[Arrays]
    joined: Callable[[CaseRun], Arrays]
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Noise:
    """What an output differs by, as `tolerances.Limit` counts it, and between what."""

    relative: float = 0.0
    different: float = 0.0
    between: str = ""

    @property
    def is_all(self) -> bool:
        """Whether it is so large that nothing can be said of the output."""
        return FEW_TIMES * max(self.relative, self.different) > JUDGEABLE

    @property
    def amount(self) -> str:
        """How much it is, for a sentence."""
        if self.relative:
            return f"by {self.relative:.1e} of its range ({self.between})"
        return f"in {self.different:.1e} of its elements ({self.between})"


def unrepeated(
    witness: Witness, fed: Sequence[Arrays], limits: Mapping[str, Limit], seconds: float
) -> str:
    """Why the plain answers are no measure of noise, '' where they are.

    They came from one process. What another one, started in the same way, does not say again was
    a fault of the first, and would be taken for the model's noise by every setting.
    """
    if not witness.plain:
        return ""
    title = witness.runnable.title
    try:
        answers = _run_again(witness, fed, seconds).plain
    except SigfixError as error:
        return f"{title} could not be run again: {error.message.rstrip('.')}"
    spans = spans_of(witness.plain)
    for plain, other in zip(witness.plain, answers, strict=True):
        for row in compare(plain, other, limits, spans).outputs:
            if not row.ok and not row.nothing:
                return f"{row.name}: {title}, started again, answers something else: {row.reason}"
    return ""


def _run_again(
    witness: Witness, fed: Sequence[Arrays], seconds: float, setting: Setting = PLAIN
) -> Witness:
    """A witness with what it computes in a new process."""
    again = run(witness.runnable, [Given(case) for case in fed], 1, seconds, setting)
    return replace(
        witness, plain=[witness.joined(case) for case in again.cases], details=again.details
    )


def _ran_so(witness: Witness, setting: Setting) -> bool:
    """Whether a setting is what the plain answers came about by: it would say them once more."""
    return bool(setting.environment) and setting.environment.items() <= witness.details.items()


Seen = tuple[Sequence[Arrays], Sequence[Arrays]]
"""The plain answers of a witness, and those of one setting, case by case."""


def measured(
    witnesses: Sequence[Witness],
    fed: Sequence[Arrays],
    seconds: float,
    seen: list[Seen] | None = None,
) -> Iterator[dict[str, Noise]]:
    """Output -> the largest difference of the source from itself, after every setting that ran.

    A setting that this machine or the model cannot be run in says nothing, and is left out, as is
    the one that the plain answers have. Who has seen enough need not wait for the rest. `seen`
    gets the answers themselves.
    """
    found: dict[str, Noise] = {}
    for witness in witnesses:
        try:
            known = witness if witness.plain else _run_again(witness, fed, seconds)
        except SigfixError:
            continue
        spans = spans_of(known.plain)
        for setting in settings(known.runnable):
            if _ran_so(known, setting):
                continue
            try:
                answers = _run_again(known, fed, seconds, setting).plain
            except SigfixError:
                continue
            others = [_in_dtypes_of(*both) for both in zip(known.plain, answers, strict=True)]
            if seen is not None:
                seen.append((known.plain, others))
            for plain, other in zip(known.plain, others, strict=True):
                for row in compare(plain, other, NO_LIMIT, spans).outputs:
                    noise = _of(row, setting.title)
                    best = found.get(row.name, Noise())
                    if (noise.relative, noise.different) > (best.relative, best.different):
                        found[row.name] = noise
            yield dict(found)


def _of(row: OutputParity, between: str) -> Noise:
    """The noise of a float is in its range, that of anything else in how many elements differ.

    NaN on one side, and another shape, are no rounding: that run says nothing of the output.
    """
    if row.relative is not None:
        return Noise(row.relative, 0.0, between)
    if row.not_finite or not row.different or row.dtype.startswith(_FLOATS):
        return Noise()
    return Noise(0.0, row.different / max(1, math.prod(row.shape)), between)


def with_noise(limits: Mapping[str, Limit], noise: Mapping[str, Noise]) -> dict[str, Limit]:
    """The limits, widened to `FEW_TIMES` the noise where that is more and can still be judged."""
    widened = {}
    for name, limit in limits.items():
        own = noise.get(name, Noise())
        relative, different = limit.relative, limit.different
        if not own.is_all:
            relative = max(relative, FEW_TIMES * own.relative)
            different = max(different, FEW_TIMES * own.different)
        widened[name] = replace(limit, relative=relative, different=different)
    return widened


def too_noisy(noise: Mapping[str, Noise], failing: Sequence[str]) -> str:
    """Why nothing can be said of the `failing` outputs, '' where one fails that can be judged."""
    if not failing or not all(noise.get(name, Noise()).is_all for name in failing):
        return ""
    name = failing[0]
    return (
        f"{name}: the source differs from itself {noise[name].amount}, so that nothing can be told "
        "by these inputs"
    )


def described(noise: Mapping[str, Noise]) -> tuple[str, ...]:
    """One sentence for each output that has noise."""
    said = []
    for name, own in noise.items():
        allowed = (
            "too much to judge it by" if own.is_all else f"{FEW_TIMES:g} times that is allowed"
        )
        if own.relative or own.different:
            said.append(f"{name}: the source itself differs {own.amount}; {allowed}")
    return tuple(said)


def _in_dtypes_of(plain: Arrays, other: Mapping[str, Any]) -> Arrays:
    """What float64 computed, in the source's own dtypes but for its digits."""
    return {
        name: _as(np.asarray(value), np.asarray(plain[name])) if name in plain else value
        for name, value in other.items()
    }


def _as(value: Array, plain: Array) -> Array:
    return value.astype(plain.dtype) if value.dtype.kind == plain.dtype.kind == "f" else value
