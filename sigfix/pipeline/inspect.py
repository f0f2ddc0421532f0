"""`sigfix inspect`: read, describe, diagnose. No TensorFlow, nothing executed or written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from sigfix.describing.candidates import unsigned_candidates
from sigfix.describing.operators import custom_operators
from sigfix.describing.producer import producers
from sigfix.describing.targets import find_target
from sigfix.diagnosis import (
    Finding,
    Fixable,
    check_selection,
    diagnose,
    diagnose_other,
    is_named,
    refuse_both,
    select,
)
from sigfix.diagnosis.folding import fold
from sigfix.diagnosis.rule import Command, repair_command
from sigfix.errors import SigfixError
from sigfix.model import OtherModel, SavedModel
from sigfix.pipeline.hub_folder import CONVERT_HUB, refuse_hub
from sigfix.planning.commands import Comparable, carried_out
from sigfix.reading.checksums import with_checksums
from sigfix.reading.foreign import unpacking
from sigfix.reading.opening import open_model
from sigfix.reading.weights import MOST, find_non_finite
from sigfix.report import Failure, Inspection

MOST_PLANNED = 50
MOST_SIGNATURES = 20_000
"""Commands that are planned, and signatures that they may look at in all, before they are named.

A command that was not planned is not named.
"""
_UNPLANNED = (
    "too many findings to plan a command for each; sigfix repair --dry-run says what it does"
)


def inspect(
    path: Path | str,
    *,
    target: str | Iterable[str] = (),
    checksums: bool = False,
    selected: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
) -> Inspection:
    """Read the model at `path` and say what it is and what is wrong with it, and with targets.

    `target` is one of `sigfix inspect --target`, or several.

    `checksums` also compares every stored tensor with the checksum in the variable index, and
    looks for NaN and infinity in all weights, however many they are. `selected` are the codes or
    families to report (all where empty), but for those in `ignored`.
    Raises `UnreadableModelError` where there is no model, `UsageError` for a target or code that
    does not exist.
    """
    path = Path(path)
    selected, ignored = check_selection(selected), check_selection(ignored)
    refuse_both(selected, ignored)
    targets = (target,) if isinstance(target, str) else target
    wanted = [find_target(name) for name in targets if name]
    refuse_hub(path, CONVERT_HUB)
    model = open_model(path, "inspect")
    model = replace(model, non_finite=find_non_finite(model, None if checksums else MOST))
    if isinstance(model, OtherModel):
        found = select(diagnose_other(model, wanted), selected, ignored)
        return Inspection(
            path, None, findings=tuple(fold(found.findings)), other=model,
            ignored=found.ignored, unselected=found.unselected,
        )  # fmt: skip
    if checksums and model.variables is not None and model.path.is_dir():
        verified = with_checksums(model.path / "variables", model.variables)
        model = replace(model, variables=verified)
    candidates, custom = [], []
    for meta in model.meta_graphs:
        candidates.append(unsigned_candidates(meta) if meta.objects is None else ((), ()))
        custom.append(custom_operators(meta.graph))
    found = select(diagnose(model, wanted), selected, ignored)
    return Inspection(
        path=path,
        model=model,
        producers=tuple(producers(model)),
        findings=tuple(_agreed(model, fold(found.findings))),
        candidates=tuple(candidates),
        custom_operators=tuple(custom),
        ignored=found.ignored,
        unselected=found.unselected,
    )


def _agreed(model: SavedModel, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings with commands that `repair` carries out: each is planned here.

    Where `repair` would ask, the command is its likeliest choice, and the evidence has the others;
    where it would refuse, there is no command. An archive is unpacked first.
    """
    several = len(model.meta_graphs) > 1
    place, first = model.path, ""
    if model.encoding != "graph" and place.is_file():
        unpack, place = unpacking(place)
        first = f"{unpack} && "
    signatures = max((len(meta.user_signatures) for meta in model.meta_graphs), default=0)
    left = min(MOST_PLANNED, max(3, MOST_SIGNATURES // max(signatures, 1)))
    comparable = Comparable(model)
    for item in findings:
        if not isinstance(item.command, Command):
            yield item
            continue
        if not left:
            yield replace(item, command="", evidence=(*item.evidence, _UNPLANNED))
            continue
        left -= 1
        options = list(item.command.options)
        graph = re.match(r"MetaGraph (\d+) ", item.location)
        if several and graph and "--tags" not in options:
            options += ["--tags", ",".join(model.meta_graphs[int(graph[1])].tags)]
        commands = [
            first + repair_command(place, *each) for each in carried_out(model, options, comparable)
        ]
        if not commands:
            yield replace(item, command="", fixable=Fixable.NEVER)
            continue
        others = tuple(f"or: {command}" for command in commands[1:])
        yield replace(item, command=commands[0], evidence=(*item.evidence, *others))


def failed_inspection(path: Path, error: SigfixError, ignored: tuple[str, ...] = ()) -> Inspection:
    """An unreadable path as an inspection, for several paths in one call.

    Its code can be among the codes or families that are `ignored`.
    """
    code = getattr(error, "code", "")
    left_out = bool(code) and is_named(code, ignored)
    failure = Failure(error.message, error.hint or "", code, left_out)
    return Inspection(path, None, failure=failure)
