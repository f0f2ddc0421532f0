"""The source of a conversion, asked for its answers.

A SavedModel is asked once the model is written, by a process that is a copy of one that has only
imported TensorFlow, as the one that writes is: two of them with a model each would hold more than
either needs. Any other source is asked while the graph is being optimised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from sigfix.forking import copies
from sigfix.model import TensorSpec
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.open_batches import told_sizes
from sigfix.pipeline.prepared import Prepared
from sigfix.pipeline.progress import Say

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.verifying.inputs.cases import Case, Given
    from sigfix.verifying.runnable import Finish, Run

    Cases = Sequence[Case | Given]
    Ask = Callable[[Cases], Callable[[], Run]]
    """Takes the cases at once, and gives what waits for the answers."""


def cases_of(
    prepared: Prepared,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    options: ConvertOptions,
) -> tuple[Cases, tuple[str, ...]]:
    """What source and result are run on, and the kinds of inputs that were made up for it."""
    from sigfix.exporting.input_limits import input_limits, known_values
    from sigfix.pipeline import stepwise
    from sigfix.pipeline.conversion_source import conversion_cases, input_keys
    from sigfix.verifying.checking import given_and_tried
    from sigfix.verifying.inputs.contents import picks_the_best

    if options.choice.states:
        return stepwise.cases(frozen, specs, options), ()
    cases = conversion_cases(
        specs,
        options.inputs,
        prepared.card,
        input_keys(prepared),
        input_limits(frozen.graph, frozen.inputs),
        prepared.features,
        picks_the_best(node.op for node in frozen.graph.nodes.values()),
        prepared.parts,
        known_values(frozen.graph, frozen.inputs),
    )
    return cases, given_and_tried(cases)["tried"]


def source_copies(prepared: Prepared) -> AbstractContextManager[None]:
    """Let a SavedModel be run by copies of this process in the block, where that can be."""
    from sigfix.pipeline.conversion_source import source_side
    from sigfix.verifying.runnable import SAVED_MODEL

    kind = source_side(prepared).runnable.kind
    return copies() if kind == SAVED_MODEL else nullcontext()


def answers_of(prepared: Prepared, cases: Cases, options: ConvertOptions, say: Say) -> Run:
    """Run the source now. Raises `NotVerifiedError` where it cannot be run."""
    with told_sizes(prepared, options), _started(prepared, cases, options) as finish:
        say("running the source")
        found = finish(None)
    say("")
    return found


@contextmanager
def asked_source(prepared: Prepared, options: ConvertOptions) -> Iterator[Ask]:
    """Start the source beside what the block does: importing its software takes seconds.

    The block tells it the cases as soon as they are known. The waiting raises `NotVerifiedError`
    where the source cannot be run.
    """
    with ExitStack() as ending:
        waiting = ThreadPoolExecutor(1, "sigfix-source")
        ending.callback(waiting.shutdown)
        # Ended before the thread is waited for: what waits for a process that is gone returns.
        finish = ending.enter_context(_started(prepared, None, options))

        def ask(cases: Cases) -> Callable[[], Run]:
            found = waiting.submit(finish, cases)

            def answer() -> Run:
                with told_sizes(prepared, options):
                    return found.result()

            return answer

        yield ask


def _started(
    prepared: Prepared, cases: Cases | None, options: ConvertOptions
) -> AbstractContextManager[Finish]:
    from sigfix.pipeline.conversion_source import source_side
    from sigfix.verifying.checking import REPEATS
    from sigfix.verifying.running import started

    repeats = 1 if options.choice.states else REPEATS  # a step is not repeated
    return started(source_side(prepared).runnable, cases, repeats, options.seconds)
