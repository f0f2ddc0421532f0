"""Which tensors of a TF1 graph could be inputs and outputs, each with the evidence.

Inputs are placeholders. Outputs are sinks: tensors that depend on a placeholder and that nothing
but bookkeeping consumes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.describing.operators import output_dtypes, tensorflow_operators
from sigfix.model import MetaGraph, Node, Shape, TensorSpec, as_shape, node_of

PLACEHOLDER_OPS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
_BOOKKEEPING = (
    "Assert", "NoOp", "Print", "PrintV2", "SaveV2", "SaveSlices", "Save", "RestoreV2", "Restore",
    "MergeV2Checkpoints", "ShardedFilename", "Shape", "ScalarSummary", "HistogramSummary",
    "ImageSummary", "MergeSummary", "MergeV2Summary", "Merge", "IsVariableInitialized",
    "VarIsInitializedOp",
)  # fmt: skip
_SAVING = frozenset({"SaveV2", "RestoreV2", "Save", "SaveSlices", "Restore", "RestoreSlice"})
_TELLING_NAMES = (
    "softmax", "prob", "predict", "logit", "output", "score", "class", "sigmoid", "embedding",
    "result", "detection", "boxes",
)  # fmt: skip
_GRADIENT_MARKS = ("gradients", "/grad", "train_op", "optimizer", "save", "init", "summar", "loss")

Consumers = dict[str, list[Node]]


@dataclass(frozen=True)
class Candidate:
    """A tensor that could be an input or an output; a higher `rank` is more likely."""

    spec: TensorSpec
    evidence: tuple[str, ...]
    rank: int


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


def input_candidates(meta: MetaGraph) -> list[Candidate]:
    """The placeholders that a caller would feed, most likely first."""
    return _inputs(meta, _consumers(meta))


def _inputs(meta: MetaGraph, consumers: Consumers) -> list[Candidate]:
    bookkeeping = _bookkeeping(meta)
    found = []
    for node in meta.graph.nodes:
        if node.op not in PLACEHOLDER_OPS or node.name in bookkeeping or not _is_nameable(node):
            continue
        dtype = str(node.attributes.get("dtype", "invalid"))
        evidence = [node.op]
        count = len(consumers.get(node.name, ()))
        evidence.append(f"feeds {count} operator{'s' if count != 1 else ''}")
        rank = 2 if count else 0
        if node.op == "PlaceholderWithDefault":
            evidence.append("has a default")
            rank -= 1
        found.append(
            Candidate(
                TensorSpec(dtype, _declared_shape(node), f"{node.name}:0"), tuple(evidence), rank
            )
        )
    return sorted(found, key=lambda item: (-item.rank, item.spec.name))


def _consumers(meta: MetaGraph) -> Consumers:
    """Node name -> the nodes that read its data, bookkeeping left out."""
    found: Consumers = {}
    for node in meta.graph.nodes:
        if node.op in _BOOKKEEPING:
            continue
        for name in node.data_inputs:
            found.setdefault(node_of(name), []).append(node)
    return found


def _fed(readers: Consumers, inputs: list[Candidate]) -> set[str]:
    """The names of the nodes that depend on an input."""
    pending = [node_of(item.spec.name) for item in inputs]
    seen = set(pending)
    while pending:
        for node in readers.get(pending.pop(), ()):
            if node.name not in seen:
                seen.add(node.name)
                pending.append(node.name)
    return seen


def output_candidates(meta: MetaGraph) -> list[Candidate]:
    """The tensors that a caller would fetch, most likely first."""
    consumers = _consumers(meta)
    return _outputs(meta, consumers, _inputs(meta, consumers))


def _outputs(meta: MetaGraph, consumers: Consumers, inputs: list[Candidate]) -> list[Candidate]:
    fed = _fed(consumers, inputs)
    operators = tensorflow_operators()
    found = []
    for node in meta.graph.nodes:
        if node.name not in fed or consumers.get(node.name) or node.op in _BOOKKEEPING:
            continue
        if node.op in PLACEHOLDER_OPS or not _is_nameable(node):
            continue
        known = operators.get(node.op)
        dtypes = output_dtypes(node)
        if dtypes is None:
            dtypes = ["invalid"]
        evidence = [f"{node.op} that nothing reads"]
        rank = 2
        lowered = node.name.lower()
        if any(mark in lowered for mark in _TELLING_NAMES):
            evidence.append("its name tells of a result")
            rank += 2
        if any(mark in lowered for mark in _GRADIENT_MARKS):
            evidence.append("its name tells of training or bookkeeping")
            rank -= 3
        if known is not None and known.stateful and not dtypes:
            continue
        shapes = node.attributes.get("_output_shapes")
        for index, dtype in enumerate(dtypes):
            if dtype.endswith("_ref") or dtype in ("resource", "variant"):
                continue
            listed = shapes if isinstance(shapes, tuple) else ()
            shape = as_shape(listed[index]) if index < len(listed) else None
            found.append(
                Candidate(TensorSpec(dtype, shape, f"{node.name}:{index}"), tuple(evidence), rank)
            )
    return sorted(found, key=lambda item: (-item.rank, item.spec.name))


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
    consumers = _consumers(meta)
    inputs = _inputs(meta, consumers)
    unsigned_inputs, unsigned_outputs = (
        tuple(
            item
            for item in found
            if node_of(item.spec.name) not in signed and (not signatures or item.rank > 0)
        )
        for found in (inputs, _outputs(meta, consumers, inputs))
    )
    return unsigned_inputs, unsigned_outputs
