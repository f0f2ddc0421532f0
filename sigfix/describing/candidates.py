"""Which tensors of a TF1 graph could be inputs and outputs, each with the evidence.

Inputs are placeholders. Outputs are sinks: tensors that depend on a placeholder and that nothing
but bookkeeping consumes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sigfix.describing.operators import custom_operators, output_dtypes, tensorflow_operators
from sigfix.describing.training_graph import (
    BOOKKEEPING,
    PLACEHOLDER_OPS,
    Sides,
    forward,
    is_gradient,
    readers_of,
    training_sides,
)
from sigfix.model import MetaGraph, Node, Shape, TensorSpec, as_shape, node_of

_SAVING = frozenset({"SaveV2", "RestoreV2", "Save", "SaveSlices", "Restore", "RestoreSlice"})
_TELLING_NAMES = (
    "softmax", "prob", "predict", "logit", "output", "score", "class", "sigmoid", "embedding",
    "result", "detection", "boxes",
)  # fmt: skip
_BOOKKEEPING_MARKS = ("gradients", "/grad", "train_op", "optimizer", "save", "init", "summar")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tensor that could be an input or an output; a higher `rank` is more likely.

    One that is `of_training` is a label, a loss, a metric or the like: nobody wants it to be
    fed, or fetched, at inference. `given_to` is the node of an operator that TensorFlow does not
    have and that alone reads it: all that is given to one are results together.
    """

    spec: TensorSpec
    evidence: tuple[str, ...]
    rank: int
    of_training: bool = False
    given_to: str = ""


def _declared_shape(node: Node) -> Shape:
    """What a placeholder says itself, else what its exporter inferred."""
    declared = as_shape(node.attributes.get("shape"))
    shapes = node.attributes.get("_output_shapes")
    inferred = as_shape(shapes[0]) if isinstance(shapes, tuple) and shapes else None
    return declared if declared is not None else inferred


def _is_nameable(node: Node) -> bool:
    """Whether a tensor name can mean this node; TensorFlow has no other node names."""
    return bool(node.name) and node_of(node.name) == node.name


def _bookkeeping_scopes(meta: MetaGraph) -> tuple[str, ...]:
    """The name scopes of savers, `save/` and `save_1/`; a graph can hold several."""
    found = {meta.saver_restore_op.partition("/")[0] if "/" in meta.saver_restore_op else ""}
    for node in meta.graph.nodes:
        if node.op in _SAVING and "/" in node.name:
            found.add(node.name.partition("/")[0])
    return tuple(f"{scope}/" for scope in sorted(found) if scope.startswith("save"))


def _bookkeeping(meta: MetaGraph) -> set[str]:
    """The names of the nodes that belong to a saver or feed an asset's path."""
    scopes = _bookkeeping_scopes(meta)
    found = {node_of(asset.tensor) for asset in meta.assets}
    if meta.saver_filename_tensor:
        found.add(node_of(meta.saver_filename_tensor))
    return found | {node.name for node in meta.graph.nodes if node.name.startswith(scopes)}


@dataclass(frozen=True)
class Flow:
    """A graph with the readers of each node and what of it belongs to training.

    `unknown` are the nodes at its end whose operators TensorFlow does not have: nobody knows what
    types they give, and what they read is what a caller can have.
    """

    meta: MetaGraph
    readers: dict[str, list[Node]]
    sides: Sides
    unknown: frozenset[str]


def flow_of(meta: MetaGraph) -> Flow:
    """The flow through a MetaGraph's own graph."""
    readers = readers_of(meta)
    return Flow(meta, readers, training_sides(meta, readers), _unknown_ends(meta))


def _unknown_ends(meta: MetaGraph) -> frozenset[str]:
    """The nodes of custom operators on which only such nodes depend, if any."""
    operators = custom_operators(meta.graph)
    if not operators:
        return frozenset()
    custom = {node.name: node for node in meta.graph.nodes if node.op in operators}
    left = [item for node in meta.graph.nodes if node.op not in operators for item in node.inputs]
    while left:
        node = custom.pop(node_of(left.pop()), None)
        if node is not None:
            left += node.inputs
    return frozenset(custom)


def input_candidates(meta: MetaGraph) -> list[Candidate]:
    """The placeholders that a caller would feed, most likely first; labels are last."""
    return _inputs(flow_of(meta))


def _inputs(flow: Flow) -> list[Candidate]:
    bookkeeping = _bookkeeping(flow.meta)
    found = []
    for node in flow.meta.graph.nodes:
        if node.op not in PLACEHOLDER_OPS or node.name in bookkeeping or not _is_nameable(node):
            continue
        dtype = str(node.attributes.get("dtype", "invalid"))
        evidence = [node.op]
        count = len(flow.readers.get(node.name, ()))
        evidence.append(f"feeds {count} operator{'s' if count != 1 else ''}")
        rank = 2 if count else 0
        is_label = node.name in flow.sides.labels
        if is_label:
            evidence.append("only training and evaluation read it")
            rank = -1
        elif node.op == "PlaceholderWithDefault":
            evidence.append("has a default")
            rank -= 1
        spec = TensorSpec(dtype, _declared_shape(node), f"{node.name}:0")
        found.append(Candidate(spec, tuple(evidence), rank, is_label))
    return sorted(found, key=lambda item: (-item.rank, item.spec.name))


