"""The source of a conversion, asked for its answers while the graph is being optimised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sigfix.model import TensorSpec
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.prepared import Prepared
from sigfix.pipeline.progress import Say

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.verifying.runnable import Run

Asked = tuple["Callable[[], Run] | None", tuple[str, ...]]
"""What waits for the source's answers, and the kinds of inputs that were made up for it."""


@contextmanager
def asked_source(
    prepared: Prepared, options: ConvertOptions, say: Say
) -> Iterator[Callable[[FrozenSignature, Mapping[str, TensorSpec]], Asked]]:
    """The source, running beside the block, which asks it once its inputs are known."""
    if not options.verify:
        yield lambda frozen, specs: (None, ())
        return
    if options.choice.states:
        from sigfix.pipeline import stepwise

        yield lambda frozen, specs: (
            lambda: stepwise.answers(prepared, frozen, specs, options),
            (),
        )
        return
    from sigfix.pipeline.conversion_source import conversion_cases, input_keys, started_source
    from sigfix.verifying.checking import given_and_tried

    with started_source(prepared, options.seconds, say) as running:

        def ask(frozen: FrozenSignature, specs: Mapping[str, TensorSpec]) -> Asked:
            from sigfix.exporting.input_limits import input_limits

            limits = input_limits(frozen.graph, frozen.inputs)
            keys = input_keys(prepared)
            cases = conversion_cases(
                specs, options.inputs, prepared.card, keys, limits, prepared.features
            )
            return running(cases), given_and_tried(cases)["tried"]

        yield ask
