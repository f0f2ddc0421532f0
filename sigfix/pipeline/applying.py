"""What every repair does in the end: write what was planned, check it from disk, compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import ParityError, UsageError
from sigfix.model import SavedModel, TensorSpec
from sigfix.paths import as_paths
from sigfix.planning import Plan
from sigfix.planning.edits import AddSignature, AliasSignature, AttachSignature
from sigfix.planning.file_edits import WriteCard
from sigfix.planning.parsed import before_parsers
from sigfix.presets import find_preset
from sigfix.reading import read

if TYPE_CHECKING:  # at run time they need numpy, which planning does without
    from sigfix.verifying.feeding import BehindParsers
    from sigfix.verifying.tolerances import Tolerance
    from sigfix.verifying.verdict import Verification

DEFAULT_SECONDS = 600.0
"""How long each run of a model may take."""

WAYS_ON = "--no-verify   # writes it unchecked; --inputs FILE.npz compares real inputs"
"""What is left where nothing could be compared."""


@dataclass(frozen=True)
class RepairOptions:
    """How to repair, beside what to repair (`Choices`).

    `run` compares numbers even where only metadata changes; `verify` False compares none.
    `inputs` replaces the seeded inputs: name -> numpy array; they are compared with in any case.
    Paths may be texts. Raises `UsageError` for options that mean nothing together, or no time.
    """

    force: bool = False
    verify: bool = True
    run: bool = False
    trust: bool = False
    seed: int = 0
    seconds: float = DEFAULT_SECONDS
    inputs: dict[str, Any] | None = None
    keep_failed: Path | None = None

    def __post_init__(self) -> None:
        check_seconds(self.seconds)
        as_paths(self, "keep_failed")
        if not self.verify and (self.run or self.inputs is not None):
            raise UsageError("Nothing is compared where verify is False: leave run and inputs out.")


def check_seconds(seconds: float) -> None:
    """Raise `UsageError` for a time in which nothing can run."""
    if not 0 < seconds < math.inf:
        raise UsageError(f"--timeout {seconds:g}: expected a number of seconds above 0.")


def check_tolerance(tolerance: float | None) -> None:
    """Raise `UsageError` for what no difference can be compared with."""
    if tolerance is not None and not 0 <= tolerance < math.inf:
        raise UsageError(f"--tolerance {tolerance:g}: expected a number from 0 on, such as 1e-4.")


@dataclass(frozen=True)
class RepairResult:
    """What was done: the plan, where the result is (None: nothing written), the comparisons.

    `not_verified` says why no numbers were compared, '' where they were; `notes` are for stderr.
    """

    plan: Plan
    output: Path | None
    parity: tuple[Verification, ...] = ()
    not_verified: str = ""
    notes: tuple[str, ...] = ()


def write_result(described: SavedModel, decided: Plan, source: Path, place: Path) -> None:
    """Write the edited model, and check what is on disk against the plan."""
    from sigfix.repairing.apply import apply_plan
    from sigfix.repairing.checking import check_result, refuse_broken_source

    refuse_broken_source(described, decided)
    apply_plan(decided, source, place)
    problems = check_result(described, read(place), decided)
    if problems:
        raise ParityError(
            "What was written is not what was planned: " + "; ".join(problems) + ".",
            "this is a fault of sigfix; --keep-failed DIR keeps the result for a report",
        )


def compare_result(
    described: SavedModel, decided: Plan, source: Path, place: Path, options: RepairOptions
) -> tuple[Verification, ...]:
    """Compare every signature that was made. Raises `ParityError` unless all are the same."""
    from sigfix.repairing.checking import expected_tags
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import compare_signature

    tags = expected_tags(described.meta_graphs[decided.meta_graph], decided)
    found = []
    for edit in decided.edits:
        if isinstance(edit, AttachSignature):
            edit = AliasSignature(edit.key, edit.key)
        if isinstance(edit, AliasSignature):
            edit = alias_as_added(described, decided.meta_graph, edit)
        if not isinstance(edit, AddSignature):
            continue
        given = None if options.inputs is None else _fitted(edit, options.inputs)
        verification = compare_signature(
            described,
            decided.meta_graph,
            edit,
            place,
            tags,
            source=source,
            given=given,
            seed=options.seed,
            tolerance=_tolerance(decided),
            seconds=options.seconds,
            feed=_behind_parsers(edit, decided.meta_graph, source),
        )
        require_same(verification, options, decided.notes)
        found.append(verification)
    return tuple(found)


def _behind_parsers(edit: AddSignature, meta_graph: int, source: Path) -> BehindParsers | None:
    """What feeds a signature whose parsers are cut off with what they made, None for others."""
    if edit.parsed is None:
        return None
    from sigfix.repairing.parsed import front_of
    from sigfix.verifying.feeding import BehindParsers

    front = front_of(source, meta_graph, edit)
    cut = edit.parsed
    shared = len(edit.inputs) - len(cut.tensors)
    own = [item.name for item in edit.inputs]
    targets = map(str, cut.kept) if edit.heads else [item.target for item in edit.inputs[:shared]]
    names = {item.target: item.name for item in cut.inputs}
    return BehindParsers(
        front.graph,
        dict(zip((item.name for item in cut.inputs), front.feeds, strict=True)),
        dict(zip(own[shared:], front.fetches, strict=True)),
        {name: names[target] for name, target in zip(own[:shared], targets, strict=True)},
    )


def require_same(
    verification: Verification, options: RepairOptions, notes: tuple[str, ...] = ()
) -> None:
    """Raise `ParityError` where a result is not the same, or nothing could be compared."""
    from sigfix.verifying.verdict import DIFFERENT

    if verification.ok:
        return
    if verification.verdict == DIFFERENT:
        hint = (
            "--keep-failed DIR   # keeps the result to look at"
            if options.keep_failed is None
            else f"look at what was made, in {options.keep_failed}"
        )
    else:
        hint = "; ".join((verification.hint or WAYS_ON, *notes))
    raise ParityError(
        f"{verification.key}: {verification.verdict}: {verification.reason}. "
        "Nothing was published.",
        hint,
    )


def _tolerance(decided: Plan) -> Tolerance:
    """What is taken for the same: a preset's own tolerance where the plan is for one."""
    from sigfix.verifying.tolerances import REPAIRED, Tolerance, of_preset

    cards = (edit for edit in decided.edits if isinstance(edit, WriteCard))
    return next((of_preset(find_preset(card.preset)) for card in cards), Tolerance(REPAIRED))


def _fitted(edit: AddSignature, inputs: dict[str, Any]) -> dict[str, Any]:
    """The user's arrays as the signature takes them. `UsageError` where they do not fit."""
    from sigfix.verifying.inputs.given import fit_inputs

    wanted = before_parsers(edit).inputs
    specs = {item.name: TensorSpec(item.dtype, item.shape, item.name) for item in wanted}
    return fit_inputs(inputs, specs)
