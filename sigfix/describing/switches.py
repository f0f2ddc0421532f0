"""Placeholders that switch training on and off, and those that a signature forgot to feed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from sigfix.describing.dropout import SCALING, WEIGHING, dropout_value
from sigfix.describing.effects import RANDOM, is_stateless_random, kind_of
from sigfix.describing.operator_kinds import BATCH_NORM
from sigfix.describing.running import Run, whole
from sigfix.describing.training_graph import PLACEHOLDER_OPS, forward, readers_of
from sigfix.describing.trying import MOST, number_of, silent, tried
from sigfix.model import ConstantTensor, MetaGraph, Node, Signature, as_shape, full_name, node_of

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
    return [node for node in left_placeholders(meta, signature) if node.op in UNFED_OPS]


def left_placeholders(meta: MetaGraph, signature: Signature) -> list[Node]:
    """The placeholders that the outputs need and no input feeds, those with a default too."""
    fed = {node_of(name) for item in signature.inputs for name in item.tensor_names}
    fed |= {node_of(asset.tensor) for asset in meta.assets}
    outputs = [name for item in signature.outputs for name in item.tensor_names]
    reached = {node_of(name) for name in needed(meta, outputs, fed)} - fed
    nodes = [meta.graph.by_name[name] for name in reached if name in meta.graph.by_name]
    found = [node for node in nodes if node.op in PLACEHOLDER_OPS]
    return sorted(found, key=lambda node: node.name)


def needed(meta: MetaGraph, tensors: Iterable[str], fed: Collection[str] = frozenset()) -> set[str]:
    """The tensors of the top-level graph that `tensors` are computed from, and these: `x:0`.

    Nothing behind those of `fed`, tensors (`x:0`) or nodes, which have their value.
    """
    pending, found = list(tensors), set[str]()
    while pending:
        name = full_name(pending.pop().removeprefix("^"))
        if name in found:
            continue
        found.add(name)
        node = meta.graph.by_name.get(node_of(name))
        if node is not None and name not in fed and node.name not in fed:
            pending += node.inputs
    return found


def evident_value(meta: MetaGraph, node: Node) -> str:
    """The value that a placeholder has at inference, by its name or by what it switches."""
    dtype = str(node.attributes.get("dtype", ""))
    by_name = inference_value(node.name, dtype)
    if by_name or as_shape(node.attributes.get("shape")) not in (None, ()):
        return by_name
    return dropout_value(meta, node) if "float" in dtype else _off(meta, node)


def unfed_binding(meta: MetaGraph, node: Node) -> str:
    """`phase_train=false` for a placeholder whose value at inference is evident, else ''."""
    value = evident_value(meta, node)
    return f"{node.name}={value}" if value else ""


def default_value(meta: MetaGraph, node: Node) -> str:
    """`true` or `0.5`: the constant that a `PlaceholderWithDefault` has as its default, else ''."""
    if node.op != "PlaceholderWithDefault" or not node.data_inputs:
        return ""
    default = meta.graph.by_name.get(node_of(node.data_inputs[0]))
    value = default.attributes.get("value") if default is not None else None
    if isinstance(value, ConstantTensor) and value.value and len(value.value) == 1:
        return str(value.value[0]).lower()
    return ""


def training_default(meta: MetaGraph, node: Node) -> str:
    """`is_training=false` for a placeholder whose default means training, else ''."""
    default, binding = default_value(meta, node), unfed_binding(meta, node)
    return binding if default and binding != f"{node.name}={default}" else ""


def _may_switch(node: Node) -> bool:
    """Whether a node is a placeholder for one flag, or one whole number."""
    if node.op not in PLACEHOLDER_OPS or "float" in str(node.attributes.get("dtype", "")):
        return False
    return bool(tried(node)) and as_shape(node.attributes.get("shape")) in (None, ())


def _off(meta: MetaGraph, placeholder: Node) -> str:
    """The value with which part of a graph neither drops out nor normalises batches, else ''.

    '' as well where either value switches something off, and where so many could be switches that
    none is likely to be one.
    """
    values = tried(placeholder)
    if not values or len(list(islice(filter(_may_switch, meta.graph.nodes), MOST + 1))) > MOST:
        return ""
    run = whole(meta)
    training = [item for item in run.nodes if _trains(item[1])]
    if not training:
        return ""
    fed = [node.name for node in meta.graph.nodes if node.op in PLACEHOLDER_OPS]
    silenced = {
        text: silent(run, training, {placeholder.name: value}, fed)
        for text, value in values.items()
    }
    common = frozenset.intersection(*silenced.values())
    found = [text for text, places in silenced.items() if places - common]
    return found[0] if len(found) == 1 else ""


def are_off(run: Run, bound: Mapping[str, str], inputs: Collection[str]) -> bool:
    """Whether no random number of a run has an effect where placeholders have the bound values.

    Those that no input feeds have their defaults. Numbers of dropout are compared with, or added
    to, a rate that is 0 then; those behind a condition that does not hold are not drawn.
    """
    by_name = run.meta.graph.by_name
    values = {**_defaults(run, inputs), **bound}
    off = {
        name
        for name, value in values.items()
        if name in by_name and value and evident_value(run.meta, by_name[name]) == value
    }
    readers = readers_of(run.meta)
    others = [n.name for n in by_name.values() if n.op in PLACEHOLDER_OPS and n.name not in off]
    fed = forward(off, readers) - forward(others, readers)
    drawn = [(scope, node) for scope, node in run.nodes if _draws(node)]
    numbers = {name: number_of(value) for name, value in bound.items()}
    given = {name: number for name, number in numbers.items() if number is not None}
    switched_off = silent(run, drawn, given, set(inputs) - given.keys())
    return all(
        place in switched_off or (not scope and _is_weighed(node.name, readers, fed))
        for place, (scope, node) in enumerate(drawn)
    )


def _defaults(run: Run, inputs: Collection[str]) -> dict[str, str]:
    """The values of placeholders that have a default, which is a constant, and are not fed."""
    found = {
        node.name: default_value(run.meta, node)
        for scope, node in run.nodes
        if not scope and node.name not in inputs
    }
    return {name: value for name, value in found.items() if value}


def _is_weighed(name: str, readers: Mapping[str, list[Node]], fed: Collection[str]) -> bool:
    """Whether all that is read of random numbers is compared with, or added to, what is fed."""
    pending, steps = [name], 0
    while pending and steps < 50:
        found = readers.get(pending.pop(), [])
        if not found:
            return False
        steps += 1
        for node in found:
            others = {node_of(item) for item in node.data_inputs} & set(fed)
            if node.op in SCALING and not others:
                pending.append(node.name)
            elif node.op not in WEIGHING or not others:
                return False
    return not pending


def _draws(node: Node) -> bool:
    return kind_of(node.op) == RANDOM or is_stateless_random(node.op)


def _trains(node: Node) -> bool:
    return _draws(node) or (
        node.op in BATCH_NORM and bool(node.attributes.get("is_training", True))
    )
