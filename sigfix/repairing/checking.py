"""Read back what was written, and check that it is the source with the plan's edits, no more."""

from __future__ import annotations

from dataclasses import replace

from sigfix.card import CARD_FILE
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, SavedModel, Signature
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    AttachSignature,
    KeepMetaGraph,
    Plan,
    RemoveSignature,
    RenameSignature,
    SetTags,
)
from sigfix.planning.file_edits import WriteCard
from sigfix.planning.signature_map import after as signatures_after
from sigfix.quoting import quote
from sigfix.repairing.apply import NOT_COPIED
from sigfix.wording import plural


def check_result(source: SavedModel, result: SavedModel, plan: Plan) -> list[str]:
    """What is wrong with `result`, in words; nothing where it is as planned.

    Signatures (both loaders'), tags, functions, variables, objects and files are compared.
    """
    kept = (
        [plan.meta_graph]
        if any(isinstance(item, KeepMetaGraph) for item in plan.edits)
        else (list(range(len(source.meta_graphs))))
    )
    if len(kept) != len(result.meta_graphs):
        return [f"the result has {plural(len(result.meta_graphs), 'MetaGraph')}, not {len(kept)}"]
    problems = []
    for index, after in zip(kept, result.meta_graphs, strict=True):
        before = source.meta_graphs[index]
        edited = replace(plan, edits=plan.edits if index == plan.meta_graph else ())
        problems += _check_meta_graph(before, after, edited)
    if source.path.is_file():  # a frozen graph: the files beside it are none of its
        return problems
    anew = set(NOT_COPIED)
    if any(isinstance(edit, WriteCard) for edit in plan.edits):
        anew.add(CARD_FILE.as_posix())
    files = {name: size for name, size in source.files if name not in anew}
    written = {name: size for name, size in result.files if name not in anew}
    for name in sorted(set(files) ^ set(written)):
        problems.append(f"the file {name} is in one of them only")
    for name in sorted(set(files) & set(written)):
        if files[name] != written[name]:
            problems.append(f"{name} has {plural(written[name], 'byte')}, not {files[name]}")
    return problems


def refuse_broken_source(source: SavedModel, plan: Plan) -> None:
    """Raise `BlockedError` where the model itself has what would be a fault in a result.

    What is checked in a result must hold in the source too; else a repair would be blamed for it.
    A signature that the plan removes, or makes anew, is not asked for.
    """
    removed = {item.key for item in plan.edits if isinstance(item, (RemoveSignature, AddSignature))}
    for meta_graph in source.meta_graphs:
        for signature in meta_graph.user_signatures:
            names = [] if signature.key in removed else _dangling(meta_graph, signature)
            if names:
                key, tensor = names[0]
                raise BlockedError(
                    f"The model is broken: {key or 'an input'} of signature {signature.key} is the"
                    f" tensor {tensor or '(none)'}, and its graph has no such tensor.",
                    f"--remove-signature {quote(signature.key)} leaves it out; else save the model"
                    " again",
                )


def _dangling(meta_graph: MetaGraph, signature: Signature) -> list[tuple[str, str]]:
    """The (key, tensor) pairs of a signature whose tensor is not in the graph."""
    return [
        (tensor.key, name)
        for tensor in (*signature.inputs, *signature.outputs)
        for name in tensor.tensor_names
        if name.partition(":")[0] not in meta_graph.graph.by_name
    ]


def _check_meta_graph(before: MetaGraph, after: MetaGraph, plan: Plan) -> list[str]:
    problems = []
    expected = {
        key: replace(item.of, method_name=item.method_name)
        for key, item in signatures_after(before.signatures, plan.edits).items()
    }
    written = {item.key: item for item in after.signatures}
    if set(expected) != set(written):
        problems.append(f"the signatures are {sorted(written)}, not {sorted(expected)}")
    for key in set(expected) & set(written):
        if summary(expected[key]) != summary(written[key]):
            problems.append(f"signature {key} is not what was planned")
    if set(after.tags) != set(expected_tags(before, plan)):
        problems.append(f"the tags are {after.tags}")
    for signature in after.user_signatures:
        for key, name in _dangling(after, signature):
            problems.append(f"{key} of {signature.key} names no tensor: {name}")
    if before.objects is not None and after.objects is not None:
        if [item.path for item in before.variables] != [item.path for item in after.variables]:
            problems.append("the variables are not the same")
        names = {item.name for item in before.graph.functions}
        if not names <= {item.name for item in after.graph.functions}:
            problems.append("functions of the library are missing")
        for key in sorted(_made(plan) - set(after.objects.signature_ids)):
            problems.append(f"tf.saved_model.load would not see {key}")
    return problems


def _made(plan: Plan) -> set[str]:
    """The signatures that the plan makes or makes known, by what they are called in the end."""
    keys: set[str] = set()
    for edit in plan.edits:
        if isinstance(edit, (AddSignature, AliasSignature, AttachSignature)):
            keys.add(edit.key)
        elif isinstance(edit, RemoveSignature):
            keys.discard(edit.key)
        elif isinstance(edit, RenameSignature) and edit.key in keys:
            keys = (keys - {edit.key}) | {edit.to}
    return keys


def expected_tags(before: MetaGraph, plan: Plan) -> tuple[str, ...]:
    """The tags after the plan's edits."""
    for edit in plan.edits:
        if isinstance(edit, SetTags):
            return edit.tags
    return before.tags


def summary(signature: Signature | AddSignature) -> tuple[object, ...]:
    """What a caller sees of a signature: names, dtypes, shapes, method name."""
    if isinstance(signature, AddSignature):
        return (
            sorted((item.name, item.dtype, str(item.shape)) for item in signature.inputs),
            sorted((item.name, item.dtype, str(item.shape)) for item in signature.outputs),
            signature.method_name,
        )
    return (
        sorted((item.key, item.spec.dtype, str(item.spec.shape)) for item in signature.inputs),
        sorted((item.key, item.spec.dtype, str(item.spec.shape)) for item in signature.outputs),
        signature.method_name,
    )
