"""What is in a model, as text: kind, producer, signatures, functions, tables, variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigfix.describing.callables import (
    argument_text,
    declaration_text,
    signature_tensor_text,
    trace_arguments,
)
from sigfix.describing.candidates import Candidate
from sigfix.describing.functions import callable_functions, competing, is_internal
from sigfix.describing.model_card import card_facts
from sigfix.describing.operator_kinds import FILLING, TABLES
from sigfix.model import Function, MetaGraph, OtherModel, SavedModel, Signature, Trace
from sigfix.quoting import printable
from sigfix.rendering.style import Style, shortened, size_text
from sigfix.report import Inspection
from sigfix.wording import plural

_LABEL = 12
_MOST_META_GRAPHS = 8
_MOST_SIGNATURES = 16
_MOST_FUNCTIONS = 8
_MOST_TRACES = 4
_MOST_TENSORS = 12
_MOST_CANDIDATES = 6


def _row(style: Style, label: str, text: str) -> list[str]:
    return style.wrap(printable(text), f"  {label:<{_LABEL}}")


def other_lines(model: OtherModel, style: Style, everything: bool) -> list[str]:
    """A model that is no SavedModel."""
    lines = _row(style, "kind", f"{model.title}, {size_text(model.size_bytes)}")
    for label, text in model.facts:
        lines += _row(style, label, text)
    lines += _card_lines(model.card, style)
    rows = [
        (kind, printable(spec.name), str(spec), "")
        for kind, specs in (("in", model.inputs), ("out", model.outputs))
        for spec in specs
    ]
    if rows:
        lines += ["  signature", *_table(rows, style, everything)]
    if model.operators:
        common = sorted(model.operators.items(), key=lambda item: (-item[1], item[0]))
        shown = sorted(common) if everything else common[:_MOST_TENSORS]
        text = ", ".join(f"{name} {count}" for name, count in shown)
        more = f" and {len(common) - len(shown)} more (--all)" if len(common) > len(shown) else ""
        lines += _row(style, "operators", text + more)
    return lines


def model_lines(
    inspection: Inspection, model: SavedModel, style: Style, everything: bool
) -> list[str]:
    """A SavedModel or a frozen graph."""
    names = {"pb": "SavedModel", "pbtxt": "SavedModel in text form", "graph": "frozen GraphDef"}
    lines = _row(style, "kind", f"{names[model.encoding]}, {size_text(model.size_bytes)}")
    for producer in inspection.producers:
        lines += _row(style, "producer", f"{producer.name} ({producer.evidence})")
    lines += _card_lines(model.card, style)
    several = len(model.meta_graphs) > 1
    shown = model.meta_graphs if everything else model.meta_graphs[:_MOST_META_GRAPHS]
    for index, meta in enumerate(shown):
        if several:
            lines += ["", style.paint(f"  MetaGraph {index}", "bold")]
        lines += _meta_lines(inspection, index, meta, style, everything)
    if len(model.meta_graphs) > len(shown):
        lines += ["", f"  and {plural(len(model.meta_graphs) - len(shown), 'MetaGraph')} (--all)"]
    lines += _variable_lines(model, style, everything)
    return lines


def _meta_lines(
    inspection: Inspection, index: int, meta: MetaGraph, style: Style, everything: bool
) -> list[str]:
    lines: list[str] = []
    if inspection.model is None or inspection.model.encoding != "graph":
        lines += _row(style, "tensorflow", meta.tensorflow_version or "(not recorded)")
        lines += _row(style, "tags", ", ".join(meta.tags) or "(none)")
    signatures = meta.user_signatures if everything else meta.user_signatures[:_MOST_SIGNATURES]
    for signature in signatures:
        lines += _signature_lines(signature, style, everything)
    rest = len(meta.user_signatures) - len(signatures)
    if rest:
        lines += _row(style, "", f"and {plural(rest, 'signature')} (--all)")
    if not meta.user_signatures:
        lines += _row(style, "signatures", "(none)")
    inputs, outputs = inspection.candidates[index] if inspection.candidates else ((), ())
    if inputs or outputs:
        if meta.user_signatures:
            lines += _row(style, "", "in no signature, and could be:")
        lines += _candidate_lines(inputs, outputs, style, everything)
    lines += _function_lines(meta, style, everything)
    if meta.assets:
        files = list(dict.fromkeys(asset.filename for asset in meta.assets))
        shown = files if everything else files[:_MOST_TENSORS]
        more = f" and {len(files) - len(shown)} more" if len(files) > len(shown) else ""
        lines += _row(style, "assets", ", ".join(shown) + more)
    tables = {op: count for op, count in meta.graph.op_counts.items() if op in TABLES}
    if tables:
        tables |= {op: meta.graph.op_counts[op] for op in FILLING if op in meta.graph.op_counts}
        lines += _row(style, "tables", ", ".join(f"{op} {tables[op]}" for op in tables))
    if meta.init_op:
        lines += _row(style, "initialiser", meta.init_op)
    counts = meta.graph.op_counts
    lines += _row(
        style,
        "graph",
        f"{plural(sum(counts.values()), 'node')} of {plural(len(counts), 'operator')}, "
        f"{plural(len(meta.graph.functions), 'function')}",
    )
    if everything:
        listed = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        lines += _row(style, "operators", listed)
    custom = inspection.custom_operators[index] if inspection.custom_operators else {}
    if custom:
        lines += _row(style, "custom", ", ".join(custom))
    return lines


def _signature_lines(signature: Signature, style: Style, everything: bool) -> list[str]:
    method = signature.method_name or "(no method name)"
    lines = [
        f"  {'signature':<{_LABEL}}{style.paint(printable(signature.key), 'bold')}  "
        + style.paint(printable(method), "dim")
    ]
    rows = [
        (kind, printable(item.key), signature_tensor_text(item), _tensor_name(item.tensor_names))
        for kind, items in (("in", signature.inputs), ("out", signature.outputs))
        for item in items
    ]
    return lines + _table(rows, style, everything)


def _tensor_name(names: Sequence[str]) -> str:
    return printable(names[0]) if len(names) == 1 else f"{len(names)} tensors"


def _table(rows: Sequence[tuple[str, str, str, str]], style: Style, everything: bool) -> list[str]:
    """Rows of kind, name, type and tensor; the tensor goes to a line of its own if it must."""
    rows = [(kind, *map(printable, cells)) for kind, *cells in rows]  # type: ignore[misc]
    shown = rows if everything else rows[:_MOST_TENSORS]
    indent = " " * (_LABEL + 2)
    name_width = min(max((len(row[1]) for row in shown), default=0), 28)
    type_width = min(max((len(row[2]) for row in shown), default=0), 26)
    kind_width = max(3, *(len(row[0]) for row in shown), 0) + 1
    lines = []
    for kind, name, text, tensor in shown:
        line = f"{indent}{kind:<{kind_width}}{name:<{name_width}}  {text:<{type_width}}"
        if len(line) + 2 + len(tensor) <= style.width:
            lines.append(f"{line}  {style.paint(tensor, 'dim')}".rstrip())
        else:
            lines.append(line.rstrip())
            lines += [style.paint(part, "dim") for part in style.wrap(tensor, indent + " " * 8)]
    if len(rows) > len(shown):
        lines.append(f"{indent}and {len(rows) - len(shown)} more (--all)")
    return lines


def _candidate_lines(
    inputs: Sequence[Candidate], outputs: Sequence[Candidate], style: Style, everything: bool
) -> list[str]:
    rows = [
        (kind, printable(item.spec.name), str(item.spec), printable(", ".join(item.evidence)))
        for kind, items in (("in?", inputs), ("out?", outputs))
        for item in (items if everything else items[:_MOST_CANDIDATES])
    ]
    lines = _table(rows, style, everything)
    rest = len(inputs) + len(outputs) - len(rows)
    return lines + ([f"{' ' * (_LABEL + 2)}and {rest} more (--all)"] if rest else [])


def _card_lines(card: Mapping[str, object] | None, style: Style) -> list[str]:
    lines: list[str] = []
    for text in card_facts(card) if card is not None else ():
        lines += _row(style, "" if lines else "card", text)
    return lines


def _function_lines(meta: MetaGraph, style: Style, everything: bool) -> list[str]:
    functions = meta.objects.functions if meta.objects else ()
    wanted = [item for item in functions if "." not in item.path and not is_internal(item)]
    if not wanted and meta.objects is not None:  # what a signature would be made of
        wanted = list(competing(meta, callable_functions(meta.objects)).functions)
    shown = list(functions) if everything else wanted[:_MOST_FUNCTIONS]
    lines: list[str] = []
    for function in shown:
        count = len(function.traces)
        note = "never traced" if not count else "" if count == 1 else f"{count} traces"
        declared = declaration_text(function) if _has_defaults(function) else ""
        name = style.paint(printable(function.path), "bold") + printable(shortened(declared, 200))
        lines.append(f"  {'function':<{_LABEL}}{name}  {note}".rstrip())
        blocks: dict[tuple[str, ...], int] = {}
        for trace in function.traces if everything else function.traces[:_MOST_TRACES]:
            block = tuple(_trace_lines(function, trace, style, everything))
            blocks[block] = blocks.get(block, 0) + 1
        for block, repeats in blocks.items():
            lines += block
            if repeats > 1:
                lines.append(" " * (_LABEL + 4) + style.paint(f"(traced {repeats} times)", "dim"))
    if len(functions) > len(shown):
        rest = [item for item in functions if item not in shown]
        inside = " of submodules" if all("." in item.path for item in rest) else ""
        more = "more " if shown and not inside else ""
        told = (
            f"{len(rest)} {more}{plural(len(rest), 'function').partition(' ')[2]}{inside} (--all)"
        )
        lines += _row(style, "" if shown else "functions", f"and {told}" if shown else told)
    return lines


def _has_defaults(function: Function) -> bool:
    """Whether the declaration says something that the traces below it do not."""
    return bool(function.defaults or function.keyword_defaults or not function.traces)


def _trace_lines(function: Function, trace: Trace, style: Style, everything: bool) -> list[str]:
    most = 100_000 if everything else 400
    inner = ", ".join(
        argument_text(name, value) for name, value in trace_arguments(function, trace)
    )
    indent = " " * (_LABEL + 2)
    arguments = shortened(printable(f"({inner})"), most)
    output = shortened(printable(str(trace.output)), most)
    if len(indent) + len(arguments) + len(output) + 4 <= style.width:
        return [f"{indent}{arguments} -> {output}"]
    lines = style.wrap(arguments, indent, indent + "  ")
    return lines + style.wrap(f"-> {output}", indent + "  ", indent + "     ")


def _variable_lines(model: SavedModel, style: Style, everything: bool) -> list[str]:
    store = model.variables
    if store is None:
        return _row(style, "variables", "(none)")
    total = sum(tensor.size for tensor in store.tensors)
    held = sum(not tensor.is_sliced for tensor in store.tensors)
    text = f"{plural(held, 'tensor')}, {size_text(total)}"
    text += f" in {plural(len(store.shards), 'shard')}"
    trainable = sum(item.trainable for meta in model.meta_graphs[:1] for item in meta.variables)
    if trainable:
        text += f"; {trainable} trainable"
    if store.checksums_verified:
        text += "; checksums wrong" if store.bad_checksums else "; checksums right"
    lines = _row(style, "variables", text)
    if everything:
        rows = [("", item.name, f"{item.dtype}", size_text(item.size)) for item in store.tensors]
        lines += _table(rows, style, everything)
    return lines
