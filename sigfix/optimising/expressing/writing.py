"""What a rule writes with: nodes and constants in the place of one node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, DT_INT32, names
from sigfix.optimising.graph.shapes import Shapes, infer_shapes

Reference = str
WITHOUT_TYPE = names("LogicalAnd LogicalNot LogicalOr Range")
"""Operators without an attribute T."""


@dataclass(frozen=True)
class Writer:
    """The place of one node: its operands, and nodes that are added beside it."""

    graph: Graph
    node: NodeDef
    shapes: Shapes
    loops: bool

    def operand(self, place: int) -> Reference:
        """The reference of an operand."""
        return str(self.node.input[place])

    def value(self, place: int) -> Array | None:
        """The value of a constant operand, else None."""
        return self.graph.constant(self.node.input[place])

    def shape(self, reference: Reference) -> list[int | None] | None:
        """The shape of a tensor, None where its rank is unknown."""
        return self.shapes.get(reference.removesuffix(":0"))

    @property
    def data_type(self) -> int:
        """The element type of the node, TensorFlow's number; without an attribute float32."""
        return int(self.node.attr["T"].type) or DT_FLOAT

    def constant(self, value: Array, beside: Reference = "") -> Reference:
        """A constant. In a graph with loops it waits for `beside`, whose frame it is in then."""
        name = self.graph.add_constant(f"{self.node.name}/value", value)
        if self.loops:
            made = self.graph.nodes[name]
            self.graph.set_inputs(made, [f"^{node_of(beside or self.operand(0))}"])
        return name

    def number(self, value: float, kind: int = 0) -> Reference:
        """A scalar of the node's own type, or of `kind`."""
        from tensorflow.python.framework import dtypes

        own = dtypes.as_dtype(kind or self.data_type).as_numpy_dtype
        return self.constant(np.array(value, own))

    def whole(self, values: object) -> Reference:
        """An int32 constant: axes, shapes, places."""
        return self.constant(np.array(values, np.int32))

    def add(self, op: str, *inputs: Reference, kind: int | None = None) -> Reference:
        """A node of the node's own element type, or of `kind`."""
        base = f"{self.node.name}/{op.lower()}"
        own = self.data_type if kind is None else kind
        made = self.graph.add_node(base, op, inputs, own)
        if op in WITHOUT_TYPE:
            del made.attr["T"]
        return str(made.name)

    def made(self, reference: Reference) -> NodeDef:
        """The node that was added, for its attributes."""
        return self.graph.nodes[node_of(reference)]

    def cast(self, reference: Reference, source: int, wanted: int) -> Reference:
        """A Cast between two element types."""
        node = self.graph.add_node(f"{self.node.name}/cast", "Cast", [reference], source)
        del node.attr["T"]
        node.attr["SrcT"].type, node.attr["DstT"].type = source, wanted
        return str(node.name)

    def select(self, condition: Reference, if_true: Reference, if_false: Reference) -> Reference:
        """One or the other, element by element."""
        return self.add("SelectV2", condition, if_true, if_false)

    def compare(self, op: str, left: Reference, right: Reference, kind: int = 0) -> Reference:
        """A comparison; the result is boolean."""
        return self.add(op, left, right, kind=kind or self.data_type)

    def total(self, reference: Reference, axes: Sequence[int], kind: int = 0) -> Reference:
        """A Sum over axes."""
        made = self.add("Sum", reference, self.whole(axes), kind=kind or self.data_type)
        self.made(made).attr["Tidx"].type = DT_INT32
        return made

    def reshape(
        self, reference: Reference, shape: Sequence[int] | Reference, kind: int = 0
    ) -> Reference:
        """A Reshape to a constant shape (-1: the rest), or to one that is computed."""
        target = shape if isinstance(shape, str) else self.whole(list(shape))
        made = self.add("Reshape", reference, target, kind=kind or self.data_type)
        self.made(made).attr["Tshape"].type = DT_INT32
        return made

    def transpose(self, reference: Reference, order: Sequence[int]) -> Reference:
        """A Transpose, none where the order stays."""
        if list(order) == list(range(len(order))):
            return reference
        made = self.add("Transpose", reference, self.whole(list(order)))
        self.made(made).attr["Tperm"].type = DT_INT32
        return made

    def expand(self, reference: Reference, axis: int, kind: int = 0) -> Reference:
        """An axis of size one more."""
        made = self.add("ExpandDims", reference, self.whole(axis), kind=kind or self.data_type)
        self.made(made).attr["Tdim"].type = DT_INT32
        return made

    def size_of(self, reference: Reference, axis: int) -> Reference:
        """The size of one axis, an int32 scalar that is computed where it is open."""
        known = self.shape(reference)
        if known is not None and known[axis] is not None:
            return self.whole(known[axis])
        shape = self.graph.add_node(f"{self.node.name}/sizes", "Shape", [reference], self.data_type)
        shape.attr["out_type"].type = DT_INT32
        ends = [self.whole([axis]), self.whole([axis + 1] if axis != -1 else [0]), self.whole([1])]
        made = self.made(self.add("StridedSlice", str(shape.name), *ends, kind=DT_INT32))
        made.attr["Index"].type, made.attr["shrink_axis_mask"].i = DT_INT32, 1
        if axis == -1:
            made.attr["end_mask"].i = 1
        return str(made.name)

    def pack(self, scalars: Sequence[Reference]) -> Reference:
        """Scalars as a vector of int32."""
        made = self.made(self.add("Pack", *scalars, kind=DT_INT32))
        made.attr["N"].i, made.attr["axis"].i = len(scalars), 0
        return str(made.name)

    def counted(self, size: Reference) -> Reference:
        """0, 1, 2 and so on to below `size`, int32."""
        made = self.made(self.add("Range", self.whole(0), size, self.whole(1), kind=DT_INT32))
        made.attr["Tidx"].type = DT_INT32
        return str(made.name)

    def cut(
        self, reference: Reference, axis: int, begin: Reference | None, end: Reference | None
    ) -> Reference:
        """A part of one axis, from `begin` to before `end`; None is where the axis does."""
        places = [
            self.pack([self.whole(0)] * axis + [place or self.whole(0)]) for place in (begin, end)
        ]
        made = self.made(self.add("StridedSlice", reference, *places, self.whole([1] * (axis + 1))))
        made.attr["Index"].type = DT_INT32
        before = 2**axis - 1
        made.attr["begin_mask"].i = before if begin else 2 ** (axis + 1) - 1
        made.attr["end_mask"].i = before if end else 2 ** (axis + 1) - 1
        return str(made.name)

    def folded(self, reference: Reference) -> Reference:
        """A constant, where TensorFlow can compute it of constants alone; else as it is."""
        own, waiting = {}, [node_of(reference)]
        while waiting:
            name = waiting.pop()
            node = self.graph.nodes[name]
            if node.op in ("Placeholder", "Enter") or name in self.graph.inputs:
                return reference
            if name not in own:
                own[name] = node
                waiting += [node_of(item) for item in node.input if not item.startswith("^")]
        if self.loops:
            return reference
        part = Graph(own, (), (node_of(reference),), self.graph.library, self.graph.versions)
        return self.constant(_computed(part, reference))

    def join(self, parts: Sequence[Reference], axis: int, kind: int = 0) -> Reference:
        """A ConcatV2."""
        made = self.made(
            self.add("ConcatV2", *parts, self.whole(axis), kind=kind or self.data_type)
        )
        made.attr["N"].i, made.attr["Tidx"].type = len(parts), DT_INT32
        return str(made.name)


def _computed(graph: Graph, reference: Reference) -> Array:
    """What TensorFlow makes of a graph without inputs."""
    import tensorflow as tf

    with tf.Graph().as_default() as own, tf.compat.v1.Session(graph=own) as session:
        tf.import_graph_def(graph.graph_def(), name="")
        name = reference if ":" in reference else f"{reference}:0"
        return np.asarray(session.run(name))


Rule = Callable[[Writer], "Reference | None"]
"""What a node computes, written with its `Writer`: the reference of the same result, or None for a
form that is not expressed, which is refused by its name later."""


def apply_rules(graph: Graph, rules: Mapping[str, Rule]) -> int:
    """Rewrite each node whose operator has a rule that takes its form; returns how many."""
    found = [node for node in graph.ordered() if node.op in rules]
    if not found:
        return 0
    shapes = infer_shapes(graph)
    loops = any(node.op == "Enter" for node in graph.nodes.values())
    done = 0
    for node in found:
        result = rules[node.op](Writer(graph, node, shapes, loops))
        if result is not None:
            if node.name in shapes:
                shapes[result] = shapes[node.name]
            graph.replace(str(node.name), result)
            done += 1
    graph.prune()
    return done
