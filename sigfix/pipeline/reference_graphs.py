"""The graphs that a conversion went through, as files that TensorFlow runs to compare them.

They are written where they are made: what runs and compares them later needs no TensorFlow itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.verifying.feeding import AsTheyAre
from sigfix.verifying.runnable import GRAPH, Call, Runnable

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph.graph import Graph

FROZEN, OPTIMISED = "the frozen graph", "the optimised graph"
DEQUANTISED = "the dequantised graph"


@dataclass(frozen=True)
class ReferenceGraphs:
    """Files in `folder`, with the nodes of their inputs and outputs by the signature's keys."""

    folder: Path
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    unused_inputs: tuple[str, ...]

    @property
    def feed(self) -> AsTheyAre:
        """What they are fed with, as the written model is: what is used of a case."""
        return AsTheyAre(self.unused_inputs)

    def runnable(self, *titles: str) -> Runnable:
        """The graphs of these titles, run in one process of their own; each is a call."""
        calls = tuple(Call({"file": str(_file(self.folder, t))}, self.feed) for t in titles)
        details = {"inputs": dict(self.inputs), "outputs": dict(self.outputs)}
        return Runnable(GRAPH, self.folder, calls, " and ".join(titles), details)


def write_graphs(
    frozen: FrozenSignature,
    optimised: Graph,
    weights: Mapping[str, Any] | None,
    folder: Path,
) -> ReferenceGraphs:
    """Write what a check may need: of a quantised model (which stores `weights`), all three.

    `optimised` is the graph that TensorFlow can run.
    """
    from sigfix.exporting.reference import with_weights

    write_graph(frozen.graph.copy(), _file(folder, FROZEN))
    if weights is not None:
        write_graph(optimised.copy(), _file(folder, OPTIMISED))
        write_graph(with_weights(optimised, weights), _file(folder, DEQUANTISED))
    return ReferenceGraphs(folder, frozen.inputs, frozen.outputs, frozen.unused_inputs)


def _file(folder: Path, title: str) -> Path:
    return folder / f"{title.split()[1]}.pb"


def write_graph(graph: Graph, file: Path) -> Any:
    """Write a graph in a form that TensorFlow has kernels for on every machine; its GraphDef."""
    from sigfix.optimising.kernels.plain_kernels import use_plain_kernels

    use_plain_kernels(graph)
    definition = graph.graph_def()
    file.write_bytes(definition.SerializeToString())
    return definition
