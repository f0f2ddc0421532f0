"""Which nodes of a TF1 graph only training and evaluation need, and which placeholders are labels.

A loss, a metric, a gradient, an optimiser's step, and all that is computed from them, is known by
its operator, its name scope, the author's collections, or by gradients that start from it. A label
is a placeholder from which only those, or scalars, are computed, and on whose way there no weight
lies: an image meets weights before it meets the loss, its label does not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sigfix.describing.operators import tensorflow_operators
from sigfix.model import ConstantTensor, MetaGraph, Node, as_shape, node_of

PLACEHOLDER_OPS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
BOOKKEEPING = frozenset({
    "Assert", "NoOp", "Print", "PrintV2", "SaveV2", "SaveSlices", "Save", "RestoreV2", "Restore",
    "MergeV2Checkpoints", "ShardedFilename", "Shape", "ScalarSummary", "HistogramSummary",
    "ImageSummary", "AudioSummary", "AudioSummaryV2", "TensorSummary", "TensorSummaryV2",
    "MergeSummary", "MergeV2Summary", "IsVariableInitialized", "VarIsInitializedOp",
})  # fmt: skip
"""Operators that no model is made for: what only they read is read by nobody."""
LOSS_OPERATORS = frozenset({
    "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "CTCLoss", "CTCLossV2",
})  # fmt: skip
"""Operators that need labels."""
_TRAINING_OPERATORS = LOSS_OPERATORS | {
    "InTopK", "InTopKV2", "L2Loss", "BroadcastGradientArgs", "SymbolicGradient",
}  # fmt: skip
_COLLECTIONS = ("train_op", "losses", "regularization_losses", "metric_variables")
_GRADIENT_SCOPE = re.compile(r"(^|/)(gradients(_\d+)?|gradient_tape)/")
_GRADIENT_OF = re.compile(r"((?:^|.*?/)gradients(?:_\d+)?/)(.+?)_grad(?:_\d+)?/")
"""The scope of one call of `tf.gradients`, and the node that a node in it is the gradient of."""
_ASSIGNING = re.compile(r"Assign(Add|Sub)?(VariableOp)?$")
_OPTIMISER = re.compile(r"(Resource)?(Sparse)?Apply[A-Z]\w*$")
_SCOPES = re.compile(
    r"((\w+_)?(loss(es)?|accuracy)|metrics?|cost|train_op|correct_pred\w*|auc|recall|precision|"
    r"mean_iou|(mean_(squared|absolute)|error)_(error|rate)|absolute_difference|"
    r"(sparse_|sigmoid_)?(softmax_?)?cross_?entropy\w*|sparsesoftmaxcrossentropy\w*)(_\d+)?$",
    re.IGNORECASE,
)
"""What a part of a name is called that holds a loss, a metric or a training step."""
_JUDGING = frozenset({
    "ArgMax", "ArgMin", "TopK", "TopKV2", "Round", "Rint", "Greater", "GreaterEqual", "Cast",
    "Identity", "Squeeze", "Reshape",
})  # fmt: skip
"""What metrics make of a result before they compare it with the labels."""
_LOSS_ARITHMETIC = {
    "Abs": (), "Add": (), "AddN": (), "AddV2": (), "Exp": (), "Log": (), "Log1p": (), "Maximum": (),
    "Mean": (), "Minimum": (), "Neg": (), "Pow": (), "Softplus": (), "Square": (), "Sub": (),
    "SquaredDifference": (), "Sum": (), "Sqrt": (), "Mul": ("Const", "Log", *PLACEHOLDER_OPS),
    "RealDiv": ("Const",),
}  # fmt: skip
"""What losses are made of -> what one operand must be, for it to be no part of a network."""
_DEFAULT_NAMES = {"realdiv": "truediv", "addv2": "add"}
_VARIABLES = frozenset({"VariableV2", "Variable", "VarHandleOp", "AutoReloadVariable"})
_WEIGHTS = 16
"""Elements that a constant has at least to be a weight; fewer are axes, sizes and factors."""

Readers = Mapping[str, list[Node]]


@dataclass(frozen=True)
class Sides:
    """`nodes` only training and evaluation need, `labels` are placeholders that only they read.

    `judging` are the nodes that metrics make of results before they compare them with labels.
    """

    nodes: frozenset[str]
    labels: frozenset[str]
    judging: frozenset[str]

    def only_they_read(self, readers: Iterable[Node]) -> bool:
        """Whether nothing but losses, metrics and gradients read a tensor."""
        return all(node.name in self.nodes or node.name in self.judging for node in readers)


NO_SIDES = Sides(frozenset(), frozenset(), frozenset())
"""Of a graph that holds functions alone."""


def is_optimiser(operator: str) -> bool:
    """Whether an operator of TensorFlow changes weights by their gradients."""
    return bool(_OPTIMISER.match(operator)) and operator in tensorflow_operators()


def is_gradient(name: str) -> bool:
    """Whether a node's name scope is that of automatic differentiation."""
    return bool(_GRADIENT_SCOPE.search(name))


