"""SPC107: tensors that a signature names and the graph has not, and which ones are meant."""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.describing.candidates import input_candidates, output_candidates
from sigfix.diagnosis.subject import Findings, Subject, finding, located, repair_signature
from sigfix.model import Signature, SignatureTensor, TensorSpec, node_of


def all_tensors(signature: Signature) -> Iterator[tuple[str, SignatureTensor]]:
    """The inputs and outputs, each with what a location calls it."""
    for item in signature.inputs:
        yield f"input {item.key}", item
    for item in signature.outputs:
        yield f"output {item.key}", item


def _exists(subject: Subject, name: str) -> bool:
    graph = subject.meta.graph
    if node_of(name) not in graph.by_name:
        return False
    index = name.partition(":")[2]
    return index.isdigit()


def check_presence(subject: Subject) -> Findings:
    """SPC107: names of tensors that no node produces."""
    for signature in subject.meta.user_signatures:
        missing = [
            (part, name)
            for part, item in all_tensors(signature)
            for name in item.tensor_names
            if not _exists(subject, name)
        ]
        command = _present(subject, signature) if missing else ""
        for part, name in missing:
            present = node_of(name) in subject.meta.graph.by_name
            reason = "has no output number (:0)" if present else "is not in the graph"
            where = located(subject, signature, part)
            yield finding("SPC107", f"{name or '(no name)'} {reason}", where, (), command)


def _present(subject: Subject, signature: Signature) -> str:
    """The command that gives each key of a signature a tensor that there is; TF1 alone has one."""
    meta = subject.meta
    if meta.objects is not None or any(
        item.encoding != "dense" for _, item in all_tensors(signature)
    ):
        return ""
    options: list[str] = []
    used = {name for _, item in all_tensors(signature) for name in item.tensor_names}
    for item in signature.inputs:
        if not _exists(subject, item.spec.name):
            given = [each.spec for each in input_candidates(meta) if not each.of_training]
            options += ["--input", f"{item.key}:{_only(item, given, used, subject)}"]
    results = [each.spec for each in output_candidates(meta) if not each.of_training]
    kept = all(_exists(subject, item.spec.name) for item in signature.outputs)
    for item in () if kept else signature.outputs:
        there = _exists(subject, item.spec.name)
        tensor = item.key if there else _only(item, results, used, subject)
        options += ["--output", f"{item.key}={tensor}"]
    return repair_signature(subject, signature, *options)


def _only(item: SignatureTensor, specs: list[TensorSpec], used: set[str], subject: Subject) -> str:
    """The tensor that is meant: the node's first output, or the only one left of that dtype."""
    if item.spec.name in subject.meta.graph.by_name:
        return f"{item.spec.name}:0"
    left = [spec.name for spec in specs if spec.dtype == item.spec.dtype and spec.name not in used]
    return left[0] if len(left) == 1 else "TENSOR"
