"""Signatures that exist: removed, renamed, ranked, merged, given the method name they lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sigfix.describing.signature_order import Meant, inference_beside_training, meant_signatures
from sigfix.errors import BlockedError
from sigfix.model import DEFAULT_SERVING_KEY, PREDICT_METHOD, MetaGraph, Signature, node_of
from sigfix.planning.choices import Choices
from sigfix.planning.edits import (
    CONVENTION,
    OPTION,
    AddSignature,
    AliasSignature,
    AttachSignature,
    Candidate,
    Edit,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
)
from sigfix.planning.functions import rank_functions, signature_function
from sigfix.planning.signature_map import after
from sigfix.planning.traces import Ambiguous, Undecided
from sigfix.quoting import quote
from sigfix.wording import plural


def require(meta_graph: MetaGraph, key: str) -> Signature:
    """The signature `key`. Raises `BlockedError` naming those that there are."""
    signature = meta_graph.signature(key)
    if signature is None or signature.is_reserved:
        known = ", ".join(item.key for item in meta_graph.user_signatures) or "none"
        raise BlockedError(f"There is no signature {key}.", f"there are: {known}")
    return signature


def plan_changes(meta_graph: MetaGraph, choices: Choices) -> list[Edit]:
    """The signatures to remove and to rename, as asked."""
    edits: list[Edit] = []
    keys = {item.key for item in meta_graph.user_signatures}
    for key in choices.remove:
        require(meta_graph, key)
        edits.append(RemoveSignature(key))
        keys.discard(key)
    for old, new in choices.rename_signatures:
        require(meta_graph, old)
        if new in keys or old not in keys:
            raise BlockedError(
                f"--rename-signature {old}={new}: "
                + (f"{new} exists already." if new in keys else f"{old} is removed."),
            )
        edits.append(RenameSignature(old, new))
        keys = (keys - {old}) | {new}
    return edits


def keys_after(meta_graph: MetaGraph, edits: list[Edit]) -> dict[str, str]:
    """Key -> what the signature is called after the edits; removed ones are left out."""
    changes = [edit for edit in edits if isinstance(edit, (RemoveSignature, RenameSignature))]
    standing = after(meta_graph.user_signatures, changes)
    return {item.of.key: key for key, item in standing.items()}


def plan_attachments(meta_graph: MetaGraph, before: list[Edit]) -> list[Edit]:
    """Signatures that the object graph does not know, each a call of one library function.

    Raises `BlockedError` where the wanted signature is no such call.
    """
    objects = meta_graph.objects
    if objects is None:
        return []
    replaced = {getattr(edit, "key", "") for edit in before}
    return [
        AttachSignature(signature.key, function)
        for signature in meta_graph.user_signatures
        if signature.key not in replaced and signature_function(meta_graph, signature.key) is None
        for function in [_called_function(meta_graph, signature)]
        if function
    ]


def _called_function(meta_graph: MetaGraph, signature: Signature) -> str:
    """The library function whose arguments and results are the signature's, in sorted order."""
    tensors = [item.spec.name for item in signature.outputs]
    nodes = {node_of(name) for name in tensors}
    node = meta_graph.graph.by_name.get(min(nodes)) if len(nodes) == 1 else None
    if node is None or not node.functions:
        return ""
    fed = [node_of(name) for name in node.data_inputs[: len(signature.inputs)]]
    in_order = fed == [node_of(item.spec.name) for item in signature.inputs]
    results = [f"{node.name}:{index}" for index in range(len(tensors))]
    function = meta_graph.graph.function_by_name.get(node.functions[0])
    whole = function is not None and len(function.outputs) == len(tensors)
    return node.functions[0] if in_order and whole and tensors == results else ""


def key_before(key: str, edits: list[Edit]) -> str:
    """What a signature was called before it was renamed; any other key as it is."""
    renamed = {edit.to: edit.key for edit in edits if isinstance(edit, RenameSignature)}
    return renamed.get(key, key)


