"""A batch of 1 that a function was traced for, opened to any: `--input 'x=float32[?,32,32,3]'`."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.model import Shape, covers
from sigfix.planning.edits import AddSignature, FunctionSource, Plan
from sigfix.planning.flatten import FlatTensor


def widens(recorded: Shape, wanted: Shape) -> bool:
    """Whether `wanted` is a recorded shape whose batch of 1 is open, and no other size wider."""
    return bool(
        recorded
        and wanted
        and recorded[0] == 1
        and wanted[0] is None
        and covers((None, *recorded[1:]), wanted)
    )


def can_be_widened(tensor: FlatTensor) -> bool:
    """Whether a tensor is a whole argument of one function, which can be rebuilt."""
    return tensor.position >= 0 and not tensor.merged and tensor.component is None


def with_open_batch(edit: AddSignature, tensors: list[FlatTensor]) -> AddSignature:
    """A planned signature whose source and outputs follow the batches that its inputs open."""
    if not isinstance(edit.source, FunctionSource):
        return edit
    fixed = {
        str(item.position) for item in tensors if can_be_widened(item) and item.spec.shape
        if item.spec.shape[0] == 1
    }  # fmt: skip
    opened = [
        int(item.target)
        for item in edit.inputs
        if item.target in fixed and item.shape and item.shape[0] is None
    ]
    if not opened:
        return edit
    outputs = tuple(
        replace(item, shape=(None, *item.shape[1:])) if item.shape and item.shape[0] == 1 else item
        for item in edit.outputs
    )
    return replace(edit, source=replace(edit.source, widened=tuple(opened)), outputs=outputs)


def widened_notes(edit: AddSignature) -> tuple[str, ...]:
    """What a caller should know of a signature whose batch is opened."""
    source = edit.source
    if not isinstance(source, FunctionSource) or not source.widened:
        return ()
    names = [item.name for item in edit.inputs if item.target in map(str, source.widened)]
    return (
        f"{source.path} was traced for a batch of 1: it is rebuilt for any, and each row of "
        f"{', '.join(names)} is compared with what it gives for that row alone",
    )


def refuse_uncompared(decided: Plan, compares: bool) -> None:
    """Raise `BlockedError` where a batch is opened and nothing is compared: shapes tell too little.

    A row's result may depend on the other rows, which only numbers show.
    """
    if not compares and any(head.widened for edit in decided.added for head in edit.heads):
        raise BlockedError(
            "What is made for any batch, of a trace for a batch of 1, is written only where it was "
            "compared with the trace row by row.",
            "leave --no-verify out",
        )
