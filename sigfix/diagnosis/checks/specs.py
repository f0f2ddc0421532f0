"""SPC: what signatures and traces declare about their tensors."""

from __future__ import annotations

import re

from sigfix.describing.callables import (
    argument_text,
    is_nested,
    non_tensor_arguments,
    signature_tensor_text,
    trace_arguments,
)
from sigfix.describing.functions import function_behind
from sigfix.describing.operators import tensor_dtype
from sigfix.diagnosis.checks.presence import all_tensors, check_presence
from sigfix.diagnosis.rule import Command, repair_command
from sigfix.diagnosis.subject import Findings, Subject, few, finding, located, repair_signature
from sigfix.model import (
    DEFAULT_SERVING_KEY,
    Function,
    Literal,
    Signature,
    format_shape,
    is_flat,
    leaves,
    node_of,
    tensors,
)
from sigfix.wording import plural

_GENERIC = re.compile(
    r"(args|inputs?|outputs?|keras_tensor|input_layer|arg|unknown|tensor)(_\d+)?|Identity(_\d+)?"
    r"|Placeholder(_\d+)?|x\d+"
)
_GENERIC_EXEMPT = {"input", "inputs", "output", "outputs"}


def is_generic(name: str) -> bool:
    """Whether a tool made this name up: `args_0`, `input_1`, `keras_tensor_3`, `output_0`."""
    return name not in _GENERIC_EXEMPT and _GENERIC.fullmatch(name) is not None


def check_ranks(subject: Subject) -> Findings:
    """SPC101: unknown ranks, of signatures, or of the function that would become one."""
    for signature in subject.meta.user_signatures:
        for part, item in all_tensors(signature):
            if item.encoding == "dense" and not item.spec.has_known_rank:
                command = ""
                if part.startswith("input"):
                    declared = f"{item.key}={item.spec.dtype}[SHAPE]"
                    command = repair_signature(subject, signature, "--input", declared)
                yield finding(
                    "SPC101",
                    "the rank is unknown",
                    located(subject, signature, part),
                    (f"declared {item.spec}",),
                    command,
                )
    if subject.meta.user_signatures:
        return
    for function in subject.preferred:
        for spec in tensors(function.traces[0].args) + tensors(function.traces[0].kwargs):
            if not spec.has_known_rank:
                name = spec.name or "x"
                which = ("--function", function.path) if len(subject.preferred) > 1 else ()
                yield finding(
                    "SPC101",
                    "the rank is unknown",
                    located(subject, part=f"function {function.path}, argument {name}"),
                    (f"traced for {spec}",),
                    repair_command(subject.path, *which, "--input", f"{name}={spec.dtype}[SHAPE]"),
                )


def check_python_arguments(subject: Subject) -> Findings:
    """SPC103: a function that would become a signature takes Python values."""
    if subject.meta.user_signatures:
        return
    for function in subject.preferred:
        found = [
            (name, leaf)
            for name, leaf in non_tensor_arguments(function, function.traces[0])
            if isinstance(leaf, Literal)
        ]
        if found:
            yield finding(
                "SPC103",
                "takes " + few([f"{name}={leaf}" for name, leaf in found]) + " beside tensors",
                located(subject, part=f"function {function.path}"),
                (),
                repair_command(subject.path, "--function", function.path, *_choice(function)),
            )


def _choice(function: Function) -> tuple[str, ...]:
    """`--bind training=false` where only the traces' flags differ; one trace needs no choice."""
    for number, name in enumerate(function.argument_names if len(function.traces) > 1 else ()):
        values = {str(trace.args.items[number]) for trace in function.traces
                  if number < len(trace.args.items)}  # fmt: skip
        if values == {"True", "False"}:
            return ("--bind", f"{name}=false")
    return ()


def check_names(subject: Subject) -> Findings:
    """SPC104: made-up names; `features_1` is one where `features` is another part of one thing."""
    for signature in subject.meta.user_signatures:
        keys = {item.key for item in signature.inputs}
        numbered = [key for key in sorted(keys) if key.rpartition("_")[0] in keys and
                    key.rpartition("_")[2].isdecimal()]  # fmt: skip
        generic = [item.key for _, item in all_tensors(signature) if is_generic(item.key)]
        generic += [key for key in numbered if key not in generic]
        if not generic:
            continue
        function = function_behind(subject.meta, signature.key) if numbered else None
        if function is not None and any(is_nested(trace) for trace in function.traces):
            key = () if signature.key == DEFAULT_SERVING_KEY else ("--signature", signature.key)
            command: str = repair_command(subject.path, "--function", function.path, *key)
        else:
            options = [part for key in generic for part in ("--rename", f"{key}=NAME")]
            command = repair_signature(subject, signature, *options)
        told = f"generic names: {few(generic)}"
        yield finding("SPC104", told, located(subject, signature), (), command)


