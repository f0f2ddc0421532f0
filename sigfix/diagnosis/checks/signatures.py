"""SIG: which signatures a model offers, and whether a loader finds them."""

from __future__ import annotations

from dataclasses import replace

from sigfix.describing.callables import trace_text
from sigfix.describing.functions import (
    WITHOUT_TRACES,
    function_behind,
    is_housekeeping,
    last_name,
    saved_without_traces,
    way_without_traces,
)
from sigfix.describing.signature_order import inference_beside_training, meant_signatures
from sigfix.describing.switches import unfed_binding, unfed_placeholders
from sigfix.describing.training import is_doubtful
from sigfix.diagnosis.checks.unsigned import unsigned_graph
from sigfix.diagnosis.rule import Command, Severity, repair_command
from sigfix.diagnosis.subject import (
    Findings,
    Subject,
    few,
    finding,
    located,
    repair_signature,
)
from sigfix.model import DEFAULT_SERVING_KEY, PREDICT_METHOD, Signature
from sigfix.quoting import quote

_ENTRY_POINTS = ("__call__", "call", "serve", "predict")
_LEGACY = ("tensorflow/serving/classify", "tensorflow/serving/regress")


def _no_signature(subject: Subject) -> Findings:
    """SIG001 and SIG005: nothing to call by name."""
    functions = subject.callables
    if not functions:
        yield from _nothing_callable(subject)
        return
    choices = subject.preferred
    evidence = tuple(
        f"{item.path}{trace_text(item, trace)}"
        for item in choices or functions
        for trace in item.traces
    )
    names = [item.path for item in choices]
    if not names:
        told = few([item.path for item in functions])
        could = f"the functions are for training or evaluation: {told}"
    elif len(names) == 1:
        could = f"{names[0]} could be one"
    else:
        could = f"{len(names)} functions could be one: {few(names)}"
    command = repair_command(subject.path)  # of several, `repair` says how to choose
    yield finding("SIG001", f"no signature; {could}", located(subject), evidence[:6], command)


def _nothing_callable(subject: Subject) -> Findings:
    meta = subject.meta
    found = unsigned_graph(subject) if meta.objects is None else None
    if found is not None:
        yield found
        return
    untraced = [
        item.path for item in (meta.objects.functions if meta.objects else ()) if not item.traces
    ]
    reason = f"; never traced: {few(untraced)}" if untraced else ""
    what = "no function that one could be made of"
    if meta.objects is None:
        what = "no result that depends on a placeholder which could be fed"
    evidence: tuple[str, ...] = ()
    if saved_without_traces(meta):
        reason = f": {WITHOUT_TRACES}"
        evidence = (way_without_traces(str(subject.path)),)
    yield finding("SIG005", f"no signature, and {what}{reason}", located(subject), evidence)


def check_offered(subject: Subject) -> Findings:
    """SIG001 to SIG005: is there a signature, and is one the default."""
    signatures = subject.meta.user_signatures
    keys = [signature.key for signature in signatures]
    if not keys:
        yield from _no_signature(subject)
    elif DEFAULT_SERVING_KEY in keys:
        if len(keys) > 1:
            others = [key for key in keys if key != DEFAULT_SERVING_KEY]
            yield finding("SIG004", f"other signatures: {few(others)}", located(subject))
    else:
        yield from _no_default(subject, keys)


def _no_default(subject: Subject, keys: list[str]) -> Findings:
    """SIG002 and SIG003. What is for training or evaluation is offered to nobody."""
    likely = meant_signatures(subject.meta, subject.meta.user_signatures).likely
    functions = [item.path for item in subject.preferred[:1]]
    options: list[str] = []  # `repair` says how to choose
    told = "" if likely else ", for training or evaluation"
    if functions and (not likely or (not likely[0].inputs and functions[0] in _ENTRY_POINTS)):
        options = ["--function", functions[0]]
    elif len(likely) == 1:
        options = ["--from", likely[0].key]
    if len(keys) == 1:
        code = "SIG002"
        message = f"the only signature is called {keys[0]}, not serving_default{told}"
    else:
        code = "SIG003"
        message = f"{len(keys)} signatures, none of them serving_default{told}: {few(keys)}"
    yield finding(code, message, located(subject), command=repair_command(subject.path, *options))


def check_traces(subject: Subject) -> Findings:
    """SIG006: functions with more than one trace, where a signature has to be made of them."""
    if subject.meta.user_signatures:
        return
    for function in subject.preferred:
        if len(function.traces) > 1:
            yield finding(
                "SIG006",
                f"{function.path} has {len(function.traces)} traces",
                located(subject, part=f"function {function.path}"),
                tuple(trace_text(function, trace) for trace in function.traces[:6]),
                repair_command(subject.path, "--function", function.path),
            )


