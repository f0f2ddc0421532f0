"""What operators do beyond computing: reach out of the model, draw random numbers, keep state.

The one table of it, `tables/operator_effects.txt`, and what a `Run` (see `running`) does by it.
`inspect` reports it, and `repair`, `verify` and `convert` ask before they run anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sigfix.describing.running import Run
from sigfix.model import ConstantTensor, Node

_TABLE = Path(__file__).with_name("tables") / "operator_effects.txt"
REACHES, RANDOM, STATE, HARMLESS = "reaches", "random", "state", "harmless"
PYTHON = "calls Python"
LOADERS_OWN = frozenset({"reads and writes checkpoints", "fills a table from a file"})
"""What loaders do with names of files of their own: such operators lie in many a SavedModel."""
DETERMINISTIC, KEEPS_STATE = "deterministic", "keeps state"


@dataclass(frozen=True)
class Effect:
    """A row of the table: `kind` is one of the four above, `words` say what `reaches` does."""

    kind: str
    words: str = ""


@cache
def effects() -> dict[str, Effect]:
    """Operator -> what it does beyond computing; operators that only compute are absent."""
    found: dict[str, Effect] = {}
    effect = Effect(HARMLESS)
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        if line.startswith("["):
            kind, _, words = line.strip("[]").partition(" ")
            effect = Effect(kind, words)
        elif not line.startswith("#"):
            found.update((name, effect) for name in line.split())
    return found


def kind_of(operator: str) -> str:
    """`reaches`, `random`, `state`, or `harmless` for all others."""
    effect = effects().get(operator)
    return HARMLESS if effect is None else effect.kind


@dataclass(frozen=True, order=True)
class Reach:
    """An operator that reaches out of the model, what it does, and the function it is in."""

    operator: str
    words: str
    function: str = ""

    def __str__(self) -> str:
        where = f" in function {self.function}" if self.function else ""
        return f"{self.operator}{where} ({self.words})"


def reaching(*runs: Run) -> tuple[Reach, ...]:
    """What of these runs reaches out of the model, each operator once a function.

    Restoring the variables and filling tables from assets, as every loader does, is no reach: the
    names of those files come from the loader. The same operators with a name of their own are.
    """
    found = {
        Reach(node.op, effects()[node.op].words, function)
        for run in runs
        for function, node in run.nodes
        if kind_of(node.op) == REACHES and not _stays_inside(run, function, node)
    }
    return tuple(sorted(found))


def _stays_inside(run: Run, function: str, node: Node) -> bool:
    """Whether an operator that can reach out does not, by its attributes or its file's name."""
    inputs = node.data_inputs
    if node.op == "PrintV2":
        return not str(node.attributes.get("output_stream", "")).startswith("file://")
    if node.op in ("Restore", "RestoreSlice", "RestoreV2") and inputs:
        return _is_named_by_loader(run, function, inputs[0])
    if node.op.startswith("InitializeTableFromTextFile") and len(inputs) > 1:
        return _is_named_by_loader(run, function, inputs[1])
    if node.op.startswith("CacheDataset") and len(inputs) > 1:  # without a name: in memory
        names = list(run.origins(function, inputs[1]))
        return bool(names) and all(isinstance(n, Node) and _text(n) == "" for n in names)
    return False


def _is_named_by_loader(run: Run, function: str, tensor: str) -> bool:
    origins = list(run.origins(function, tensor))
    fed = run.fed_by_loader
    return bool(origins) and all(
        origin == "asset" if isinstance(origin, str) else origin.name in fed for origin in origins
    )


def _text(node: Node) -> str | None:
    value = node.attributes.get("value")
    if node.op != "Const" or not isinstance(value, ConstantTensor) or not value.value:
        return None
    return str(value.value[0])


@dataclass(frozen=True)
class Conduct:
    """Whether one call says what the next will: `kind`, and the operators that are the reason.

    `kind` is `deterministic`, `keeps state` (what a call changes may show in the next one) or
    `random`. It is what the graph can do: an operator behind a switch that is off counts.
    """

    kind: str
    operators: tuple[str, ...] = ()

    def __str__(self) -> str:
        listed = f" ({', '.join(self.operators)})" if self.operators else ""
        return f"{self.kind}{listed}"


def conduct(run: Run) -> Conduct:
    """How a callable behaves from call to call; the run is its own, without what loading runs."""
    random = {node.op for node in random_nodes(run)}
    if random:
        return Conduct(RANDOM, tuple(sorted(random)))
    changed = changed_state(node for _, node in run.nodes)
    return Conduct(KEEPS_STATE, changed) if changed else Conduct(DETERMINISTIC)


def random_nodes(run: Run) -> list[Node]:
    """The nodes of a run whose outputs its inputs do not settle.

    `Stateless` ones count where their seed comes from a variable that the same run changes, as
    with the seed generators of Keras 3.
    """
    nodes = [node for _, node in run.nodes]
    found = [node for node in nodes if kind_of(node.op) == RANDOM]
    if changed_state(nodes):
        found += [
            node
            for function, node in run.nodes
            if is_stateless_random(node.op)
            and any(
                run.depends_on(function, tensor, _VARIABLE_READS) for tensor in node.data_inputs
            )
        ]
    return found


_VARIABLE_READS = frozenset({"ReadVariableOp", "VariableV2", "Variable", "ResourceGather"})


def is_stateless_random(operator: str) -> bool:
    """Whether an operator draws random numbers from a seed that is one of its inputs."""
    names = ("StatelessRandom", "StatelessMultinomial", "StatelessParameterizedTruncatedNormal")
    others = ("StatelessTruncatedNormal", "StatelessSampleDistortedBoundingBox", "StatelessShuffle")
    keys = ("StatelessRandomGet",)  # of them the numbers are made, and they are found by these
    return operator.startswith((*names, *others)) and not operator.startswith(keys)


def changed_state(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The operators that change what a later call sees; an initialiser's own are left out."""
    return tuple(
        sorted({n.op for n in nodes if kind_of(n.op) == STATE and "/init" not in n.name.lower()})
    )