def check_dtypes(subject: Subject) -> Findings:
    """SPC105: the signature's dtype is not the tensor's."""
    for signature in subject.meta.user_signatures:
        for part, item in all_tensors(signature):
            if item.encoding != "dense":
                continue
            actual = tensor_dtype(subject.meta.graph, item.spec.name)
            if actual and actual.removesuffix("_ref") != item.spec.dtype.removesuffix("_ref"):
                yield finding(
                    "SPC105",
                    f"declared {item.spec.dtype}, but {item.spec.name} is {actual}",
                    located(subject, signature, part),
                )


def check_sharing(subject: Subject) -> Findings:
    """SPC106: one tensor under two keys."""
    for signature in subject.meta.user_signatures:
        for kind, items in (("input", signature.inputs), ("output", signature.outputs)):
            keys: dict[str, list[str]] = {}
            for item in items:
                for name in item.tensor_names:
                    keys.setdefault(name, []).append(item.key)
            for name, sharing in sorted(keys.items()):
                if len(sharing) > 1:
                    options = [part for key in sharing[1:] for part in ("--drop-output", key)]
                    yield finding(
                        "SPC106",
                        f"{few(sharing)} are the same tensor {name}",
                        located(subject, signature, f"{kind} {sharing[1]}"),
                        (),
                        repair_signature(subject, signature, *options) if kind == "output" else "",
                    )


def check_use(subject: Subject) -> Findings:
    """SPC108: inputs that no output depends on."""
    graph = subject.meta.graph
    for signature in subject.meta.user_signatures:
        if not signature.outputs:
            continue
        # Only through the top level: a call of a function counts as a use of all its arguments.
        used = _used_names(subject, signature)
        for item in signature.inputs:
            nodes = {node_of(name) for name in item.tensor_names}
            if nodes & used or not nodes & graph.by_name.keys():
                continue
            yield finding(
                "SPC108",
                "no output depends on it",
                located(subject, signature, f"input {item.key}"),
                (),
                repair_signature(subject, signature, "--bind", f"{item.key}=VALUE"),
            )


def _used_names(subject: Subject, signature: Signature) -> set[str]:
    by_name = subject.meta.graph.by_name
    pending = [node_of(name) for item in signature.outputs for name in item.tensor_names]
    seen: set[str] = set()
    while pending:
        name = pending.pop()
        if name in seen or name not in by_name:
            continue
        seen.add(name)
        pending.extend(node_of(item) for item in by_name[name].inputs)
    return seen


def check_structure(subject: Subject) -> Findings:
    """SPC109: nested, ragged and sparse."""
    for signature in subject.meta.user_signatures:
        composite = [
            (part, item) for part, item in all_tensors(signature) if item.encoding != "dense"
        ]
        if composite:
            yield finding(
                "SPC109",
                "not dense: " + few([item.key for _, item in composite]),
                located(subject, signature),
                tuple(f"{part}: {signature_tensor_text(item)}" for part, item in composite[:6]),
                by_component(subject, signature),
            )
    if subject.meta.user_signatures:
        return
    for function in subject.preferred:
        if is_nested(function.traces[0]):
            trace = function.traces[0]
            found = [
                argument_text(name + _path_text(path), leaf)
                for name, value in trace_arguments(function, trace)
                for path, leaf in leaves(value)
            ]
            told = f"takes a structure of {plural(len(found), 'value')}"
            if all(is_flat(value) for _, value in trace_arguments(function, trace)):
                told, found = "returns a structure", [f"-> {trace.output}"]
            yield finding(
                "SPC109",
                told,
                located(subject, part=f"function {function.path}"),
                tuple(found[:6]),
                repair_command(subject.path, "--function", function.path),
            )


def by_component(subject: Subject, signature: Signature) -> Command | str:
    """The command that makes a signature of plain tensors of the function behind this one."""
    function = function_behind(subject.meta, signature.key)
    if function is None:
        return ""
    key = () if signature.key == DEFAULT_SERVING_KEY else ("--signature", signature.key)
    return repair_command(subject.path, "--function", function.path, *key)


def _path_text(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part!r}]" for part in path)


def check_static(subject: Subject) -> Findings:
    """SPC102: dynamic dimensions, for a target that needs static ones."""
    for signature in subject.meta.user_signatures:
        for item in signature.inputs:
            shape = item.spec.shape
            if shape is not None and None in shape[1:]:
                fixed = "[" + ",".join("1" if size is None else str(size) for size in shape) + "]"
                yield finding(
                    "SPC102",
                    f"declared {format_shape(shape)}; the target needs a static shape",
                    located(subject, signature, f"input {item.key}"),
                    (),
                    repair_signature(
                        subject, signature, "--input", f"{item.key}={item.spec.dtype}{fixed}"
                    ),
                )


CHECKS = (
    check_ranks,
    check_python_arguments,
    check_names,
    check_dtypes,
    check_sharing,
    check_presence,
    check_use,
    check_structure,
)
