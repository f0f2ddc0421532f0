"""Placeholders that switch training on and off, and those that a signature forgot to feed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sigfix.describing.effects import RANDOM, is_stateless_random, kind_of
from sigfix.describing.operator_kinds import BATCH_NORM
from sigfix.model import FunctionReference, MetaGraph, Node, Signature, node_of

UNFED_OPS = ("Placeholder", "PlaceholderV2")
"""Placeholders that have no value of their own."""
_OFF = ("is_training", "phase_train", "learning_phase", "training", "is_train", "istrain",
        "istraining", "train_mode", "train_phase", "train_flag", "training_flag")  # fmt: skip
_KEPT = ("keep_prob", "keep_rate", "keep_probability", "keepprob")
_DROPPED = ("dropout_rate", "drop_rate", "drop_prob")
_VALUES = {
    **{name: {"bool": "false", "float": "0.0", "int": "0"} for name in _OFF},
    **{name: {"float": "1.0"} for name in _KEPT},
    **{name: {"float": "0.0"} for name in _DROPPED},
}
"""Names of placeholders in TF1's training code -> their value at inference, by kind of dtype."""
_SUFFIX = re.compile(r"(_(ph|pl|placeholder|input))?(_\d+)?$")
_KIND = re.compile(r"(bool|float|int)")


def inference_value(name: str, dtype: str) -> str:
    """The value at inference of a switch for training of that name, '' of anything else."""
    plain = _SUFFIX.sub("", node_of(name).rpartition("/")[2].lower())
    kind = _KIND.match(dtype.removeprefix("b") if dtype == "bfloat16" else dtype)
    for ending, values in _VALUES.items():
        if kind and (plain == ending or plain.endswith(f"_{ending}")):
            return values.get(kind[1], "")
    return ""


def unfed_placeholders(meta: MetaGraph, signature: Signature) -> list[Node]:
    """The placeholders without a value that the outputs need and no input feeds.

    A signature with one can never run: TensorFlow wants a value for each.
    """
    by_name = meta.graph.by_name
    fed = {node_of(name) for item in signature.inputs for name in item.tensor_names}
    fed |= {node_of(asset.tensor) for asset in meta.assets}
    pending = [node_of(name) for item in signature.outputs for name in item.tensor_names]
    seen: set[str] = set()
    found = []
    while pending:
        name = pending.pop()
        node = by_name.get(name)
        if node is None or name in seen or name in fed:
            continue
        seen.add(name)
        if node.op in UNFED_OPS:
            found.append(node)
        pending += map(node_of, node.inputs)
    return sorted(found, key=lambda node: node.name)


def evident_value(meta: MetaGraph, node: Node) -> str:
    """The value that a placeholder has at inference, by its name or by what it switches."""
    dtype = str(node.attributes.get("dtype", ""))
    return inference_value(node.name, dtype) or (_off(meta, node) if dtype == "bool" else "")


def unfed_binding(meta: MetaGraph, node: Node) -> str:
    """`phase_train=false` for a placeholder whose value at inference is evident, else ''."""
    value = evident_value(meta, node)
    return f"{node.name}={value}" if value else ""


def _off(meta: MetaGraph, placeholder: Node) -> str:
    """The side of the conditions on a placeholder that neither drops out nor normalises batches."""
    on, off = False, False
    copies = {placeholder.name}
    readers: dict[str, list[Node]] = {}
    for node in meta.graph.nodes:
        for name in node.inputs:
            readers.setdefault(_tensor(name), []).append(node)
        if node.op == "Identity" and node.data_inputs and node_of(node.data_inputs[0]) in copies:
            copies.add(node.name)
    for node in meta.graph.nodes:
        inputs = [node_of(name) for name in node.data_inputs]
        if node.op in ("If", "StatelessIf") and inputs[:1] and inputs[0] in copies:
            branches = [node.attributes.get(name) for name in ("then_branch", "else_branch")]
            called = [[item.name] for item in branches if isinstance(item, FunctionReference)]
            if len(called) == 2:
                sides = [[n for _, n in meta.graph.executed((), names)] for names in called]
                on, off = on or _trains(sides[0]), off or _trains(sides[1])
        elif node.op in ("Switch", "RefSwitch") and len(inputs) > 1 and inputs[1] in copies:
            on = on or _trains(_behind(f"{node.name}:1", readers))
            off = off or _trains(_behind(node.name, readers))
    if on == off:
        return ""
    return "false" if on else "true"


def _tensor(name: str) -> str:
    """A tensor as its readers' key: `x:0` is x, and so is a wait for x."""
    return name.removeprefix("^").removesuffix(":0")


def _behind(tensor: str, readers: dict[str, list[Node]]) -> list[Node]:
    """What a side of a condition computes, up to where both sides join."""
    found: dict[str, Node] = {}
    pending = [tensor]
    while pending:
        for node in readers.get(pending.pop(), ()):
            if node.name not in found and node.op not in ("Merge", "RefMerge"):
                found[node.name] = node
                pending.append(node.name)
    return list(found.values())


def _trains(nodes: Iterable[Node]) -> bool:
    return any(
        kind_of(node.op) == RANDOM
        or is_stateless_random(node.op)
        or (node.op in BATCH_NORM and bool(node.attributes.get("is_training", True)))
        for node in nodes
    )
