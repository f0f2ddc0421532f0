"""Does the TensorFlow.js model compute what its source computes? Every stage is judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sigfix.errors import NotVerifiedError, ParityError
from sigfix.pipeline.applying import WAYS_ON
from sigfix.pipeline.reference_graphs import DEQUANTISED, FROZEN, OPTIMISED, ReferenceGraphs
from sigfix.presets import Preset
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import (
    Check,
    Judged,
    Source,
    finish,
    first_size,
    judge,
    only_call,
    outputs_of,
)
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.noise import Witness
from sigfix.verifying.ruin import ruined
from sigfix.verifying.runnable import TFJS, Run, Runnable
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes
from sigfix.verifying.runners.tfjs_model import WITH_KERNELS, tfjs_model
from sigfix.verifying.running import run, started
from sigfix.verifying.ties import ties_of
from sigfix.verifying.tolerances import Limit, of_tfjs
from sigfix.verifying.verdict import (
    DIFFERENT,
    SAME,
    Comparison,
    compare_cases,
    verdict_of,
)

KEEP = "--keep-failed DIR   # keeps the model for a closer look"


class DifferenceError(ParityError):
    """A stage computes something else; `limit` is what an output was allowed to differ by."""

    def __init__(self, message: str, hint: str, limit: float) -> None:
        super().__init__(message, hint)
        self.limit = limit


@dataclass(frozen=True)
class Conversion:
    """What was made of a source, and how it is to be compared.

    `graphs` are what it went through. `tolerance` and `max_loss` are the user's, or None; `rows`
    says how many examples a case holds.
    """

    model: Path
    graphs: ReferenceGraphs
    preset: Preset | None
    quantised: bool
    seconds: float
    tolerance: float | None = None
    max_loss: float | None = None
    rows: Callable[[Arrays], int] = first_size


@dataclass(frozen=True)
class Checked:
    """The part of a `ConvertResult` that a check fills in.

    `comparisons` had to be the same; `losses` say how far a quantised model is from the source.
    """

    comparisons: tuple[Comparison, ...] = ()
    losses: tuple[Comparison, ...] = ()
    mode: str = ""
    backend: str = ""
    measured: tuple[str, ...] = ()
    not_verified: str = ""


def check(conversion: Conversion, source: Source) -> Checked:
    """Run the source's inputs through the model in TF.js as well, and compare.

    Of a quantised model three things are judged: the optimised graph against the source, TF.js
    against that graph with the stored weights, and what the stored weights cost (`max_loss`).

    Raises `ParityError` where a stage differs, `NotVerifiedError` where one could not be run.
    """
    fed = [Given(case) for case in source.fed]
    if not conversion.quantised:
        found = run(tfjs_of(conversion), fed, 1, conversion.seconds)
        judged = judge(source, TFJS, both_ways(found), check_of(conversion))
        require_ok(judged, source, conversion, found)
        plain, fast = apart(judged)
        notes = (*finish("", plain, source.notes).notes, *fast)
        return Checked(plain.comparisons, (), **how_run(found), measured=notes)
    graphs = conversion.graphs.runnable(OPTIMISED, DEQUANTISED)
    with started(graphs, fed, 1, conversion.seconds) as finish_graphs:
        found = run(tfjs_of(conversion), fed, 1, conversion.seconds)
        answers = finish_graphs(None)
    optimised = judge(source, OPTIMISED, [("", outputs_of(answers, 0))], check_of(conversion))
    require_ok(optimised, source, conversion, None)
    exact = dequantised(conversion, source.fed, outputs_of(answers, 1))
    plain, fast = stored_as_meant(conversion, exact, both_ways(found), found)
    losses = losses_of(conversion, source, outputs_of(found))
    comparisons = (*optimised.comparisons, *plain.comparisons)
    notes = (*finish("", optimised, source.notes).notes, *plain.notes, *fast)
    return Checked(comparisons, losses, **how_run(found), measured=notes)


def dequantised(conversion: Conversion, fed: Sequence[Arrays], outputs: Sequence[Arrays]) -> Source:
    """The graph with the weights that are stored, as a source that answered `outputs`."""
    witness = Witness(conversion.graphs.runnable(DEQUANTISED), (), only_call)
    return Source(DEQUANTISED, tuple(fed), tuple(outputs), witness=witness)


def stored_as_meant(
    conversion: Conversion,
    exact: Source,
    ways: Sequence[tuple[str, Sequence[Arrays]]],
    found: Run | None,
) -> tuple[Judged, tuple[str, ...]]:
    """TensorFlow.js compared with `exact`, a `dequantised` graph; what `apart` returns.

    Raises as `require_ok` does.
    """
    stored = judge(exact, TFJS, ways, replace(check_of(conversion), witnesses=tuple))
    require_ok(stored, exact, conversion, found)
    return apart(stored)


def losses_of(
    conversion: Conversion, source: Source, results: Sequence[Arrays]
) -> tuple[Comparison, ...]:
    """What quantisation costs. Raises `ParityError` where that is more than may be lost.

    That is the user's part of an output's range for each element, or else what ruins a model.
    """
    most = float("inf") if conversion.max_loss is None else conversion.max_loss
    expected = [in_tfjs_dtypes(outputs) for outputs in source.outputs]
    found = [in_tfjs_dtypes(outputs) for outputs in results]
    limits = {name: Limit(most, most) for case in expected for name in case}
    batches = [conversion.rows(case) for case in source.fed]
    losses = compare_cases(
        (source.title, TFJS),
        expected,
        found,
        batches,
        limits,
        ties_of(conversion.preset),
    )
    verdict, reason = verdict_of(losses, len(expected))
    if verdict == SAME and conversion.max_loss is None:
        reason = ruined(expected, found)
    if reason:
        raise ParityError(
            f"Quantising the weights changes too much: {reason}.",
            "--quantize auto   # finds what fits; float16 and uint16 keep more, --max-loss PART "
            "allows more",
        )
    return losses


def tfjs_of(conversion: Conversion) -> Runnable:
    """The written model as something to run."""
    graphs = conversion.graphs
    return tfjs_model(conversion.model, list(graphs.outputs), graphs.feed)


def both_ways(found: Run) -> list[tuple[str, list[Arrays]]]:
    """What TensorFlow.js computed as it is, and with sigfix's kernels where they run the model."""
    ways = [("", outputs_of(found, 0)), (WITH_KERNELS, outputs_of(found, 1))]
    return [way for way in ways if way[0] not in found.left_out]


