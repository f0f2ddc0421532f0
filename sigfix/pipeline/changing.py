"""Sources of `convert` that are no SavedModel with the wanted signature: they become one, unseen.

What `repair` would write is written to a temporary folder, and frozen there. TensorFlow.js is
compared with the source as it was: the frozen graph, the functions that the plan calls, or Keras'
own predictions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sigfix.card import Card, fitting, read_card
from sigfix.describing.effects import DETERMINISTIC, RANDOM, Conduct, conduct
from sigfix.errors import BlockedError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel, SavedModel
from sigfix.pipeline.applying import RepairOptions, require_same, write_result
from sigfix.pipeline.keras_file import export_keras, keras_side, refuse_untrusted
from sigfix.pipeline.prepared import Prepared, SourceChoice
from sigfix.pipeline.progress import Say
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.edits import AddSignature, AliasSignature, AttachSignature
from sigfix.planning.keras_file import plan_keras
from sigfix.planning.traces import CHOOSE
from sigfix.planning.trust import refuse_reaching, runs_of_plan
from sigfix.planning.widening import refuse_uncompared
from sigfix.quoting import quote_path
from sigfix.reading import read

OWN_OPTIONS = ("--input ", "--output ", "--rename ", "--normalize ", "--tags ", "--signature ")
"""Options that `convert` has as `repair` has them."""
TRUST = "--trust   # loads and runs it"


def changed(
    described: SavedModel,
    key: str,
    choice: SourceChoice,
    options: RepairOptions,
    temporary: Path,
    say: Say,
) -> Prepared | None:
    """The model with the signature `key` as `choice` asks for it; None where it has it already.

    Raises `BlockedError` where there is no such signature to be made, or several.
    """
    decided = make_plan(described, _choices(choice, key))
    if decided.verdict == "healthy":
        return None
    refuse_undecided(decided, described.path)
    refuse_uncompared(decided, options.verify)
    runs = runs_of_plan(described, decided)
    refuse_reaching(described, decided.meta_graph, runs, choice.trust, TRUST)
    place = temporary / "changed"
    place.mkdir()
    say(f"writing {described.path} with the signature that is converted")
    write_result(described, decided, described.path, place)
    manner = next(map(conduct, runs), Conduct(DETERMINISTIC))
    made = _made(described, decided, key, place)
    return replace(
        made,
        card=_card(described.path, place, key, choice),
        restless="" if manner.kind == DETERMINISTIC else said(manner),
        notes=tuple(f"note: {_as_told(described.path, text)}" for text in decided.notes),
    )


def exported(
    described: OtherModel, choice: SourceChoice, options: RepairOptions, temporary: Path, say: Say
) -> Prepared:
    """What Keras exports of its file, changed as `choice` asks for.

    Raises `BlockedError` where it is not trusted, `ConversionError` where Keras cannot export it.
    """
    decided = plan_keras(described, Choices())
    refuse_undecided(decided, described.path)
    refuse_untrusted(described, decided, options)
    place = temporary / "exported"
    made = export_keras(described, decided, options, place, temporary, say)
    if not choice.changes:
        side = keras_side(described, decided, options)
        return Prepared(place, None, ("serve",), DEFAULT_SERVING_KEY, described.path, side=side)
    model = read(place)
    found = changed(model, DEFAULT_SERVING_KEY, choice, options, temporary, say)
    if options.verify and made.compare is not None:
        say("comparing the exported model with Keras: this runs both")
        require_same(made.compare(), options)
    tags = model.meta_graphs[0].tags
    return found or Prepared(place, None, tags, DEFAULT_SERVING_KEY, described.path)


def said(manner: Conduct) -> str:
    """`keeps state (...)`, `is random (...)`."""
    return f"is {manner}" if manner.kind == RANDOM else str(manner)


def refuse_undecided(decided: Plan, path: Path) -> None:
    """Raise `BlockedError` where a plan cannot be carried out, with the commands that can be."""
    if decided.verdict not in ("blocked", "ambiguous"):
        return
    listed = "".join(
        f"\n  {candidate.choose}   ({', '.join(candidate.evidence)})"
        for candidate in decided.candidates
    )
    options = [item.choose for item in decided.candidates] or [decided.hint]
    raise BlockedError(f"{decided.reason}{listed}", as_commands(path, options[0]) or None)


def as_commands(path: Path, options: str) -> str:
    """Options of `repair` as a command: `convert` with those that it has, else both in turn."""
    if not options.startswith("--"):
        return options
    given, mark, remark = options.partition("   #")
    file, made = quote_path(path), quote_path(f"{path.stem}_repaired")
    if f"{given} ".startswith(OWN_OPTIONS) and ";" not in given:
        return f"sigfix convert {file} {given}{mark}{remark}"
    if ";" in given or " or " in given:
        return f"sigfix repair {file}, with {options}"
    return f"sigfix repair {file} {given} -o {made} && sigfix convert {made}{mark}{remark}"


def _as_told(path: Path, note: str) -> str:
    """A plan's note, whose options are `repair`'s, with the command that has them."""
    told, mark, options = note.partition(CHOOSE)
    return f"{told}try: {as_commands(path, options)}" if mark else note


def _choices(choice: SourceChoice, key: str) -> Choices:
    return Choices(
        key=key,
        tags=choice.tags,
        inputs=choice.inputs,
        outputs=choice.outputs,
        rename=choice.rename,
        normalize=choice.normalize,
    )


def _made(described: SavedModel, decided: Plan, key: str, place: Path) -> Prepared:
    """The model that was written, to be compared with what its signature was built from."""
    from sigfix.repairing.checking import expected_tags
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import planned_source

    tags = expected_tags(described.meta_graphs[decided.meta_graph], decided)
    found = Prepared(place, None, tags, key, described.path)
    for edit in decided.edits:
        if isinstance(edit, AttachSignature):
            edit = AliasSignature(edit.key, edit.key)
        if isinstance(edit, AliasSignature):
            edit = alias_as_added(described, decided.meta_graph, edit)
        if isinstance(edit, AddSignature) and edit.key == key:
            side = planned_source(described, decided.meta_graph, edit, described.path)
            parts = {item.name: item.component for item in edit.inputs if item.component}
            return replace(found, side=side, parts=parts)
    return found


def _card(source: Path, place: Path, key: str, choice: SourceChoice) -> Card | None:
    """The source's card, with the names that its tensors have now; None where it fits no more."""
    card = read_card(source)
    if card is None:
        return None
    names = dict(choice.rename)
    names |= {item.target: item.name for item in choice.inputs if item.target}
    card = replace(
        card,
        input=names.get(card.input, card.input),
        output=names.get(card.output, card.output),
    )
    if choice.normalize is not None:
        if (choice.normalize.mean, choice.normalize.std) != (tuple(card.mean), tuple(card.std)):
            return None
        card = replace(card, mean=(0.0,) * 3, std=(1.0,) * 3)
    signature = read(place).meta_graphs[0].signature(key)
    assert signature is not None
    sides: Sequence[dict[str, tuple[int | None, ...] | None]] = [
        {item.key: item.spec.shape for item in items}
        for items in (signature.inputs, signature.outputs)
    ]
    return fitting(card, *sides)