def readers_of(meta: MetaGraph) -> dict[str, list[Node]]:
    """Node name -> the nodes that read its data, bookkeeping left out."""
    found: dict[str, list[Node]] = {}
    for node in meta.graph.nodes:
        if node.op not in BOOKKEEPING:
            for name in node.data_inputs:
                found.setdefault(node_of(name), []).append(node)
    return found


def forward(
    names: Collection[str], readers: Readers, but: Collection[str] = frozenset()
) -> set[str]:
    """The nodes that depend on `names`, and these, without going through those of `but`."""
    found, pending = set(names), list(names)
    while pending:
        for node in readers.get(pending.pop(), ()):
            if node.name not in found and node.name not in but:
                found.add(node.name)
                pending.append(node.name)
    return found


def _leading_to(meta: MetaGraph, names: Collection[str], but: Collection[str]) -> set[str]:
    """The nodes from which `forward`, going through none of `but`, comes to one of `names`."""
    found, pending = set(names), list(names)
    while pending:
        node = meta.graph.by_name.get(pending.pop())
        if node is None or node.name in but or node.op in BOOKKEEPING:
            continue
        for source in map(node_of, node.data_inputs):
            if source not in found:
                found.add(source)
                pending.append(source)
    return found


def training_sides(meta: MetaGraph, readers: Readers) -> Sides:
    """The training side of a MetaGraph's own graph; `readers` are those of `readers_of`."""
    losses = gradient_starts(meta, readers)
    training = forward(_seeds(meta) | losses, readers)
    nodes = meta.graph.by_name
    ends = {name for name in nodes if not _read_outside(name, readers, training)}
    unread = {name for name in ends if not readers.get(name)}
    results = {name for name in unread if not _is_scalar(nodes[name])}
    at_weights, at_end, unread_end, at_result = (
        _leading_to(meta, names, training)
        for names in (_weighted(meta, readers), ends, unread, results)
    )
    fed = {n.name for n in meta.graph.nodes if n.op in PLACEHOLDER_OPS and readers.get(n.name)}
    judged = {name for name in fed & at_end if name not in at_weights}
    read = judged - unread_end
    scalar = judged & unread_end - at_result
    labels = read if fed - read else set()  # something must be left to feed
    labels |= scalar if fed - labels - scalar else set()
    labelled = forward(labels, readers)
    training |= labelled - labels
    training |= _arithmetic(meta, readers, losses - labelled, training)
    judging = _judging(meta, readers, training)
    return Sides(frozenset(training), frozenset(labels), frozenset(judging))


def gradient_starts(meta: MetaGraph, readers: Readers) -> set[str]:
    """The scalars that the gradients of a training step start from: its losses.

    In one call of `tf.gradients` that is what has a gradient while nothing that is computed from
    it has one. Where nothing is changed by gradients they are a model's results (forces).
    """
    by_name = meta.graph.by_name
    derived: dict[str, set[str]] = {}
    steps = []
    for node in meta.graph.nodes:
        if match := _GRADIENT_OF.match(node.name):
            derived.setdefault(match[1], set()).add(match[2])
        elif is_optimiser(node.op) or _ASSIGNING.match(node.op):
            steps.append(node)
    gradients = {node.name for node in meta.graph.nodes if is_gradient(node.name)}
    changing = {node_of(name) for node in steps for name in node.data_inputs}
    if not derived or not changing & forward(gradients, readers):
        return set()
    every = {name for names in derived.values() for name in names}
    return {
        name
        for name in every & by_name.keys()
        if _is_scalar(by_name[name]) and not _is_none(by_name[name])
        if not (forward([name], readers, but=gradients) - {name}) & every
    }


