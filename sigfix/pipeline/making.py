"""What every source becomes before its edits are applied: a SavedModel, compared with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.model import DEFAULT_SERVING_KEY, OtherModel, SavedModel
from sigfix.pipeline.applying import RepairOptions
from sigfix.planning import Plan
from sigfix.planning.edits import AliasSignature
from sigfix.reading import read

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.checking import Side
    from sigfix.verifying.verdict import Verification


@dataclass(frozen=True)
class Made:
    """A SavedModel that a source is, or that was made of it.

    `changes` is the plan of the edits that are left for it, None where it is the result itself.
    `shown` says whether the user has seen that plan already. `compare` runs the model beside the
    source, None where it is the source. `weights` is where NaN is looked for. `same_as` is the plan
    for the source itself, which is compared with, where `changes` is for a copy saved anew.
    """

    path: Path
    changes: Plan | None
    compare: Callable[[], Verification] | None
    weights: SavedModel | OtherModel | Path
    shown: bool = True
    same_as: Plan | None = None


def compare_made(
    source: Side, path: Path, options: RepairOptions, inputs: dict[str, Any]
) -> Verification:
    """The signature that was made, from disk and through both loaders, against its source.

    `inputs` are the user's, where they are for this model and not for the changed one.
    """
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import cases_for, compare_with
    from sigfix.verifying.tolerances import REPAIRED, Tolerance

    described = read(path)
    alias = AliasSignature(DEFAULT_SERVING_KEY, DEFAULT_SERVING_KEY)
    edit = alias_as_added(described, 0, alias)
    fits = set(inputs) == {item.name for item in edit.inputs}
    cases = cases_for(edit, inputs if fits else None, options.seed)
    tags = described.meta_graphs[0].tags
    return compare_with(source, edit, path, tags, cases, Tolerance(REPAIRED), options.seconds)
