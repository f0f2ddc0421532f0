"""A model whose state was made inputs and outputs, compared over several steps.

The source keeps its state itself, from one call to the next in one process. TensorFlow.js is fed
with what it put out as the state the step before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sigfix import forking
from sigfix.model import DEFAULT_SERVING_KEY, TensorSpec
from sigfix.pipeline.conversion_check import (
    Checked,
    Conversion,
    apart,
    both_ways,
    check_of,
    dequantised,
    how_run,
    losses_of,
    require_ok,
    stored_as_meant,
    tfjs_of,
)
from sigfix.pipeline.reference_graphs import DEQUANTISED, OPTIMISED
from sigfix.planning.edits import InputPlan
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import Judged, Side, Source, judge, outputs_of
from sigfix.verifying.inputs.cases import STEPS, Case, Given, made_up
from sigfix.verifying.inputs.given import fit_inputs, read_npz
from sigfix.verifying.runnable import TFJS, Run
from sigfix.verifying.runners import saved_model
from sigfix.verifying.running import run
from sigfix.verifying.verdict import Comparison
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.exporting.state_threading import State
    from sigfix.pipeline.conversion_options import ConvertOptions
    from sigfix.pipeline.prepared import Prepared


def read(side: Side, found: Run) -> Source:
    """The source's answers."""
    fed = tuple(case.inputs for case in found.cases)
    outputs = tuple(side.joined(case, 0) for case in found.cases)
    return Source(side.runnable.title, fed, outputs, found.notes)


def cases(
    frozen: FrozenSignature, specs: Mapping[str, TensorSpec], options: ConvertOptions
) -> Sequence[Case | Given]:
    """One row for each of `STEPS` calls, of another seed each time, or the user's inputs in each.

    Each call begins with the state in which the last one ended.
    """
    from sigfix.exporting.input_limits import input_limits, known_values

    states = {state.input for state in frozen.states}
    own = {key: spec for key, spec in specs.items() if key not in states}
    if options.inputs is not None:
        given = fit_inputs(read_npz(options.inputs), own, str(options.inputs))
        return [Given(given)] * STEPS
    plans = [InputPlan(key, spec.dtype, spec.shape, key) for key, spec in own.items()]
    limits = input_limits(frozen.graph, frozen.inputs)
    known = known_values(frozen.graph, frozen.inputs)
    return [
        made_up(plans, seed, batches=(1,), limits=limits, known=known)[0] for seed in range(STEPS)
    ]


def with_states(
    source: Source, states: Sequence[State], prepared: Prepared, seconds: float
) -> Source:
    """The source's answers with what the variables hold behind each call.

    What no output depends on within a few calls is compared as well, so. It is the SavedModel that
    was converted that tells it, whatever the source is.
    """
    held = {state.output: state.variable for state in states}
    key = prepared.signature or DEFAULT_SERVING_KEY
    model = saved_model.keeping(prepared.model, prepared.tags, key, held)
    found = outputs_of(run(model, [Given(fed) for fed in source.fed], 1, seconds))
    outputs = [
        {**own, **{name: values[name] for name in held}}
        for own, values in zip(source.outputs, found, strict=True)
    ]
    return replace(source, outputs=tuple(outputs))


def check(conversion: Conversion, source: Source, states: Sequence[State]) -> Checked:
    """Run the steps in TensorFlow.js, as it is and with sigfix's kernels, and compare each.

    Of a quantised model the optimised graph is compared with the source over the steps; then each
    step in TensorFlow.js, and the state behind it, with what the graph with the stored weights
    computes of the same state; and what the stored weights cost over all steps is measured.

    Raises as `conversion_check.check` does.
    """
    runs: list[Run] = []

    def in_tfjs(fed: Arrays) -> list[Arrays]:
        runs.append(run(tfjs_of(conversion), [Given(fed)], 1, conversion.seconds))
        return [outputs for _, (outputs,) in both_ways(runs[-1])]

    optimised = None
    losses: tuple[Comparison, ...] = ()
    if conversion.quantised:
        _, (answers,) = forking.apart(lambda: _in_graph(conversion, source, states))
        optimised = _own(conversion, source, OPTIMISED, [("", answers)])
    fed, found = _stepped(source, states, in_tfjs)
    ways = list(zip((title for title, _ in both_ways(runs[-1])), found, strict=True))
    if optimised is None:
        plain, fast = apart(_own(conversion, source, TFJS, ways))
        comparisons = plain.comparisons
    else:
        graph = conversion.graphs.runnable(DEQUANTISED)
        given = [Given(each) for each in fed]
        exact = outputs_of(run(graph, given, 1, conversion.seconds))
        plain, fast = stored_as_meant(conversion, dequantised(conversion, fed, exact), ways, None)
        comparisons = (*optimised.comparisons, *plain.comparisons)
        plainly = replace(source, outputs=tuple(_without(states, o) for o in source.outputs))
        losses = losses_of(conversion, plainly, [_without(states, each) for each in found[0]])
    measured = (*source.notes, _steps_told(source), *plain.notes, *fast)
    return Checked(comparisons, losses, **how_run(runs[-1]), measured=measured)


def _steps_told(source: Source) -> str:
    calls = plural(len(source.fed), "call")
    return f"compared over {calls}, each with the state of the one before"


def _stepped(
    source: Source, states: Sequence[State], call: Callable[[Arrays], list[Arrays]]
) -> tuple[list[Arrays], list[list[Arrays]]]:
    """What each step was fed with, and the outputs of each way that `call` takes, by step.

    The first way's state goes into the next step.
    """
    held: Arrays = {state.input: state.start for state in states}
    fed: list[Arrays] = []
    found: list[list[Arrays]] = []
    for own in source.fed:
        fed.append({**own, **held})
        ways = call(fed[-1])
        found = found or [[] for _ in ways]
        for way, outputs in zip(found, ways, strict=True):
            way.append(outputs)
        held = _next(states, ways[0])
    return fed, found


def _in_graph(
    conversion: Conversion, source: Source, states: Sequence[State]
) -> tuple[list[Arrays], list[list[Arrays]]]:
    """The steps in the optimised graph, by processes that import TensorFlow once."""
    graph = conversion.graphs.runnable(OPTIMISED)

    def call(fed: Arrays) -> list[Arrays]:
        return [outputs_of(run(graph, [Given(fed)], 1, conversion.seconds))[0]]

    with forking.copies():
        return _stepped(source, states, call)


def _own(
    conversion: Conversion,
    source: Source,
    title: str,
    ways: Sequence[tuple[str, Sequence[Arrays]]],
) -> Judged:
    """What each step put out, and the states behind it, compared. Raises as `require_ok` does."""
    judged = judge(source, title, ways, replace(check_of(conversion), witnesses=tuple))
    require_ok(judged, source, conversion, None)
    return judged


def _next(states: Sequence[State], outputs: Arrays) -> Arrays:
    return {state.input: outputs[state.output].astype(state.start.dtype) for state in states}


def _without(states: Sequence[State], outputs: Arrays) -> Arrays:
    own = {state.output for state in states}
    return {key: value for key, value in outputs.items() if key not in own}
