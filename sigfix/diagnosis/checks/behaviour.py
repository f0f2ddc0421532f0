"""BEH: what the graph does when it runs."""

from __future__ import annotations

from sigfix.describing.callables import trace_arguments
from sigfix.describing.computing import of_signature
from sigfix.describing.effects import LOADERS_OWN, PYTHON, changed_state, random_nodes, reaching
from sigfix.describing.fed_switches import fed_switch, left_on
from sigfix.describing.foreign_types import foreign_types
from sigfix.describing.libraries import library_of
from sigfix.describing.operator_kinds import BATCH_NORM
from sigfix.describing.operators import custom_operators
from sigfix.describing.running import Run, loading, of_functions, whole
from sigfix.describing.switches import are_off
from sigfix.describing.tables_filled import unfilled_tables
from sigfix.diagnosis.rule import repair_command
from sigfix.diagnosis.subject import Findings, Subject, few, finding, located, repair_signature
from sigfix.model import Literal, Node, node_of


def _is_dropout(node: Node) -> bool:
    return "dropout" in node.name.lower()


def _normalises_batch(run: Run, function: str, node: Node) -> bool:
    """Whether a node normalises by the statistics of its batch, as batch normalisation trains.

    Layer normalisation of Keras 2 uses the same operator for each example, with a scale of ones
    that it fills.
    """
    if node.op not in BATCH_NORM or node.attributes.get("is_training") is not True:
        return False
    scale = node.data_inputs[1:2]
    origins = [item for tensor in scale for item in run.origins(function, tensor)]
    filled = [item for item in origins if isinstance(item, Node) and item.op in _FILLED]
    return not origins or len(filled) < len(origins)


_FILLED = frozenset({"Fill", "OnesLike"})


def check_training_mode(subject: Subject) -> Findings:
    """BEH301 and BEH308: dropout, batch statistics, random operators."""
    for signature in subject.meta.user_signatures:
        taken = of_signature(subject.meta, signature.key).nodes
        nodes = [node for _, node in taken]
        ids = {id(node) for node in nodes}
        run = subject.run_of[signature.key]
        normalising = [item for item in taken if _normalises_batch(run, *item)]
        batch_norm = [node.name for _, node in normalising]
        # What a branch holds that is never taken does nothing.
        drawing = [n for n in random_nodes(run) if id(n) in ids]
        fed = {node_of(name) for item in signature.inputs for name in item.tensor_names}
        if are_off(run, {}, fed):  # a rate that is 0 by its default, which nothing feeds
            drawing = []
        dropout = [node.name for node in drawing if _is_dropout(node)]
        where = located(subject, signature)
        if batch_norm or dropout:
            what = [
                text
                for text, names in (
                    (f"batch normalisation uses batch statistics ({len(batch_norm)}x)", batch_norm),
                    (f"dropout is on ({len(dropout)}x)", dropout),
                )
                if names
            ]
            evidence = tuple(dict.fromkeys(batch_norm + dropout))[:6]
            dropping = {id(node) for node in drawing if _is_dropout(node)}
            training = [item for item in run.nodes if id(item[1]) in dropping] + normalising
            message, command = " and ".join(what), _inference_trace(subject)
            switch = fed_switch(run, signature, training)
            if switch is not None:
                key, off = switch
                on = {"false": "true", "true": "false", "0": "1", "1": "0"}.get(off, f"not {off}")
                message += f", where {key} is {on}"
                command = repair_signature(subject, signature, "--bind", f"{key}={off}")
            elif subject.meta.objects is None:
                defaults = left_on(run, signature, training)
                if defaults:
                    named = few([item.partition("=")[0] for item in defaults])
                    message += f", by the default of {named}"
                    options = [part for item in defaults for part in ("--bind", item)]
                    command = repair_signature(subject, signature, *options)
            yield finding("BEH301", message, where, evidence, command)
        random = sorted({node.op for node in drawing if not _is_dropout(node)})
        if random:
            yield finding("BEH308", f"random operators: {few(random)}", where)


def _inference_trace(subject: Subject) -> str:
    """The command that takes a trace made with training=False, '' where there is none."""
    for function in subject.callables:
        for trace in function.traces:
            if ("training", Literal(False)) in trace_arguments(function, trace):
                bind = ("--bind", "training=false")
                return repair_command(subject.path, "--function", function.path, *bind)
    return ""


def check_tables(subject: Subject) -> Findings:
    """BEH302: tables and nothing that fills them."""
    meta = subject.meta
    if meta.objects is not None:
        return
    empty = sorted({node.op for node in unfilled_tables(meta)})
    if empty:
        collected = "table_initializer" in meta.collections
        yield finding(
            "BEH302",
            f"{few(empty)} without an initialiser",
            located(subject),
            (
                "the collection table_initializer names one, which servers' loader does not run"
                if collected
                else "no saved_model_main_op or legacy_init_op fills them",
            ),
        )


def check_state(subject: Subject) -> Findings:
    """BEH303: a signature writes to variables, or a function that one would be made of."""
    for signature in subject.meta.user_signatures:
        changed = list(changed_state(subject.nodes_of[signature.key]))
        if changed:
            yield finding(
                "BEH303",
                f"changes the model's state: {few(changed)}",
                located(subject, signature),
            )
    if subject.meta.user_signatures:
        return
    library = subject.meta.graph.function_by_name
    for function in subject.preferred:
        traces = [trace.name for trace in function.traces if trace.name in library]
        run = of_functions(subject.meta, traces)
        changed = list(changed_state(node for _, node in run.nodes))
        if changed:
            where = located(subject, part=f"function {function.path}")
            yield finding("BEH303", f"changes the model's state: {few(changed)}", where)


def _whose(name: str) -> str:
    library = library_of(name)
    return "" if library is None else f", of {library.package}"


def check_foreign(subject: Subject) -> Findings:
    """BEH304 to BEH307: operators that need more than TensorFlow, or do more than compute."""
    graph = subject.meta.graph
    custom = custom_operators(graph)
    if custom:
        yield finding(
            "BEH304",
            f"operators that TensorFlow does not have: {few(list(custom))}",
            located(subject),
            tuple(f"{name}: {count}x{_whose(name)}" for name, count in custom.items()),
        )
    types = foreign_types(subject.meta)
    if types:
        yield finding(
            "BEH304",
            f"types that TensorFlow does not have: {few(list(types))}",
            located(subject),
            tuple(f"{name}: in {few(paths)}{_whose(name)}" for name, paths in types.items()),
        )
    used = graph.op_counts
    executed = reaching(loading(subject.meta), *subject.run_of.values())
    every = {
        *executed,
        *(item for item in reaching(whole(subject.meta)) if item.words not in LOADERS_OWN),
    }
    python = sorted({item.operator for item in every if item.words == PYTHON})
    if python:
        yield finding("BEH305", f"calls into Python: {few(python)}", located(subject))
    if "XlaCallModule" in used:
        yield finding(
            "BEH307",
            f"{used['XlaCallModule']} XlaCallModule: the computation is inside a StableHLO module",
            located(subject),
        )
    reach = sorted(item for item in every if item.words != PYTHON)
    if reach:
        listed = few(sorted({item.operator for item in reach}))
        evidence = tuple(f"{item}{'' if item in executed else ', not executed'}" for item in reach)
        yield finding(
            "BEH306", f"reaches out of the model: {listed}", located(subject), evidence[:6]
        )


CHECKS = (check_training_mode, check_tables, check_state, check_foreign)
