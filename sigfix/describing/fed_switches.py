"""Inputs of a signature that switch its training on and off: whoever calls it decides."""

from __future__ import annotations

from sigfix.describing.running import Run
from sigfix.describing.switches import (
    are_off,
    default_value,
    evident_value,
    left_placeholders,
    training_default,
)
from sigfix.describing.trying import Trained, deciding
from sigfix.model import Signature, node_of


def fed_switch(run: Run, signature: Signature, training: Trained) -> tuple[str, str] | None:
    """The input that all of `training` depends on, and its value where none of it has an effect.

    None where no input decides.
    """
    fed = {node_of(name): item.key for item in signature.inputs for name in item.tensor_names}
    for name, value in deciding(run, training, fed).items():
        return fed[name], value
    if any(scope for scope, _ in training):
        return None
    for name, key in fed.items():
        placeholder = run.meta.graph.by_name.get(name)
        value = evident_value(run.meta, placeholder) if placeholder is not None else ""
        if value and are_off(run, {name: value}, fed):
            return key, value
    return None


def left_on(run: Run, signature: Signature, training: Trained) -> list[str]:
    """`is_training=false`: what is to be bound so that defaults that nobody feeds do not train."""
    left = [
        node for node in left_placeholders(run.meta, signature) if default_value(run.meta, node)
    ]
    fed = {node_of(name) for item in signature.inputs for name in item.tensor_names}
    decided = deciding(run, training, fed | {node.name for node in left})
    for node in left:
        if node.name in decided:
            return [f"{node.name}={decided[node.name]}"]
    return [told for node in left if (told := training_default(run.meta, node))]
