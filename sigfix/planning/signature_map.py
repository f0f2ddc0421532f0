"""Which signatures a model will have once some edits are applied: one answer for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sigfix.errors import BlockedError
from sigfix.model import Signature
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    Edit,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
)


@dataclass(frozen=True)
class Standing:
    """What will stand at a key: a signature that exists or is to be built, and its method name."""

    of: Signature | AddSignature
    method_name: str


def after(signatures: Iterable[Signature], edits: Iterable[Edit]) -> dict[str, Standing]:
    """Key -> what stands there after the edits, in the order in which the keys came to be.

    `signatures` are those that the edits are about. Raises `BlockedError` for an edit of a key that
    is not there: it is of a plan for another model.
    """
    standing = {item.key: Standing(item, item.method_name) for item in signatures}
    for edit in edits:
        if isinstance(edit, AddSignature):
            standing[edit.key] = Standing(edit, edit.method_name)
        elif isinstance(edit, AliasSignature):
            standing[edit.key] = _there(standing, edit.of)
        elif isinstance(edit, RemoveSignature):
            _there(standing, edit.key)
            del standing[edit.key]
        elif isinstance(edit, RenameSignature):
            standing[edit.to] = _there(standing, edit.key)
            del standing[edit.key]
        elif isinstance(edit, SetMethodName):
            now = _there(standing, edit.key)
            standing[edit.key] = replace(now, method_name=edit.method_name)
    return standing


def _there(standing: dict[str, Standing], key: str) -> Standing:
    if key not in standing:
        raise BlockedError(f"The plan is for another model: there is no signature {key}.")
    return standing[key]
