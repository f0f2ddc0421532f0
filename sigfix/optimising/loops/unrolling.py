"""Loops whose condition is known at every step before anything is run: written out.

One step after the other is copied; a variable of the loop is what the step before made of it. What
depends on constants alone (counters, limits, places in lists) is computed at once, and so is
the condition: whatever a loop counts by, and however it is written, it ends where TensorFlow would
end it. Branches whose condition is known go the same way. Loops in loops are copied as they are and
written out afterwards.
"""

from __future__ import annotations

from itertools import count

from tensorflow.core.framework import node_def_pb2

from sigfix.optimising.graph.dimensions import symbolic_shapes
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_INT32, data_type_of
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.static_values import Values, as_constant
from sigfix.optimising.loops.evaluating import LARGEST, evaluate, known_value
from sigfix.optimising.loops.frames import Loop, depth_behind, depths_of, in_order, loops_of
from sigfix.optimising.loops.lists import write_out_lists

MOST_NODES = 20_000
"""Nodes that all loops together may become; docs/graph-passes.md has what it was measured by."""

WHOLE = (DT_INT32, 9)
"""Types of what is counted: int32 and int64."""

Ports = tuple[str | None, ...]
"""What a node's outputs are in the written-out graph; None has no value: it is never computed."""


def unroll_loops(graph: Graph) -> int:
    """Write out every loop whose number of steps is known; returns how many.

    What a loop leaves may be what the next one counts by: they are looked at again after each.
    """
    changed = _write_out_all_lists(graph)
    left: set[str] = set()
    too_large: set[str] = set()
    budget, unrolled = MOST_NODES, 0
    while loops := [loop for loop in loops_of(graph) if loop.name not in left]:
        _enter_known_sizes(graph, loops)
        depths = depths_of(graph, in_order(graph))
        before = unrolled
        for loop in loops:
            unrolling = Unrolling(graph, loop, depths, budget, str(unrolled))
            if unrolling.run():
                budget -= unrolling.made
                unrolled += 1
            elif unrolling.too_large:
                too_large.add(loop.name)
            left.add(loop.name)
            graph.set_nodes(graph.nodes)
        graph.prune()
        graph.set_nodes(graph.nodes)
        if unrolled > before:
            changed += _write_out_all_lists(graph)
            left = set(too_large)
    return changed + unrolled


def _write_out_all_lists(graph: Graph) -> int:
    """What is read from one list may tell how long the next one is."""
    changed = 0
    while done := write_out_lists(graph):
        changed += done
    return changed


def _enter_known_sizes(graph: Graph, loops: list[Loop]) -> None:
    """What loops count to is often a size: let it enter as a number where it is one."""
    counts = [
        enter
        for loop in loops
        for _, enter, _ in loop.merges
        if data_type_of(enter) in WHOLE and graph.constant_node(enter.input[0]) is None
    ]
    if counts:
        values = Values(graph, symbolic_shapes(graph, infer_shapes(graph)))
        for enter in counts:
            found = values.of(enter.input[0])
            number = None if found is None else as_constant(found, data_type_of(enter))
            if number is not None:
                graph.set_input(enter, 0, graph.add_constant(f"{enter.name}/known", number))