def apart(judged: Judged) -> tuple[Judged, tuple[str, ...]]:
    """What was found of the model as it is, and a line about the kernels: the same, or not run."""
    plain = tuple(each for each in judged.comparisons if not each.through)
    worst = [each.parity.worst for each in judged.comparisons if each.through]
    largest = max((each.relative or 0.0 for each in worst if each is not None), default=0.0)
    note = f"{WITH_KERNELS} cannot be used here (they are for wasm), and were not compared"
    if worst:
        note = f"with {WITH_KERNELS} the same, at most {largest:.1e} of the range off"
    return replace(judged, comparisons=plain), (note,)


def check_of(conversion: Conversion) -> Check:
    """How what it computes is compared."""

    def witnesses() -> Sequence[Witness]:
        """The graph as it was frozen, before any pass: its rounding is the source's."""
        return [Witness(conversion.graphs.runnable(FROZEN), (), only_call)]

    return Check(
        of_tfjs(conversion.preset, conversion.tolerance),
        conversion.seconds,
        ties_of(conversion.preset),
        in_tfjs_dtypes,
        witnesses=witnesses,
        batch=conversion.rows,
    )


def how_run(found: Run) -> dict[str, str]:
    """By which call and backend, as `Checked` has it."""
    return {"mode": found.details["mode"], "backend": found.details["backend"]}


def require_ok(judged: Judged, source: Source, conversion: Conversion, found: Run | None) -> None:
    """Raise unless a stage is the same; where TF.js's cpu backend is right, wasm is to blame.

    `found` is the run in TensorFlow.js, None for a stage before it.
    """
    if judged.verdict == SAME:
        return
    if judged.verdict != DIFFERENT:
        raise NotVerifiedError(f"{_stage(judged)}: {judged.reason}.", WAYS_ON)
    failed = next(c for c in judged.comparisons if not c.parity.ok)
    on_wasm = found is not None and found.details.get("backend") == "wasm" and not failed.through
    if on_wasm and _is_clear(failed):
        number = judged.comparisons.index(failed)
        _blame_wasm(judged, source, conversion, number)
    hint = f"{KEEP}; real inputs are given with --inputs FILE.npz"
    if failed.through:
        hint = f"{KEEP}; without {WITH_KERNELS} it is right, so this is a fault of theirs"
    elif not conversion.tolerance:
        hint += "; --tolerance PART allows more; --bisect-passes finds the step of the optimiser"
    raise DifferenceError(
        f"{failed.result} differs from {failed.reference} at batch {failed.batch}: "
        f"{judged.reason}.{''.join(f' {note}.' for note in judged.notes)}",
        hint,
        max(output.limit or 0.0 for output in failed.parity.outputs),
    )


CLEARLY_WRONG = 1e-2
"""A backend that is off by less may only round in another way."""


def _stage(judged: Judged) -> str:
    first = judged.comparisons[0] if judged.comparisons else None
    return f"{first.reference} -> {first.result}" if first else "Nothing was compared"


def _is_clear(comparison: Comparison) -> bool:
    worst = comparison.parity.worst
    return worst is None or worst.relative is None or worst.relative > CLEARLY_WRONG


def _blame_wasm(judged: Judged, source: Source, conversion: Conversion, number: int) -> None:
    """Raise `ParityError` where TF.js's cpu backend computes the same model rightly."""
    from sigfix.verifying.backend_faults import first_difference
    from sigfix.verifying.runnable import Setting

    one = Source(source.title, (source.fed[number],), (source.outputs[number],))
    try:
        cpu = run(
            tfjs_of(conversion),
            [Given(source.fed[number])],
            1,
            conversion.seconds,
            Setting("cpu", details={"backend": "cpu"}),
        )
    except NotVerifiedError:
        return
    check = replace(check_of(conversion), witnesses=tuple)
    if judge(one, TFJS, [("", [only_call(case) for case in cpu.cases])], check).verdict != SAME:
        return
    fed = in_tfjs_dtypes(conversion.graphs.feed(source.fed[number]))
    fault = first_difference(conversion.model, fed, check.tolerance.relative)
    first = (
        f" The first operator that differs is {fault.operator} ('{fault.node}')." if fault else ""
    )
    raise ParityError(
        f"TensorFlow.js's wasm backend computes this model wrongly at batch "
        f"{judged.comparisons[number].batch}: {judged.reason}. Its cpu backend is right.{first}",
        f"{KEEP}; it is right where another backend runs it",
    )
