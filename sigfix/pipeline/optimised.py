"""A frozen graph through the passes; one that fails is left out, and named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigfix.errors import first_line
from sigfix.memory import release
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.progress import Say

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph.graph import Graph


DT_BFLOAT16, DT_HALF = 14, 19
FEW_DIGITS = {DT_BFLOAT16: "bfloat16", DT_HALF: "float16"}
"""Numbers with fewer digits than float32, the fewest first."""


@dataclass(frozen=True)
class Optimised:
    """A frozen graph after the passes: `values` TensorFlow can run, `kernels` TF.js alone."""

    values: Graph
    kernels: Graph
    failed: dict[str, str]
    """Passes that raised and were left out, each with what it raised."""

    @property
    def few_digits(self) -> str:
        """The type with fewer digits than float32 that the model computes with; empty if none."""
        # Asking an attribute that is absent would add it.
        kinds = {
            node.attr["T"].type
            for node in self.values.nodes.values()
            if node.op != "Cast" and "T" in node.attr
        }
        return next((name for kind, name in FEW_DIGITS.items() if kind in kinds), "")

    @property
    def tolerance(self) -> float | None:
        """What TensorFlow.js may differ by where the model computes with few digits, else None."""
        from sigfix.verifying.tolerances import COMPUTED

        return COMPUTED.get(self.few_digits)

    @property
    def notes(self) -> tuple[str, ...]:
        """A line about each pass that failed, and about few digits."""
        failed = [
            f"the pass {name} failed and was left out; this is a fault of sigfix ({reason})"
            for name, reason in self.failed.items()
        ]
        if self.tolerance is None:
            return tuple(failed)
        return (
            f"the model computes with {self.few_digits} and TensorFlow.js with float32: they may "
            f"differ by {self.tolerance:g} of an output's range",
            *failed,
        )

    @property
    def operators(self) -> dict[str, int]:
        """How many nodes of each operator TF.js will find, the most first."""
        return dict(Counter(node.op for node in self.kernels.nodes.values()).most_common())


def optimise(frozen: FrozenSignature, options: ConvertOptions, say: Say) -> Optimised:
    """Run the passes; what fails is left out. Raises `ConversionError` for what has no form."""
    from sigfix.optimising import passes

    say("optimising the graph for TensorFlow.js")
    failed: dict[str, str] = {}

    def failing(name: str, error: Exception) -> None:
        failed[name] = f"{type(error).__name__}: {first_line(error)}"

    values = passes.optimise_values(frozen.graph, options.without, options.target, failing)
    kernels = passes.optimise_kernels(values, options.without, failing)
    release()
    return Optimised(values, kernels, failed)
