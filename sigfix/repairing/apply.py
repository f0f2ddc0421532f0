"""Apply a plan's edits to a SavedModel message, and write the result to a directory."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigfix.card import Card, make_card, write_card
from sigfix.errors import BlockedError
from sigfix.model import node_of
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    AttachSignature,
    Edit,
    KeepMetaGraph,
    Plan,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
    SetTags,
    SetVersion,
)
from sigfix.planning.file_edits import ExportKeras, ImportOnnx, LeaveOut, SaveAnew, WriteCard
from sigfix.presets import find_preset
from sigfix.reading.frozen_graph import load_frozen_message
from sigfix.reading.saved_model import load_message
from sigfix.repairing import signatures
from sigfix.repairing.copying import copy_tree
from sigfix.repairing.graphs import add_from_graph
from sigfix.repairing.leaving_out import leave_out
from sigfix.repairing.soundness import refuse_broken
from sigfix.repairing.wrapping import add_from_function

NOT_COPIED = frozenset({"saved_model.pb", "saved_model.pbtxt", "saved_model.cpb", "fingerprint.pb"})
"""Written anew, or (the fingerprint, a checksum of the old file) no longer true."""


def apply_plan(plan: Plan, source: Path, target: Path) -> None:
    """Write `source` (a SavedModel or a frozen graph) with the plan's edits into `target`.

    Everything that is not `saved_model.pb` is copied byte for byte, by reflink where the file
    system can. Raises `BlockedError` where the model is not the one that was planned for.
    """
    if source.is_file():
        message = load_frozen_message(source)
    else:
        message, _ = load_message(source)
    edit_message(message, plan)
    if source.is_dir():
        copy_tree(source, target, NOT_COPIED)
    with (target / "saved_model.pb").open("wb") as file:
        file.write(message.SerializeToString(deterministic=True))
        file.flush()
        os.fsync(file.fileno())
    for edit in plan.edits:
        if isinstance(edit, WriteCard):
            write_card(card_of(edit), target)


def card_of(edit: WriteCard) -> Card:
    """The card that an edit writes."""
    card = make_card(find_preset(edit.preset), edit.vocabulary, edit.weights)
    card = replace(card, input=edit.input, output=edit.output, layout=edit.layout)
    return replace(card, mean=(0.0,) * 3, std=(1.0,) * 3) if edit.normalized else card


def edit_message(message: Any, plan: Plan) -> None:
    """Apply the plan's edits to a SavedModel message."""
    if plan.meta_graph >= len(message.meta_graphs):
        raise BlockedError("The plan is for another model: it has fewer MetaGraphs.")
    meta_graph = message.meta_graphs[plan.meta_graph]
    refuse_broken(meta_graph)
    for edit in plan.edits:
        if isinstance(edit, KeepMetaGraph):
            if set(meta_graph.meta_info_def.tags) != set(edit.tags):
                raise BlockedError("The plan is for another model: its MetaGraph has other tags.")
            for index in reversed(range(len(message.meta_graphs))):
                if index != plan.meta_graph:  # others may have the same tags
                    del message.meta_graphs[index]
            meta_graph = message.meta_graphs[0]
        elif not isinstance(edit, WriteCard):
            _apply(meta_graph, edit)


def _refuse_strangers(meta_graph: Any, edit: AddSignature) -> None:
    """Check that the functions or tensors that the edit names are there."""
    if edit.heads:
        known = {item.signature.name for item in meta_graph.graph_def.library.function}
        named = {head.trace for head in edit.heads}
    else:
        known = {node.name for node in meta_graph.graph_def.node}
        named = {node_of(item.target) for item in edit.inputs}
        named |= {node_of(item.source) for item in edit.outputs}
    if named - known:
        missing = ", ".join(sorted(named - known))
        raise BlockedError(f"The plan is for another model: there is no {missing}.")


def _apply(meta_graph: Any, edit: Edit) -> None:
    if isinstance(edit, AddSignature):
        _refuse_strangers(meta_graph, edit)
        add = add_from_function if edit.heads else add_from_graph
        add(meta_graph, edit)
        return
    if isinstance(edit, SetTags):
        del meta_graph.meta_info_def.tags[:]
        meta_graph.meta_info_def.tags.extend(edit.tags)
        return
    if isinstance(edit, LeaveOut):
        leave_out(meta_graph, edit.operators)
        return
    if isinstance(edit, SetVersion):
        meta_graph.meta_info_def.tensorflow_version = edit.version
        return
    assert not isinstance(edit, (KeepMetaGraph, ExportKeras, ImportOnnx, SaveAnew, WriteCard))
    key = edit.of if isinstance(edit, AliasSignature) else edit.key
    if key not in meta_graph.signature_def:
        raise BlockedError(f"The plan is for another model: there is no signature {key}.")
    if isinstance(edit, AliasSignature):
        signatures.alias(meta_graph, edit.key, edit.of)
    elif isinstance(edit, AttachSignature):
        signatures.attach(meta_graph, edit.key, edit.function)
    elif isinstance(edit, RemoveSignature):
        signatures.remove(meta_graph, edit.key)
    elif isinstance(edit, RenameSignature):
        signatures.rename(meta_graph, edit.key, edit.to)
    elif isinstance(edit, SetMethodName):
        meta_graph.signature_def[edit.key].method_name = edit.method_name
