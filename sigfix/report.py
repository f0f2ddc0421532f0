"""Everything a run can say, as values; `rendering` turns them into text, JSON, SARIF."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from sigfix.describing.candidates import Candidate
from sigfix.describing.producer import Producer
from sigfix.diagnosis.rule import Finding, Severity
from sigfix.model import Graph, GraphFunction, Node, OtherModel, SavedModel


@dataclass(frozen=True)
class Failure:
    """A path that could not be read: the message and hint of the error, and its code.

    `ignored` where the user left its code out: it is shown, and counts for nothing.
    """

    message: str
    hint: str = ""
    code: str = ""
    ignored: bool = False


@dataclass(frozen=True)
class Inspection:
    """What `inspect` found at one path: a model with findings, or why it could not be read.

    `other` is a model that is no SavedModel (ONNX, Keras, TensorFlow.js).

    `candidates` are the possible (inputs, outputs) of each TF1 MetaGraph that no signature has;
    `custom_operators` those of each MetaGraph, with their numbers. `ignored` and `unselected` are
    how many findings the user's choice of codes left out, `baselined` how many a baseline did.
    """

    path: Path
    model: SavedModel | None
    producers: tuple[Producer, ...] = ()
    findings: tuple[Finding, ...] = ()
    candidates: tuple[tuple[tuple[Candidate, ...], tuple[Candidate, ...]], ...] = ()
    custom_operators: tuple[dict[str, int], ...] = field(default=())
    failure: Failure | None = None
    other: OtherModel | None = None
    ignored: int = 0
    unselected: int = 0
    baselined: int = 0

    @property
    def left_out(self) -> int:
        """How many findings `--ignore` names, and the path itself where it could not be read."""
        failed = self.failure is not None and self.failure.ignored and not self.baselined
        return self.ignored + failed

    def count(self, severity: Severity) -> int:
        """How many findings have this severity; a path that could not be read is an error."""
        failed = self.failure is not None and not self.failure.ignored
        found = sum(item.severity is severity for item in self.findings)
        return found + (failed and severity is Severity.ERROR)


@dataclass
class Totals:
    """What several inspections come to, each of which is added and need not be kept."""

    models: int = 0
    counts: dict[Severity, int] = field(default_factory=lambda: dict.fromkeys(Severity, 0))
    failed: int = 0
    """Paths that could not be read; `unreadable` are those of them that are not ignored."""
    unreadable: int = 0
    ignored: int = 0
    unselected: int = 0
    baselined: int = 0

    def add(self, item: Inspection) -> None:
        """Count what was found at one path."""
        self.models += 1
        for severity in Severity:
            self.counts[severity] += item.count(severity)
        self.failed += item.failure is not None
        self.unreadable += item.failure is not None and not item.failure.ignored
        self.ignored += item.left_out
        self.unselected += item.unselected
        self.baselined += item.baselined


def light(item: Inspection) -> Inspection:
    """The same, of a model's graphs only which operators they have and how many.

    It says the same in every format; a thousand of them fit into memory, and a process can send it.
    """
    if item.other is not None:
        return replace(item, other=replace(item.other, graph=None))
    if item.model is None:
        return item
    metas = tuple(replace(meta, graph=_counted(meta.graph)) for meta in item.model.meta_graphs)
    return replace(item, model=replace(item.model, meta_graphs=metas))


def _counted(graph: Graph) -> Graph:
    kinds: dict[str, Node] = {}

    def bare(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(kinds.setdefault(node.op, Node("", node.op, ())) for node in nodes)

    functions = tuple(
        GraphFunction(function.name, (), (), bare(function.nodes)) for function in graph.functions
    )
    return Graph(bare(graph.nodes), functions, graph.producer, graph.min_consumer)
