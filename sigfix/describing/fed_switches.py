"""Inputs of a signature that switch its training on and off: whoever calls it decides."""

from __future__ import annotations

from collections.abc import Collection

from sigfix.describing.running import Run
from sigfix.describing.switches import are_off, evident_value
from sigfix.model import Node, Signature, node_of


def fed_switch(
    run: Run, signature: Signature, training: Collection[tuple[str, Node]]
) -> tuple[str, str] | None:
    """The input that all of `training` depends on, and its value where none of it is executed.

    `training` are (function, node) of the run. None where no input decides.
    """
    fed = {node_of(name): item.key for item in signature.inputs for name in item.tensor_names}
    scopes = {scope for scope, _ in training}
    for scope, node in run.nodes:
        if not node.branches or not node.data_inputs:
            continue
        # What the loader calls by itself has the same inputs: 'unknown' is the caller's own value.
        origins = [item for item in run.origins(scope, node.data_inputs[0]) if item != "unknown"]
        names = {item.name if isinstance(item, Node) else "" for item in origins}
        if len(names) != 1 or not names <= fed.keys():
            continue
        on, off = (
            {called for called, _ in run.meta.graph.executed((), [name])} for name in node.branches
        )
        for side, value in ((on - off, "false"), (off - on, "true")):
            if scopes <= side:
                return fed[names.pop()], value
    for name, key in fed.items():
        placeholder = run.meta.graph.by_name.get(name)
        value = evident_value(run.meta, placeholder) if placeholder is not None else ""
        if value and are_off(run, {name: value}, fed):
            return key, value
    return None
