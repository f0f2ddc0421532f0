"""A repair's plan and result as text, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

from sigfix.model import MetaGraph, SavedModel, Signature, format_shape
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    BoundInput,
    Candidate,
    Edit,
    InputPlan,
    KeepMetaGraph,
    OutputPlan,
    Plan,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
    SetTags,
)

ORIGINS = {
    "option": "your option",
    "preset": "the preset",
    "trace": "the recorded trace",
    "graph": "the graph",
    "signature": "an existing signature",
    "convention": "TensorFlow's convention",
}


def plan_text(plan: Plan) -> str:
    """What will be done and where each part comes from; candidates where it is undecided."""
    if plan.verdict == "healthy":
        return "Nothing to repair: the signature is there.\n"
    lines: list[str] = []
    if plan.verdict == "ambiguous":
        lines.append(f"{plan.reason} Choose one, the likeliest is first:")
        for candidate in plan.candidates:
            lines += _candidate(candidate)
        return "\n".join(lines) + "\n"
    if plan.verdict == "blocked":
        return f"Not repairable: {plan.reason}\n"
    lines.append(f"Plan for {plan.model}")
    for edit in plan.edits:
        lines += _edit(edit)
    lines += [f"  lost: {what}" for what in plan.lost]
    lines += [f"  note: {what}" for what in plan.notes]
    return "\n".join(lines) + "\n"


def _candidate(candidate: Candidate) -> Iterator[str]:
    yield f"  {candidate.label}"
    for evidence in candidate.evidence:
        yield f"      {evidence}"
    yield f"      choose it with {candidate.choose}"


def _from(origin: str) -> str:
    return f"from {ORIGINS.get(origin, origin)}"


def _edit(edit: Edit) -> Iterator[str]:
    if isinstance(edit, AddSignature):
        yield f"  + signature {edit.key}, {edit.source}, {_from(edit.origin)}"
        rows = [_input_row(item) for item in edit.inputs]
        rows += [_bound_row(item) for item in edit.bound]
        rows += [_output_row(item) for item in edit.outputs]
        yield from _columns(rows)
    elif isinstance(edit, AliasSignature):
        yield f"  + signature {edit.key}, the same as {edit.of}, {_from(edit.origin)}"
    elif isinstance(edit, RemoveSignature):
        yield f"  - signature {edit.key}, {_from(edit.origin)}"
    elif isinstance(edit, RenameSignature):
        yield f"  ~ signature {edit.key} becomes {edit.to}, {_from(edit.origin)}"
    elif isinstance(edit, SetMethodName):
        was = f" (was {edit.was})" if edit.was else ""
        yield f"  ~ method name of {edit.key}: {edit.method_name}{was}, {_from(edit.origin)}"
    elif isinstance(edit, SetTags):
        was = ",".join(edit.was) or "none"
        yield f"  ~ tags: {','.join(edit.tags) or 'none'} (were {was}), {_from(edit.origin)}"
    elif isinstance(edit, KeepMetaGraph):
        dropped = "; ".join(",".join(tags) or "no tags" for tags in edit.dropped)
        yield f"  - MetaGraphs {dropped}; {','.join(edit.tags) or 'no tags'} stays"


def _input_row(item: InputPlan) -> tuple[str, str, str, str]:
    parts = [_from(item.origin)]
    if item.name_origin != item.origin:
        parts.append(f"name {_from(item.name_origin)}")
    parts += [str(step) for step in item.steps]
    if item.was and (item.steps or not item.was.startswith(f"{item.name}:")):
        parts.append(f"feeds {item.was}")
    return "in", item.name, f"{item.dtype}{format_shape(item.shape)}", "; ".join(parts)


def _bound_row(item: BoundInput) -> tuple[str, str, str, str]:
    return "bound", item.was.split(":")[0] or item.target, repr(item.value), _from(item.origin)


def _output_row(item: OutputPlan) -> tuple[str, str, str, str]:
    parts = [_from(item.origin), *(str(step) for step in item.steps)]
    return "out", item.name, f"{item.dtype}{format_shape(item.shape)}", "; ".join(parts)


def _columns(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row[:3], widths, strict=True)]
        line = "      " + "  ".join(cells) + "  " + row[3]
        yield line.rstrip()


def _signature_lines(signatures: list[Signature]) -> list[str]:
    lines = []
    for signature in signatures:
        inputs = ", ".join(f"{item.key}: {item.spec}" for item in signature.inputs)
        outputs = ", ".join(f"{item.key}: {item.spec}" for item in signature.outputs)
        method = signature.method_name or "no method name"
        lines.append(f"{signature.key}({inputs}) -> ({outputs})  {method}")
    return lines


def _planned_line(edit: AddSignature) -> str:
    inputs = ", ".join(map(str, edit.inputs))
    outputs = ", ".join(map(str, edit.outputs))
    return f"{edit.key}({inputs}) -> ({outputs})  {edit.method_name}"


def _after(before: MetaGraph, plan: Plan) -> list[str]:
    found = {
        item.key: line
        for item, line in zip(
            before.user_signatures, _signature_lines(list(before.user_signatures)), strict=True
        )
    }
    for edit in plan.edits:
        if isinstance(edit, AddSignature):
            found[edit.key] = _planned_line(edit)
        elif isinstance(edit, AliasSignature):
            found[edit.key] = edit.key + found[edit.of].removeprefix(edit.of)
        elif isinstance(edit, RemoveSignature):
            found.pop(edit.key)
        elif isinstance(edit, RenameSignature):
            found[edit.to] = edit.to + found.pop(edit.key).removeprefix(edit.key)
        elif isinstance(edit, SetMethodName):
            found[edit.key] = found[edit.key].rpartition("  ")[0] + "  " + edit.method_name
    return [found[key] for key in sorted(found)]


def signature_diff(model: SavedModel, plan: Plan) -> str:
    """The signatures before and after, as a diff: `-` what goes, `+` what comes."""
    if not plan.edits:
        return ""
    meta_graph = model.meta_graphs[plan.meta_graph]
    before = _signature_lines(list(meta_graph.user_signatures))
    after = _after(meta_graph, plan)
    lines = ["Signatures, before and after"]
    for line in sorted({*before, *after}):
        mark = " " if line in before and line in after else ("-" if line in before else "+")
        lines.append(f"  {mark} {line}")
    if not before:
        lines.insert(1, "    (none before)")
    return "\n".join(lines) + "\n"
