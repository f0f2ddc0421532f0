"""A model whose state was made inputs and outputs, compared over several steps.

The source keeps its state itself, from one call to the next in one process. TensorFlow.js is fed
with what it put out as the state the step before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sigfix.model import TensorSpec
from sigfix.pipeline.conversion_check import (
    Checked,
    Conversion,
    apart,
    both_ways,
    check_of,
    how_run,
    require_ok,
    tfjs_of,
)
from sigfix.planning.edits import InputPlan
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import Side, Source, judge, outputs_of
from sigfix.verifying.inputs.cases import Case, Given, made_up
from sigfix.verifying.inputs.given import fit_inputs, read_npz
from sigfix.verifying.runnable import TFJS, Run
from sigfix.verifying.running import run
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.exporting.state_threading import State
    from sigfix.pipeline.conversion_options import ConvertOptions

STEPS = 4


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
    from sigfix.exporting.input_limits import input_limits

    states = {state.input for state in frozen.states}
    own = {key: spec for key, spec in specs.items() if key not in states}
    if options.inputs is not None:
        given = fit_inputs(read_npz(options.inputs), own, str(options.inputs))
        return [Given(given)] * STEPS
    plans = [InputPlan(key, spec.dtype, spec.shape, key) for key, spec in own.items()]
    limits = input_limits(frozen.graph, frozen.inputs)
    return [made_up(plans, seed, batches=(1,), limits=limits)[0] for seed in range(STEPS)]


def check(conversion: Conversion, source: Source, states: Sequence[State]) -> Checked:
    """Run the steps in TensorFlow.js, as it is and with sigfix's kernels, and compare each.

    Raises as `conversion_check.check` does.
    """
    held: Arrays = {state.input: state.start for state in states}
    answered: list[list[Arrays]] = [[], []]
    titles: list[str] = []
    for fed in source.fed:
        found = run(tfjs_of(conversion), [Given({**fed, **held})], 1, conversion.seconds)
        ways = both_ways(found)
        titles = [title for title, _ in ways]
        held = _next(states, outputs_of(found)[0])
        for way, (_, (outputs,)) in zip(answered, ways, strict=True):
            way.append(_without(states, outputs))
    judged = judge(
        source,
        TFJS,
        list(zip(titles, answered, strict=True)),
        replace(check_of(conversion), witnesses=tuple),
    )
    require_ok(judged, source, conversion, None)
    plain, fast = apart(judged)
    steps = (
        f"compared over {plural(len(source.fed), 'call')}, each with the state of the one before"
    )
    return Checked(plain.comparisons, (), **how_run(found), measured=(*source.notes, steps, *fast))


def _next(states: Sequence[State], outputs: Arrays) -> Arrays:
    return {state.input: outputs[state.output].astype(state.start.dtype) for state in states}


def _without(states: Sequence[State], outputs: Arrays) -> Arrays:
    own = {state.output for state in states}
    return {key: value for key, value in outputs.items() if key not in own}