def output_candidates(meta: MetaGraph, also: Collection[str] = ()) -> list[Candidate]:
    """The tensors that a caller would fetch, most likely first; losses and metrics are last.

    They depend on a placeholder, or on a tensor in `also`.
    """
    flow = flow_of(meta)
    return _outputs(flow, _inputs(flow), also)


def _outputs(flow: Flow, inputs: list[Candidate], also: Collection[str] = ()) -> list[Candidate]:
    given = [*(item.spec.name for item in inputs), *also]
    fed = forward([node_of(name) for name in given], flow.readers)
    operators = tensorflow_operators()
    said: dict[tuple[str, ...], tuple[str, ...]] = {}  # many of a large graph say the same
    found = []
    for node in flow.meta.graph.nodes:
        if node.name not in fed or node.op in BOOKKEEPING or node.op in PLACEHOLDER_OPS:
            continue
        if node.name in flow.unknown:
            continue
        rank, evidence = _likelihood(flow, node)
        evidence = said.setdefault(evidence, evidence)
        if not evidence or not _is_nameable(node) or _is_of_a_branch(flow.meta, node):
            continue
        known = operators.get(node.op)
        dtypes = output_dtypes(node)
        if dtypes is None:
            dtypes = ["invalid"]
        if known is not None and known.stateful and not dtypes:
            continue
        shapes = node.attributes.get("_output_shapes")
        of_training, given_to = node.name in flow.sides.nodes, _given_to(flow, node)
        for index, dtype in enumerate(dtypes):
            if dtype.endswith("_ref") or dtype in ("resource", "variant"):
                continue
            listed = shapes if isinstance(shapes, tuple) else ()
            shape = as_shape(listed[index]) if index < len(listed) else None
            spec = TensorSpec(dtype, shape, f"{node.name}:{index}")
            found.append(Candidate(spec, evidence, rank, of_training, given_to))
    return sorted(found, key=lambda item: (-item.rank, item.spec.name))


def _given_to(flow: Flow, node: Node) -> str:
    readers = {reader.name for reader in flow.readers.get(node.name, ())}
    return readers.pop() if len(readers) == 1 and readers <= flow.unknown else ""


def _is_of_a_branch(meta: MetaGraph, node: Node) -> bool:
    """Whether a node is what TensorFlow 1 makes of a branch itself, and no result of it.

    The pivot of `tf.cond` (a copy of its switched condition), and a variable's value, which depends
    on a placeholder only because it is read within the branch.
    """
    if node.op == "ReadVariableOp":
        return True
    source = meta.graph.by_name.get(node_of(node.data_inputs[0])) if node.data_inputs else None
    if node.op != "Identity" or source is None or source.op != "Switch":
        return False
    return len(source.data_inputs) == 2 and len(set(map(node_of, source.data_inputs))) == 1


def _likelihood(flow: Flow, node: Node) -> tuple[int, tuple[str, ...]]:
    """How likely a node's tensors are results, and why; no evidence where they are none."""
    readers, sides = flow.readers.get(node.name, []), flow.sides
    if node.name in sides.nodes:
        if readers or is_gradient(node.name):
            return 0, ()
        return -2, (f"{node.op} that nothing reads", "it belongs to training or evaluation")
    if readers and all(reader.name in flow.unknown for reader in readers):
        operators = ", ".join(sorted({reader.op for reader in readers}))
        return 2, (f"only {operators} reads it, which TensorFlow does not have",)
    if readers and not sides.only_they_read(readers):
        return 0, ()
    evidence = [f"{node.op} that nothing reads"]
    rank = 2
    if readers:
        evidence, rank = [f"{node.op} that only losses and metrics read"], 3
        if node.name in sides.judging:
            rank = 1
    lowered = node.name.lower()
    if any(mark in lowered for mark in _TELLING_NAMES):
        evidence.append("its name tells of a result")
        rank += 2
    if any(mark in lowered for mark in _BOOKKEEPING_MARKS):
        evidence.append("its name tells of training or bookkeeping")
        rank -= 3
    return rank, tuple(evidence)


def unsigned_candidates(meta: MetaGraph) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """The candidate inputs and outputs that no signature has.

    Where there are signatures, training and bookkeeping leftovers are not candidates any more.
    """
    signatures = meta.user_signatures
    signed = {
        node_of(name)
        for signature in signatures
        for item in (*signature.inputs, *signature.outputs)
        for name in item.tensor_names
    }
    flow = flow_of(meta)
    inputs = _inputs(flow)
    unsigned_inputs, unsigned_outputs = (
        tuple(
            item
            for item in found
            if node_of(item.spec.name) not in signed and (not signatures or item.rank > 0)
        )
        for found in (inputs, _outputs(flow, inputs))
    )
    return unsigned_inputs, unsigned_outputs
