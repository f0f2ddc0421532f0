"""TGT413 to TGT415, and TGT418: what TF.js or `convert` cannot do with operators that TF.js has."""

from __future__ import annotations

from collections.abc import Iterable

from sigfix.describing.computing import Computation, of_tensors
from sigfix.describing.targets import (
    COMPARING,
    COMPLEX_EXPRESSED,
    TAKES_COMPLEX,
    TAKES_STRINGS,
    Target,
)
from sigfix.diagnosis.subject import Findings, Subject, few, finding, repair_signature
from sigfix.model import Node, Signature


def check_conversion(
    subject: Subject,
    signature: Signature | None,
    computation: Computation,
    target: Target,
    where: str,
) -> Findings:
    """What stops a conversion to TF.js, or makes it wrong, though each operator is there."""
    if not target.forces_async:
        return
    nodes = [node for _, node in computation.varying]
    kept = list(computation.kept_state)
    if kept:
        yield finding("TGT413", f"keeps a state between calls: {few(kept)}", where)
    tables = sorted({node.op for node in nodes if _looks_up(node)})
    if tables:
        yield finding("TGT414", f"looks values up in a table: {few(tables)}", where)
    stringy = [node for node in nodes if takes_strings_wrongly(node, target)]
    compared = _compared(computation) if target.backend in ("", "wasm") else []
    complexes = [node for node in nodes if takes_complex_wrongly(node, target)]
    wasm = "TensorFlow.js's wasm backend"
    for code, stopping, who, numbers in (
        ("TGT415", stringy, target.title, "numbers only, not for strings"),
        ("TGT415", compared, wasm, "numbers only, not for strings"),
        ("TGT418", complexes, target.title, "real numbers only, not for complex ones"),
    ):
        if stopping:
            yield finding(
                code,
                f"{who} has {few(sorted({node.op for node in stopping}))} for {numbers}",
                where,
                tuple(node.name for node in stopping[:6]),
                _without_outputs(subject, signature, stopping) if signature else "",
            )


def _compared(computation: Computation) -> list[Node]:
    """Comparisons of strings, but for those with constant ones."""
    return [
        node
        for scope, node in computation.varying
        if node.op in COMPARING and node.attributes.get("T") == "string"
        if len(computation.reads.get((scope, node.name), set()) & computation.changing) > 1
    ]


def _looks_up(node: Node) -> bool:
    return node.op.startswith(("LookupTable", "HashTable"))


def takes_strings_wrongly(node: Node, target: Target) -> bool:
    """Whether TF.js has an operator, but not for the strings that this node takes."""
    if node.op in TAKES_STRINGS or _looks_up(node) or node.op not in (target.operators or ()):
        return False
    return any(node.attributes.get(name) == "string" for name in ("T", "Tparams", "dtype"))


def takes_complex_wrongly(node: Node, target: Target) -> bool:
    """Whether TF.js has an operator, but not for the complex numbers that this node takes."""
    if node.op in TAKES_COMPLEX | COMPLEX_EXPRESSED or node.op not in (target.operators or ()):
        return False
    kinds = (node.attributes.get(name) for name in ("T", "Tparams", "dtype"))
    return any(str(kind).startswith("complex") for kind in kinds)


def _without_outputs(subject: Subject, signature: Signature, stopping: Iterable[Node]) -> str:
    """The command that leaves out the outputs which need one of these nodes, where some do not."""
    places = {id(node) for node in stopping}
    fed = [name for item in signature.inputs for name in item.tensor_names]
    dropped = [
        item.key
        for item in signature.outputs
        if any(
            id(node) in places for _, node in of_tensors(subject.meta, item.tensor_names, fed).nodes
        )
    ]
    if not dropped or len(dropped) == len(signature.outputs):
        return ""
    options = [part for key in dropped for part in ("--drop-output", key)]
    return repair_signature(subject, signature, *options)