class Unrolling:
    """One loop on its way: `seen` says what each of its nodes is in the step that is copied.

    A name there is that of a node's copy, and `Ports` are references to what else its outputs are.
    """

    def __init__(self, graph: Graph, loop: Loop, depths: dict[str, int], most: int, mark: str):
        self.graph, self.loop, self.depths, self.most, self.mark = graph, loop, depths, most, mark
        self.variables = {str(merge.name): str(enter.input[0]) for merge, enter, _ in loop.merges}
        self.constants: dict[str, str] = {}
        self.seen: dict[str, str | Ports] = {}
        self.made, self.too_large = 0, False

    def run(self) -> bool:
        """Write the loop out; returns whether it could be. It became `made` nodes then.

        If not, all is as before but for nodes that nobody reads, where a condition is not known,
        where there are more nodes than `most` or more steps than lists are followed for, or in a
        branch: its results must have no value then
        where that is not taken.
        """
        if any(self._depth(node.input[0]) for node in self.loop.nodes if self._enters(node)):
            return False
        for step in count():
            self.seen = {name: (value,) for name, value in self.variables.items()}
            self._name_inner_nodes(step)
            for node in self.loop.nodes:
                if node.name not in self.variables:
                    self._copy(node, step)
                if node is self.loop.condition:
                    condition = known_value(self.graph, str(self._of(node.input[0])))
                    if condition is None or condition.size != 1:
                        return False
                    if not condition.item():
                        break
            else:
                if self.made > self.most or step == LARGEST:
                    self.too_large = True
                    return False
                self.variables = {
                    str(merge.name): str(self._of(back.input[0]))
                    for merge, _, back in self.loop.merges
                }
                continue
            self._leave()
            return True
        return False

    def _enters(self, node: NodeDef) -> bool:
        return node.op == "Enter" and len(self.loop.paths[node.name]) == 1

    def _of(self, reference: str) -> str | None:
        """What a reference in the loop is in this step."""
        name, _, port = reference.partition(":")
        found = self.seen.get(name, name)
        if isinstance(found, str):
            return f"{found}:{port}" if port else found
        place = int(port or 0)
        return found[place] if place < len(found) else None

    def _waited_for(self, name: str) -> str | None:
        """What a control input on a node waits for: any of its outputs; None where it has none."""
        found = self.seen.get(name, name)
        return found if isinstance(found, str) else next((r for r in found if r), None)

    def _name_inner_nodes(self, step: int) -> None:
        """Nodes of loops within have their names before they are copied: they read each other."""
        for node in self.loop.nodes:
            if len(self.loop.paths[node.name]) > 1:
                self.seen[node.name] = self.graph.unused_name(f"{node.name}/{self.mark}/{step}")

    def _copy(self, node: NodeDef, step: int) -> None:
        """Say what a node is in this step, with a copy where there is nothing simpler."""
        inner = len(self.loop.paths[node.name]) > 1
        data = [self._of(r) for r in node.input if r[0] != "^"]
        controls = [self._waited_for(r[1:]) for r in node.input if r[0] == "^"]
        depth = max((self._depth(r) for r in (*data, *controls)), default=0)
        live = [reference for reference in data if reference is not None]
        if node.op == "Merge" and not inner:
            if len(live) < 2:
                self.seen[node.name] = tuple(live)
                return
        elif len(live) < len(data) or None in controls:
            self.seen[node.name] = ()
            return
        if not inner and self._is_simple(node, live, depth):
            return
        kept = [f"^{node_of(c)}" for c in controls if c and (inner or self._depth(c))]
        self._add(node, [*live, *dict.fromkeys(kept)], depth, step, inner)

    def _is_simple(self, node: NodeDef, data: list[str], depth: int) -> bool:
        """Whether a node is no copy, but a constant or something that there is; then it is."""
        name = str(node.name)
        if node.op in ("Enter", "NextIteration", "LoopCond"):
            self.seen[name] = (data[0],)
        elif node.op == "Switch" and (taken := known_value(self.graph, data[1])) is not None:
            self.seen[name] = (None, data[0]) if taken.item() else (data[0], None)
        elif depth:
            return False  # it has a value only where its branch is taken
        elif node.op == "Identity":
            self.seen[name] = (data[0],)
        elif node.op == "Const":
            self.seen[name] = (self._constant(node),)
        else:
            value = evaluate(node, [known_value(self.graph, reference) for reference in data])
            if value is None:
                return False
            self.seen[name] = (self.graph.add_constant(f"{name}/{self.mark}", value),)
        return True

    def _constant(self, node: NodeDef) -> str:
        """A constant of the loop outside of it, once for all steps."""
        name = str(node.name)
        if name not in self.constants:
            copy = node_def_pb2.NodeDef()
            copy.CopyFrom(node)
            copy.name = self.graph.unused_name(f"{name}/{self.mark}")
            self.graph.set_inputs(copy, [])
            self.graph.nodes[copy.name] = copy
            self.constants[name] = str(copy.name)
        return self.constants[name]

    def _add(self, node: NodeDef, inputs: list[str], depth: int, step: int, inner: bool) -> None:
        copy = node_def_pb2.NodeDef()
        copy.CopyFrom(node)
        known = self.seen[node.name] if inner else None
        name = known if isinstance(known, str) else None
        copy.name = name or self.graph.unused_name(f"{node.name}/{self.mark}/{step}")
        self.graph.set_inputs(copy, inputs)
        if node.op == "Enter":
            copy.attr["frame_name"].s += f"/{self.mark}/{step}".encode()
        self.graph.nodes[copy.name] = copy
        self.seen[node.name] = str(copy.name)
        self.depths[copy.name] = depth if inner else depth_behind(node.op, depth)
        self.made += 1

    def _depth(self, reference: str | None) -> int:
        return 0 if reference is None else self.depths.get(node_of(reference), 0)

    def _leave(self) -> None:
        """Each Exit becomes a copy of what its variable is at last."""
        for node in self.loop.exits:
            switch = self.graph.nodes[node_of(node.input[0])]
            node.op = "Identity"
            name = node_of(switch.input[0])
            value = self.variables.get(name) or str(self.graph.nodes[name].input[0])
            self.graph.set_inputs(node, [value])
