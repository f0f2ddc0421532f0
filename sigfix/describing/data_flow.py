"""What a signature does, in a picture's worth of blocks: inputs, layers, tables, outputs.

The nodes that outputs are computed by are grouped by their name scopes, which is how Keras, TF1 and
exporters name layers. The largest group is opened first, as long as all of them fit into a picture;
scopes beside one another that do not fit are taken together in the order of computation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sigfix.describing.candidates import unsigned_candidates
from sigfix.describing.computing import Computation, Place, of_function, of_tensors
from sigfix.describing.functions import callable_functions, competing
from sigfix.describing.scopes import RUN, common_scope, grouped_by_scope
from sigfix.describing.signature_order import meant_signatures
from sigfix.model import (
    MetaGraph,
    Node,
    Signature,
    SignatureTensor,
    TensorSpec,
    format_shape,
    node_of,
    output_index,
)
from sigfix.model.graph import Graph
from sigfix.wording import plural

INPUT, BLOCK, TABLE, OUTPUT = "input", "block", "table", "output"
MOST_BLOCKS = 32
_WHOLE = "model"
MOST_ENDS = 6
"""Inputs, outputs and tables of which each is a box; more are one box."""
_PASSED_THROUGH = frozenset({"Identity", "IdentityN", "NoOp", "StopGradient", "PartitionedCall",
                             "StatefulPartitionedCall", "Placeholder"})  # fmt: skip


@dataclass(frozen=True)
class Box:
    """Something that data flows through: a dtype and shape, or operators with their numbers."""

    kind: str
    name: str
    dtype_and_shape: str = ""
    operators: tuple[tuple[str, int], ...] = ()

    @property
    def detail(self) -> str:
        """What is in it, the most frequent operators first."""
        if not self.operators:
            return self.dtype_and_shape
        total = sum(count for _, count in self.operators)
        most = ", ".join(f"{o} x {n}" if n > 1 else o for o, n in self.operators[:3])
        if len(self.operators) == 1:
            return most
        return f"{plural(total, 'operator')}: {most}" + (", ..." if len(self.operators) > 3 else "")


@dataclass(frozen=True)
class DataFlow:
    """Boxes, and the pairs of their numbers between which data flows."""

    boxes: tuple[Box, ...]
    edges: frozenset[tuple[int, int]]

    @property
    def operators(self) -> int:
        """How many there are in all blocks."""
        return sum(count for box in self.boxes for _, count in box.operators)

    def merged(self, circles: Iterable[Iterable[int]]) -> DataFlow:
        """With blocks that feed one another as one, named by the scope that they have in common."""
        new = list(range(len(self.boxes)))
        boxes = dict(enumerate(self.boxes))
        for circle in circles:
            first, *others = sorted(circle)
            counts: Counter[str] = Counter()
            for number in (first, *others):
                counts.update(dict(boxes[number].operators))
                new[number] = first
            names = [boxes[number].name.split(RUN)[0] for number in (first, *others)]
            scope = common_scope(names) or f"{names[0]}{RUN}{names[-1]}"
            boxes[first] = Box(BLOCK, scope, operators=tuple(counts.most_common()))
            for number in others:
                del boxes[number]
        at = {number: place for place, number in enumerate(sorted(boxes))}
        edges = frozenset((at[new[a]], at[new[b]]) for a, b in self.edges if new[a] != new[b])
        return DataFlow(tuple(boxes[number] for number in sorted(boxes)), edges)


def data_flow_of_other(
    graph: Graph, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, TensorSpec]
) -> tuple[str, DataFlow] | None:
    """What the graph of a model of another format does; None of an empty one.

    `inputs` and `outputs` are by their tensors in it, with the names and sizes that are shown.
    Where no output is known, the ends of the graph are its inputs and outputs.
    """
    taken, made = (
        tuple(SignatureTensor(item.name, replace(item, name=tensor)) for tensor, item in side)
        for side in (inputs.items(), outputs.items())
    )
    signatures = (Signature(_WHOLE, taken, made),) if outputs else ()
    found = data_flow_of(MetaGraph((), "", "", signatures, graph, None, {}, (), ()))
    return None if found is None else ("graph", found[1])


End = tuple[Place, str, str]
"""An input or an output: where its data is, what it is called, and its dtype and shape."""


def data_flow_of(meta: MetaGraph) -> tuple[str, DataFlow] | None:
    """What somebody who runs the model most likely means, with its name; None of an empty one.

    A signature, else a function, else what a graph without either takes and gives.
    """
    signatures = meant_signatures(meta, meta.user_signatures).likely or meta.user_signatures
    if signatures:
        inputs = [t for item in signatures[0].inputs for t in _tensors(item)]
        outputs = [t for item in signatures[0].outputs for t in _tensors(item)]
        return f"signature {signatures[0].key}", _of_graph(meta, inputs, outputs)
    functions = competing(meta, callable_functions(meta.objects)).functions if meta.objects else ()
    traced = next((item for item in functions if item.traces), None)
    body = meta.graph.function_by_name.get(traced.traces[0].name) if traced else None
    if traced is not None and body is not None:
        computation = of_function(meta, body.name)
        given = [((body.name, spec.name), spec.name, str_of(spec)) for spec in body.inputs]
        taken = [item for item in given if item[0] in computation.given]
        made = [
            ((body.name, node_of(body.returns.get(s.name, ""))), s.name, str_of(s))
            for s in body.outputs
        ]
        return f"function {traced.path}", _flow([computation], taken, made)
    found = unsigned_candidates(meta)
    if not found[1]:
        return None
    taken, made = (
        [(("", _full(item.spec.name)), item.spec.name, str_of(item.spec)) for item in side]
        for side in found
    )
    return "graph", _of_graph(meta, taken, made)


def _tensors(item: SignatureTensor) -> list[End]:
    return [
        (("", _full(name)), item.key, f"{item.spec.dtype}{format_shape(item.spec.shape)}")
        for name in item.tensor_names
    ]


def _of_graph(meta: MetaGraph, inputs: Sequence[End], outputs: Sequence[End]) -> DataFlow:
    """Each output by itself, where they are few: results of one call are told apart then."""
    fed = [place[1] for place, _, _ in inputs]
    wanted = [place[1] for place, _, _ in outputs]
    asked = [[name] for name in wanted] if len(wanted) <= MOST_ENDS else [wanted]
    return _flow([of_tensors(meta, tensors, fed) for tensors in asked], inputs, outputs)


def _flow(
    computations: Sequence[Computation], inputs: Sequence[End], outputs: Sequence[End]
) -> DataFlow:
    fed = {place for place, _, _ in inputs}
    walks = [_Walk(item, fed) for item in computations]
    nodes = {place: node for walk in walks for place, node in walk.kept.items()}
    order = list(nodes)
    tables = {place: node for walk in walks for place, node in walk.tables.items()}
    boxes: list[Box] = []
    number: dict[Place, int] = {}
    _add_ends(boxes, number, INPUT, inputs)
    _add_ends(boxes, number, TABLE, [(p, _table(node), node.op) for p, node in tables.items()])
    for group in grouped_by_scope([(place[1], nodes[place].op) for place in order], MOST_BLOCKS):
        places = [order[index] for index in group.members]
        number |= dict.fromkeys(places, len(boxes))
        counts = Counter(nodes[place].op for place in places)
        boxes.append(Box(BLOCK, group.name, operators=tuple(counts.most_common())))
    edges = {
        (number[source], number[place])
        for walk in walks
        for place in walk.kept
        for source in walk.sources(place)
        if source in number
    }
    ends: dict[Place, int] = {}
    _add_ends(boxes, ends, OUTPUT, outputs)
    for at, (place, _, _) in enumerate(outputs):
        walk = walks[at % len(walks)]
        edges |= {(number[s], ends[place]) for s in walk.behind(place) if s in number}
    return DataFlow(tuple(boxes), frozenset((a, b) for a, b in edges if a != b))


def str_of(spec: TensorSpec) -> str:
    """`float32[?,3]`."""
    return f"{spec.dtype}{format_shape(spec.shape)}"


def _full(tensor: str) -> str:
    return f"{node_of(tensor)}:{output_index(tensor)}"


def _table(node: Node) -> str:
    shared = node.attributes.get("shared_name")
    return shared if isinstance(shared, str) and shared else node.name


def _add_ends(boxes: list[Box], number: dict[Place, int], kind: str, ends: Sequence[End]) -> None:
    """A box each, or one for all of them where they are many."""
    if len(ends) > MOST_ENDS:
        number |= {place: len(boxes) for place, _, _ in ends}
        names = ", ".join([*dict.fromkeys(name for _, name, _ in ends)][:3])
        boxes.append(Box(kind, plural(len(ends), kind), f"{names}, ..."))
        return
    for place, name, detail in ends:
        number[place] = len(boxes)
        boxes.append(Box(kind, name, detail))


class _Walk:
    """One computation without what only hands data on, and without what is constant."""

    def __init__(self, computation: Computation, fed: set[Place]) -> None:
        self.reads = computation.reads
        nodes = computation.varying or list(computation.nodes)
        self.tables = {
            (scope, node.name): node for scope, node in computation.nodes if "HashTable" in node.op
        }
        passing = _PASSED_THROUGH | computation.graph.function_by_name.keys()
        found = {
            (scope, node.name): node
            for scope, node in nodes
            if node.op not in passing and (scope, node.name) not in self.tables
        }
        self.shown = found.keys() | self.tables.keys() | fed
        self.kept: Mapping[Place, Node] = {p: found[p] for p in self._in_order(found) if p in found}

    def _in_order(self, places: Iterable[Place]) -> list[Place]:
        """All that is read, what is read before who reads it."""
        done: dict[Place, None] = {}
        entered: set[Place] = set()
        for start in places:
            stack: list[tuple[Place, bool]] = [(start, False)]
            while stack:
                place, is_left = stack.pop()
                if is_left:
                    done[place] = None
                elif place not in entered:
                    entered.add(place)
                    stack.append((place, True))
                    below = sorted(self.reads.get(place, ()))
                    stack += [(item, False) for item in below if item not in entered]
        return list(done)

    def sources(self, place: Place) -> set[Place]:
        """The shown places whose data a place reads, through what hands it on."""
        return {s for each in self.reads.get(place, ()) for s in self.behind(each)}

    def behind(self, place: Place) -> set[Place]:
        """The shown place that data at `place` is from: itself, or those that are handed on."""
        found: set[Place] = set()
        pending, seen = [place, (place[0], node_of(place[1]))], set()
        while pending:
            item = pending.pop()
            if item in seen:
                continue
            seen.add(item)
            if item in self.shown:
                found.add(item)
            else:
                pending += self.reads.get(item, ())
        return found
