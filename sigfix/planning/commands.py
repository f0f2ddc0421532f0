"""Whether `repair` carries out a command that a finding names, and which ones it would instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sigfix.describing.effects import RANDOM, conduct, reaching
from sigfix.describing.running import Run, loading
from sigfix.describing.switches import are_off
from sigfix.errors import SigfixError, UsageError
from sigfix.model import MetaGraph, SavedModel, node_of
from sigfix.planning import parsing
from sigfix.planning.choices import Choices
from sigfix.planning.edits import AddSignature, Edit, GraphSource, Plan
from sigfix.planning.planner import plan
from sigfix.planning.soundness import lost_weights
from sigfix.planning.trust import run_of_edit
from sigfix.quoting import split

_DEEPEST, _MOST = 3, 6
BLANKS = ("SHAPE", "VALUE", "TENSOR")
"""Words that only the reader of a command can fill in, and without which it cannot be planned."""


_FLAGS = {"--only-metagraph": "only_meta_graph", "--rebuild": "rebuild", "--parsed": "parsed"}
_ONE: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--signature": ("key", str),
    "--tags": ("tags", parsing.parse_tags),
    "--set-tags": ("set_tags", parsing.parse_tags),
    "--method-name": ("method_name", str),
    "--normalize": ("normalize", parsing.parse_normalize),
}
_SEVERAL: dict[str, tuple[str, Callable[[str], Any]]] = {
    "--input": ("inputs", parsing.parse_input),
    "--bind": ("bind", parsing.parse_binding),
    "--rename": ("rename", lambda text: parsing.parse_pair("--rename", text)),
    "--drop-output": ("drop_outputs", str),
    "--append": ("append", parsing.parse_append),
    "--remove-signature": ("remove", str),
    "--rename-signature": (
        "rename_signatures",
        lambda text: parsing.parse_pair("--rename-signature", text),
    ),
}
"""Options of `repair` -> the field of `Choices`, and what reads the value."""


def choices_of(options: Sequence[str]) -> Choices:
    """The choices that options of `repair` stand for. Raises `UsageError` for one it knows not."""
    fields: dict[str, Any] = {}
    sources: dict[str, list[str]] = {"--function": [], "--from": [], "--output": []}
    words = iter(options)
    for option in words:
        if option in _FLAGS:
            fields[_FLAGS[option]] = True
            continue
        value = next(words, None)
        if value is None:
            raise UsageError(f"{option}: its value is missing.")
        if option in sources:
            sources[option].append(value)
        elif option in _ONE:
            name, parse = _ONE[option]
            fields[name] = parse(value)
        elif option in _SEVERAL:
            name, parse = _SEVERAL[option]
            fields[name] = (*fields.get(name, ()), parse(value))
        elif option == "--layout":
            fields["layout"], fields["layout_of"] = parsing.parse_layout(value)
        else:
            raise UsageError(f"{option}: not understood here.")
    found = parsing.parse_sources(sources["--function"], sources["--from"], sources["--output"])
    return replace(
        Choices(**fields),
        function=found.function,
        from_key=found.from_key,
        outputs=found.outputs,
        signatures=found.signatures,
    )


class Comparable:
    """Whether what a plan makes can be compared with its source; what runs is looked at once."""

    def __init__(self, model: SavedModel) -> None:
        self.model = model
        self._known: dict[tuple[int, Edit], bool] = {}
        self._loads: dict[int, bool] = {}

    def __call__(self, decided: Plan) -> bool:
        """Whether nothing that comparing executes is random, or reaches out of the model."""
        if decided.is_metadata_only:
            return True
        number = decided.meta_graph
        meta = self.model.meta_graphs[number]
        if number not in self._loads:
            self._loads[number] = not reaching(loading(meta))
        return self._loads[number] and all(self._is_sound(meta, number, e) for e in decided.edits)

    def _is_sound(self, meta: MetaGraph, number: int, edit: Edit) -> bool:
        key = (number, edit)
        if key not in self._known:
            run = run_of_edit(meta, edit)
            still = run is None or conduct(run).kind != RANDOM or _is_off(run, edit)
            self._known[key] = run is None or (not reaching(run) and still)
        return self._known[key]


def _is_off(run: Run, edit: Edit) -> bool:
    """Whether what a signature binds switches off all that is random."""
    if not isinstance(edit, AddSignature):
        return False
    if not isinstance(edit.source, GraphSource):
        return bool(edit.bound)  # a switch that is given its value; its operators stay
    bound = {node_of(item.target): str(item.value).lower() for item in edit.bound}
    return are_off(run, bound, {node_of(item.target) for item in edit.inputs})


def carried_out(
    model: SavedModel, options: Sequence[str], comparable: Comparable | None = None
) -> list[tuple[str, ...]]:
    """The options that `repair` plans: these, or these with one of the choices that it asks for.

    None where it would refuse. One with a blank is passed on. `--no-verify` is added where the
    numbers cannot be compared, because the signature is random or reaches out of the model.
    """
    if lost_weights(model):  # what is done to its metadata makes nothing of it that runs
        return []
    if any(word in option for option in options for word in BLANKS):
        return [tuple(options)]
    comparable = comparable or Comparable(model)
    found: list[tuple[str, ...]] = []
    pending: list[tuple[tuple[str, ...], int]] = [(tuple(options), 0)]
    while pending and len(found) < _MOST:
        tried, depth = pending.pop(0)
        try:
            decided = plan(model, choices_of(tried))
        except SigfixError:
            continue
        if decided.verdict == "repairable":
            uncompared = () if comparable(decided) else ("--no-verify",)
            found.append((*tried, *uncompared))
        elif decided.verdict == "ambiguous" and depth < _DEEPEST:
            chosen = [_chosen(tried, item.choose) for item in decided.candidates]
            pending = [(item, depth + 1) for item in chosen] + pending
    return list(dict.fromkeys(found))


def _chosen(options: tuple[str, ...], choose: str) -> tuple[str, ...]:
    """The options with a candidate's own, which name what is in them already once more."""
    added = split(choose)
    names = {item for item in added if item.startswith("--")} & {"--function", "--from", "--tags"}
    kept: list[str] = []
    words = iter(options)
    for option in words:
        value = () if option in _FLAGS else (next(words, ""),)
        pair = (option, *value)
        repeated = any(pair == tuple(added[n : n + 2]) for n in range(len(added)))
        if option not in names and not repeated:
            kept += pair
    return (*kept, *added)