def check_shape_of_signature(subject: Subject) -> Findings:
    """SIG007 to SIG009: no inputs, no outputs, a training step."""
    for signature in subject.meta.user_signatures:
        where = located(subject, signature)
        command = ""
        if len(subject.meta.user_signatures) > 1 and signature.key != DEFAULT_SERVING_KEY:
            command = repair_command(subject.path, "--remove-signature", signature.key)
        other = command or _a_function(subject, signature)
        if not signature.inputs:
            yield finding("SIG007", "takes no inputs", where, (), other)
        if not signature.outputs:
            yield finding("SIG008", "returns no outputs", where, (), other)
        yield from _of_training(subject, signature, command)


def _a_function(subject: Subject, signature: Signature) -> Command | str:
    """The command that makes the likeliest function the default instead.

    Without signatures given, `tf.saved_model.save` takes the only function of a fixed call, which
    may be a helper.
    """
    usual = [item for item in subject.preferred if not is_housekeeping(last_name(item))]
    behind = function_behind(subject.meta, signature.key)
    if not usual or (behind is not None and usual[0].path == behind.path):
        return ""
    return repair_command(subject.path, "--function", usual[0].path)


def _of_training(subject: Subject, signature: Signature, command: Command | str) -> Findings:
    """SIG009, a note where nothing but names speaks for it."""
    marks, where = subject.training_marks.get(signature.key, ()), located(subject, signature)
    if is_doubtful(signature.key, marks):
        told = finding("SIG009", "its names alone tell of training or evaluation", where, marks)
        yield replace(told, severity=Severity.NOTE)
    elif marks:
        beside = inference_beside_training(subject.meta)
        if signature.key == DEFAULT_SERVING_KEY and beside is not None:
            command = repair_command(subject.path, "--from", beside.likely[0].key)
        yield finding("SIG009", "is for training or evaluation", where, marks, command)


def check_method_names(subject: Subject) -> Findings:
    """SIG010 and SIG011: what TensorFlow Serving makes of the method name."""
    signatures = subject.meta.user_signatures
    plain = [item for item in signatures if item.method_name == PREDICT_METHOD]
    found = meant_signatures(subject.meta, plain)
    meant = [item.key for item in found.likely if item.key not in found.training]
    for signature in subject.meta.user_signatures:
        where = located(subject, signature)
        method = signature.method_name
        if not method:
            yield finding(
                "SIG010",
                "the method name is blank",
                where,
                command=repair_signature(subject, signature, "--method-name", PREDICT_METHOD),
            )
        elif method in _LEGACY:
            command = ""
            if meant and signature.key == DEFAULT_SERVING_KEY:
                command = repair_command(subject.path, "--from", meant[0])
            yield finding(
                "SIG011",
                f"made for TensorFlow Serving's {method.rpartition('/')[2]} call",
                where,
                (),
                command,
            )


def check_object_graph(subject: Subject) -> Findings:
    """SIG012: signatures that only the TF1 loader sees."""
    objects = subject.meta.objects
    if objects is None or objects.root is None:
        return
    listed = few(sorted(objects.signature_ids)) or "(none)"
    functions = subject.preferred
    for signature in subject.meta.user_signatures:
        if signature.key not in objects.signature_ids:
            options = ["--function", functions[0].path] if functions else []
            if options and signature.key != DEFAULT_SERVING_KEY:
                options += ["--signature", signature.key]
            yield finding(
                "SIG012",
                "in the signature map, not in the object graph",
                located(subject, signature),
                (f"object graph signatures: {listed}",),
                repair_command(subject.path, *options) if options else "",
            )


def check_fed(subject: Subject) -> Findings:
    """SIG013: a placeholder that the outputs need and no input feeds."""
    for signature in subject.meta.user_signatures:
        unfed = unfed_placeholders(subject.meta, signature)
        if not unfed:
            continue
        bindings = [unfed_binding(subject.meta, node) for node in unfed]
        names = few([node.name for node in unfed])
        message = f"it can never run: it needs {names}, which no input feeds"
        evidence = tuple(
            f"{node.name}: only the author knows its value at inference, for "
            f"--bind {quote(f'{node.name}=...')}"
            for node, binding in zip(unfed, bindings, strict=True)
            if not binding
        )
        command = ""
        if not evidence:
            options = [part for binding in bindings for part in ("--bind", binding)]
            command = repair_signature(subject, signature, *options)
        yield finding("SIG013", message, located(subject, signature), evidence, command)


CHECKS = (
    check_fed,
    check_offered,
    check_traces,
    check_shape_of_signature,
    check_method_names,
    check_object_graph,
)
