"""A repair's plan and result as text, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import attrgetter

from sigfix.model import MetaGraph, SavedModel, Signature, format_shape
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    AttachSignature,
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
    SetVersion,
)
from sigfix.planning.file_edits import ExportKeras, ImportOnnx, LeaveOut, SaveAnew, WriteCard
from sigfix.planning.signature_map import Standing, after
from sigfix.quoting import printable
from sigfix.rendering.style import wrapped
from sigfix.wording import plural


def plan_text(plan: Plan, width: int = 100) -> str:
    """What will be done and where each part comes from; candidates where it is undecided.

    Lines longer than `width` columns are broken.
    """
    if plan.verdict == "healthy":
        return "Nothing to repair: the signature is there.\n"
    lines: list[str] = []
    if plan.verdict == "ambiguous":
        lines.append(f"{plan.reason} Choose one, the likeliest is first:")
        for candidate in plan.candidates:
            lines += _candidate(candidate)
        return _joined(lines, width)
    if plan.verdict == "blocked":
        return _joined([f"Not repairable: {plan.reason}"], width)
    lines.append(f"Plan for {plan.model}")
    for edit in plan.edits:
        lines += _edit(edit)
    lines += [f"  lost: {what}" for what in plan.lost]
    lines += [f"  note: {what}" for what in plan.notes]
    return _joined(lines, width)


def _joined(lines: list[str], width: int) -> str:
    """Lines as text; names come from the model and must not steer a terminal."""
    found = [part for line in lines for part in _broken(printable(line), width)]
    return "\n".join(found) + "\n"


def _broken(line: str, width: int) -> list[str]:
    """A line in parts of at most `width` columns, the later ones further in."""
    if len(line) <= width:
        return [line]
    text = line.lstrip(" +-~")
    mark = line[: len(line) - len(text)]
    return wrapped(text, width, mark, " " * (len(mark) + 4))


def _candidate(candidate: Candidate) -> Iterator[str]:
    yield f"  {candidate.label}"
    for evidence in candidate.evidence:
        yield f"      {evidence}"
    yield f"      choose it with {candidate.choose}"


def _from(origin: str) -> str:
    return f"[{origin}]"


def _edit(edit: Edit) -> Iterator[str]:
    if isinstance(edit, AddSignature):
        changed = (f"signature {edit.key}", f"function signatures.{edit.key}")
        if str(edit.source) in changed:
            yield f"  ~ signature {edit.key} changes  {_from(edit.origin)}"
        else:
            yield f"  + signature {edit.key} from {edit.source}  {_from(edit.origin)}"
        rows = [_input_row(item) for item in edit.inputs]
        rows += [_bound_row(item) for item in edit.bound]
        rows += [_output_row(item) for item in edit.outputs]
        yield from _columns(rows)
    elif isinstance(edit, AliasSignature):
        yield f"  + signature {edit.key}, the same as {edit.of}  {_from(edit.origin)}"
    elif isinstance(edit, AttachSignature):
        yield f"  ~ signature {edit.key}: made known to tf.saved_model.load  {_from(edit.origin)}"
    elif isinstance(edit, RemoveSignature):
        yield f"  - signature {edit.key}  {_from(edit.origin)}"
    elif isinstance(edit, RenameSignature):
        yield f"  ~ signature {edit.key} becomes {edit.to}  {_from(edit.origin)}"
    elif isinstance(edit, SetMethodName):
        was = f" (was {edit.was})" if edit.was else ""
        yield f"  ~ method name of {edit.key}: {edit.method_name}{was}  {_from(edit.origin)}"
    elif isinstance(edit, SetTags):
        was = ",".join(edit.was) or "none"
        yield f"  ~ tags: {','.join(edit.tags) or 'none'} (were {was})  {_from(edit.origin)}"
    elif isinstance(edit, SetVersion):
        yield f"  ~ TensorFlow's version: not recorded (was {edit.was})  {_from(edit.origin)}"
    elif isinstance(edit, LeaveOut):
        yield f"  - {', '.join(edit.operators)}: TensorFlow has no such, and no signature needs it"
    elif isinstance(edit, SaveAnew):
        yield f"  ~ loaded with TensorFlow and saved anew, before the rest  {_from(edit.origin)}"
    elif isinstance(edit, ExportKeras):
        yield f"  + SavedModel with serving_default, loaded with Keras {edit.version}"
        yield from (f"      in   {item}" for item in edit.inputs)
    elif isinstance(edit, ImportOnnx):
        what = f" as {edit.preset}" if edit.preset else ""
        yield f"  + SavedModel with serving_default, imported from ONNX (opset {edit.opset}){what}"
        yield from (f"      in   {item}" for item in edit.inputs)
        yield from (f"      in   {name} = {value}, bound" for name, value in edit.bound)
        yield from (f"      out  {item}" for item in edit.outputs)
    elif isinstance(edit, WriteCard):
        yield f"  + model card: {_card(edit)}  {_from(edit.origin)}"
    elif isinstance(edit, KeepMetaGraph):
        dropped = "; ".join(",".join(tags) or "no tags" for tags in edit.dropped)
        yield f"  - MetaGraphs {dropped}; {','.join(edit.tags) or 'no tags'} stays"


def _card(edit: WriteCard) -> str:
    number = plural(len(edit.vocabulary or ""), "character")
    characters = f", vocabulary of {number}" if edit.vocabulary else ""
    return f"{edit.preset}{characters}"


def _input_row(item: InputPlan) -> tuple[str, str, str, str]:
    parts = [_from(item.origin)]
    if item.name_origin != item.origin:
        parts.append(f"name {_from(item.name_origin)}")
    parts += [str(step) for step in item.steps]
    target, _, spec = item.was.partition(": ")
    if item.was and target != item.name:
        parts.append(f"-> {target}")
    if item.steps or (spec and spec != f"{item.dtype}{format_shape(item.shape)}"):
        parts.append(f"accepts {spec}")
    return "in", item.name, f"{item.dtype}{format_shape(item.shape)}", " ".join(parts)


def _bound_row(item: BoundInput) -> tuple[str, str, str, str]:
    return "bound", item.was.split(":")[0] or item.target, repr(item.value), _from(item.origin)


def _output_row(item: OutputPlan) -> tuple[str, str, str, str]:
    parts = [_from(item.origin), *(str(step) for step in item.steps)]
    return "out", item.name, f"{item.dtype}{format_shape(item.shape)}", " ".join(parts)


def _columns(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row[:3], widths, strict=True)]
        line = "      " + "  ".join(cells) + "  " + row[3]
        yield line.rstrip()


def _standing(key: str, signatures: Mapping[str, Standing]) -> list[str]:
    """The signature at a key as lines; none where there is none."""
    if key not in signatures:
        return []
    item = signatures[key]
    if isinstance(item.of, Signature):
        inputs, outputs = (
            [f"{each.key}: {each.spec}" for each in side]
            for side in (item.of.inputs, item.of.outputs)
        )
    else:
        inputs = [str(each) for each in sorted(item.of.inputs, key=attrgetter("name"))]
        outputs = [str(each) for each in sorted(item.of.outputs, key=attrgetter("name"))]
    return [
        f"{key}  ({item.method_name or 'no method name'})",
        *(f"    in   {text}" for text in inputs),
        *(f"    out  {text}" for text in outputs),
    ]


def signature_diff(model: SavedModel, plan: Plan, width: int = 100) -> str:
    """The signatures before and after, as a diff: `-` what goes, `+` what comes."""
    if not plan.edits:
        return ""
    meta_graph: MetaGraph = model.meta_graphs[plan.meta_graph]
    before = after(meta_graph.user_signatures, ())
    planned = after(meta_graph.user_signatures, plan.edits)
    lines = ["Signatures, before and after:"]
    for key in sorted({*before, *planned}):
        old, new = _standing(key, before), _standing(key, planned)
        if old == new:
            lines += [f"    {line}" for line in old]
        else:
            lines += [f"  - {line}" for line in old] + [f"  + {line}" for line in new]
    return _joined(lines, width)