def _arithmetic(
    meta: MetaGraph, readers: Readers, losses: Collection[str], training: Collection[str]
) -> set[str]:
    """The nodes that make losses without labels of results: of a few operators, named by none."""
    by_name, found = meta.graph.by_name, set[str]()
    fed = forward([node.name for node in meta.graph.nodes if node.op in PLACEHOLDER_OPS], readers)
    pending = [by_name[name] for name in losses]
    while pending:
        for name in map(node_of, pending.pop().data_inputs):
            node = by_name.get(name)
            if node is None or name in found or name not in fed or not _is_arithmetic(node):
                continue
            operands = [by_name[node_of(item)] for item in node.data_inputs]
            asked = _LOSS_ARITHMETIC[node.op]
            plain = all(item.name in fed or item.op == "Const" for item in operands)
            told = not asked or any(item.op in asked for item in operands)
            only = all(item.name in training or item.name in found for item in readers[name])
            if plain and told and only:
                found.add(name)
                pending.append(node)
    return found


def _is_arithmetic(node: Node) -> bool:
    """Whether a node could be a loss's, and has the name that TensorFlow gave it."""
    own = re.sub(r"_\d+$", "", node.name.rpartition("/")[2]).lower()
    usual = node.op.lower()
    return node.op in _LOSS_ARITHMETIC and own in (usual, _DEFAULT_NAMES.get(usual))


def _read_outside(name: str, readers: Readers, training: Collection[str]) -> bool:
    return any(reader.name not in training for reader in readers.get(name, ()))


def _seeds(meta: MetaGraph) -> set[str]:
    """Losses, metrics, gradients and optimisers by operator, name scope and collection."""
    found = {
        node_of(str(value))
        for name in _COLLECTIONS
        if name in meta.collections
        for value in meta.collections[name].values
    } & meta.graph.by_name.keys()
    for node in meta.graph.nodes:
        known = node.op in _TRAINING_OPERATORS or is_optimiser(node.op) or is_gradient(node.name)
        if known or any(_SCOPES.match(part) for part in node.name.split("/")):
            found.add(node.name)
    return {name for name in found if not _is_none(meta.graph.by_name[name])}


def _is_none(node: Node) -> bool:
    """Whether a node is of neither side, whatever it is called: something fed or stored."""
    return (
        node.op in BOOKKEEPING
        or node.op in PLACEHOLDER_OPS
        or node.op in _VARIABLES
        or node.op == "Const"
    )


def _weighted(meta: MetaGraph, readers: Readers) -> set[str]:
    """The nodes that a weight goes into: what variables and large constants alone make."""
    nodes = meta.graph.nodes
    fed = forward([node.name for node in nodes if node.op in PLACEHOLDER_OPS], readers)
    weights = forward([node.name for node in nodes if _is_weight(node)], readers) - fed
    return {
        reader.name
        for name in weights
        if not _is_scalar(meta.graph.by_name[name])
        for reader in readers.get(name, ())
    }


def _is_weight(node: Node) -> bool:
    if node.op in _VARIABLES:
        return True
    value = node.attributes.get("value")
    if node.op != "Const" or not isinstance(value, ConstantTensor):
        return False
    return math.prod(size or 1 for size in value.shape or ()) >= _WEIGHTS


def _is_scalar(node: Node) -> bool:
    shapes = node.attributes.get("_output_shapes")
    if isinstance(shapes, tuple) and shapes:
        return as_shape(shapes[0]) == ()
    return node.op in ("Mean", "Sum") and not node.attributes.get("keep_dims")


def _judging(meta: MetaGraph, readers: Readers, training: Collection[str]) -> set[str]:
    """What metrics make of a result: nodes of a few operators that nothing else reads."""
    by_name, found = meta.graph.by_name, set[str]()
    pending = [by_name[name] for name in training]
    while pending:
        for name in map(node_of, pending.pop().data_inputs):
            node = by_name.get(name)
            if node is None or node.op not in _JUDGING or name in found or name in training:
                continue
            if all(item.name in training or item.name in found for item in readers[name]):
                found.add(name)
                pending.append(node)
    return found