def is_unchanged(edit: AddSignature, signature: Signature) -> bool:
    """Whether a signature that is built anew would be what it is already."""
    if edit.bound or edit.method_name != signature.method_name:
        return False
    pairs = (
        (signature.inputs, [(item, item.target) for item in edit.inputs]),
        (signature.outputs, [(item, item.source) for item in edit.outputs]),
    )
    for there, wanted in pairs:
        found = {item.name: (item.dtype, item.shape, target, item.steps) for item, target in wanted}
        as_it_is = {
            item.key: (
                item.spec.dtype,
                item.spec.shape,
                str(index) if edit.heads else item.spec.name,
                (),
            )
            for index, item in enumerate(there)
        }
        if found != as_it_is:
            return False
    return True


def plan_method_names(meta_graph: MetaGraph, choices: Choices, before: list[Edit]) -> list[Edit]:
    """The method name that `--method-name` asks for, or the usual one where there is none."""
    standing = after(meta_graph.user_signatures, before)
    names = {key: item.method_name for key, item in standing.items()}
    made = [choices.key, *(edit.key for edit in before if isinstance(edit, AliasSignature))]
    found: list[Edit] = []
    for key in dict.fromkeys(made):
        asked = choices.method_name if key == choices.key or choices.signatures else None
        wanted = asked or names.get(key) or PREDICT_METHOD
        if key in names and names[key] != wanted:
            origin = OPTION if asked else CONVENTION
            found.append(SetMethodName(key, wanted, names[key], origin))
    return found


def choose(meta_graph: MetaGraph, keys: list[str], wanted: str) -> str:
    """Which of the signatures `keys` becomes `wanted`: the only one that is meant to be called.

    Raises `Undecided` where several are, `BlockedError` where all are for training or evaluation.
    """
    meant = meant_signatures(meta_graph, [require(meta_graph, key) for key in keys])
    left = {key: marks for key, marks in meant.training.items() if key not in _keys(meant.likely)}
    if len(meant.likely) == 1 and len(left) == len(meant.training):
        return meant.likely[0].key
    if not meant.likely:
        ranked, _ = rank_functions(meta_graph)
        insisting = f"--from {quote(next(iter(meant.training)))}"
        raise BlockedError(
            left_out(meant.training, "signature", wanted, "--from KEY"),
            ranked[0][1].choose if ranked else insisting,
        )
    hint = "several --from are merged into one signature"
    if left:
        hint += f"; what is for training or evaluation is left out: {', '.join(left)}"
    raise Undecided(
        Ambiguous(
            f"{plural(len(meant.likely), 'signature')} could be {wanted}.",
            candidates(meant),
            hint,
        )
    )


def refuse_training_default(meta_graph: MetaGraph) -> None:
    """Raise `Undecided` where serving_default is for training, and other signatures are not."""
    found = inference_beside_training(meta_graph)
    if found is None:
        return
    marks = ", ".join(found.training[DEFAULT_SERVING_KEY])
    reason = f"{DEFAULT_SERVING_KEY} is for training or evaluation ({marks}); another is not."
    raise Undecided(Ambiguous(reason, candidates(found), "--from KEY makes it serving_default"))


def _keys(signatures: Iterable[Signature]) -> set[str]:
    return {item.key for item in signatures}


def candidates(meant: Meant) -> tuple[Candidate, ...]:
    """Each signature that is meant as a choice, with what its name tells of training."""
    return tuple(
        Candidate(
            item.key,
            f"--from {quote(item.key)}",
            (*_evidence(item), *meant.training.get(item.key, ())),
        )
        for item in meant.likely
    )


def left_out(
    training: Mapping[str, tuple[str, ...]], what: str, wanted: str, insisting: str
) -> str:
    """Why nothing is made `wanted`: all that there is, is for training or evaluation."""
    named = "; ".join(f"{key} ({', '.join(marks)})" for key, marks in list(training.items())[:3])
    if len(training) > 3:
        named += f"; and {len(training) - 3} more"
    told = (
        "It belongs to training or evaluation, and is not"
        if len(training) == 1
        else ("All belong to training or evaluation, and none is")
    )
    return (
        f"No {what} is for inference: {named}. {told} made {wanted} by itself: {insisting} insists."
    )


def _evidence(signature: Signature) -> tuple[str, ...]:
    inputs = ", ".join(f"{item.key}: {item.spec}" for item in signature.inputs)
    outputs = ", ".join(f"{item.key}: {item.spec}" for item in signature.outputs)
    return (f"({inputs}) -> ({outputs})", signature.method_name or "no method name")
