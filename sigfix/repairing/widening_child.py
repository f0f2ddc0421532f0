"""Rebuild a function for any batch, in this process, which was started for nothing else.

Started through `processes.run_process`; the job is made in `widening`. The function's calls are
written out, and its operators are put, one after another, into two graphs: one with the batch of 1
that it was traced for, and one with another. TensorFlow infers both graphs' shapes, and where they
differ, there is the batch. What has the 1 built in is given the batch, or refused by its name.
The answer is `{"function"}`, a FunctionDef in bytes, or `{"refused"}`, why there is none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2, function_pb2, graph_pb2, tensor_shape_pb2
from tensorflow.python.framework import tensor_util
from tensorflow.python.ops import handle_data_util

from sigfix.errors import first_line
from sigfix.processes import do_job
from sigfix.repairing.batch_rules import (
    BATCH,
    Refused,
    batch_axis,
    reshaped,
    statistics_of_batch,
)
from sigfix.repairing.inlining import inlined, output_names

SHAPES_ONLY = frozenset({"Shape", "ShapeN", "Size", "Rank", "NoOp", "Assert"})
"""Operators that may lose the batch: what they tell of a tensor is right for any."""
SIZES = {"Conv2DBackpropInput": 0, "Conv3DBackpropInputV2": 0, "BroadcastTo": 1}
"""Operators of whose result a constant tells the size, batch included -> that input's number."""
STEERING = frozenset({
    "While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase", "Switch", "Enter",
})  # fmt: skip
_FORGOTTEN = ("_output_shapes", "_class", "_gradient_op_type")


class Rebuilt:
    """The operators so far: in both graphs, and as they will be in the new function."""

    def __init__(self, job: dict[str, Any], body: Any) -> None:
        self.body = body
        self.graphs = (tf.Graph(), tf.Graph())
        self.tensors: dict[str, tuple[Any, Any]] = {}
        self.names = {node.name for node in body.node_def}
        self.nodes: list[Any] = []
        library = graph_pb2.GraphDef(versions={"producer": job["producer"]})
        library.library.ParseFromString(job["library"])
        for number, graph in enumerate(self.graphs):
            with graph.as_default():
                tf.import_graph_def(library, name="")
                for index, argument in enumerate(body.signature.input_arg):
                    made = placeholder(job, index, argument, BATCH if number else 1)
                    self.tensors[argument.name] = (*self.tensors.get(argument.name, ()), made)

    def add(self, node: Any) -> None:
        """Put a node of the body into both graphs; what it needs is there. Raises `Refused`."""
        node = type(node).FromString(node.SerializeToString())
        for name in _FORGOTTEN:
            node.attr.pop(name, None)
        data = [name for name in node.input if not name.startswith("^")]
        varied = [name for name in data if self.axis(name) is not None]
        if varied:
            if node.op in STEERING:
                raise Refused(node, "a loop or a branch, which carries the batch")
            if statistics_of_batch(node):
                raise Refused(node, "it normalises by the statistics of the batch")
            self.give_batch(node, data)
        self.put(node, data, varied)
        if varied and node.op not in SHAPES_ONLY:
            results = [name for name in output_names(node) if name in self.tensors]
            if any(self.tensors[name][0].shape.rank is None for name in results):
                raise Refused(node, "TensorFlow cannot tell the shape of its result")
            if results and all(self.axis(name) is None for name in results):
                raise Refused(node, "its result has no batch any more")

    def axis(self, name: str) -> int | None:
        """The dimension of a tensor in which the batch is. Raises `Refused` where it is unclear."""
        one, other = (tensor.shape for tensor in self.tensors[name])
        return batch_axis(one, other, name)

    def give_batch(self, node: Any, data: list[str]) -> None:
        """Replace a constant of the node that holds the batch of 1. Raises `Refused`."""
        if node.op == "Reshape":
            self.give_shape(node, data)
        elif node.op in SIZES:
            position = SIZES[node.op]
            sizes = self.constant_sizes(data[position])
            given = next(name for name in data if self.axis(name) is not None)
            rank = self.tensors[given][0].shape.rank
            if sizes is not None and len(sizes) == rank and sizes[0] == 1 and not self.axis(given):
                node.input[position] = data[position] = self.batch_vector(node, sizes, given)

    def constant_sizes(self, name: str) -> Any:
        """The sizes in a tensor where they are the same for both batches, else None."""
        one, other = (tensor_util.try_evaluate_constant(item) for item in self.tensors[name])
        return one if one is not None and np.array_equal(one, other) else None

    def give_shape(self, node: Any, data: list[str]) -> None:
        """Open the batch in the constant shape of a reshape."""
        wanted = self.constant_sizes(data[1])
        if wanted is None:
            return
        shapes = [tensor.shape for tensor in self.tensors[data[0]]]
        shape = reshaped(node, wanted, *shapes)
        if shape is not None:
            node.input[1] = data[1] = self.constant(node, np.asarray(shape, wanted.dtype))

    def put(self, node: Any, data: list[str], varied: list[str]) -> None:
        """The operator in both graphs, and in the function; others are stretched to the batch."""
        first = self.create(node, data, 0)
        try:
            second = self.create(node, data, 1)
        except (ValueError, tf.errors.OpError) as error:
            stretched = self.stretch(node, data, varied)
            if not stretched:
                raise Refused(node, _why(error)) from error
            try:
                second = self.create(node, data, 1)
            except (ValueError, tf.errors.OpError) as again:
                raise Refused(node, _why(again)) from again
        self.nodes.append(node)
        for name, both in zip(output_names(node), zip(first, second, strict=True), strict=True):
            self.tensors[name] = both

    def stretch(self, node: Any, data: list[str], varied: list[str]) -> bool:
        """Repeat what does not depend on the batch, and has a 1 where the others have it."""
        axes = {(self.axis(name), self.tensors[name][0].shape.rank) for name in varied}
        axis, rank = next(iter(axes))
        if len(axes) != 1 or axis is None:
            return False
        found = False
        for position, name in enumerate(data):
            shape = self.tensors[name][0].shape
            if name in varied or shape.rank != rank or not shape.is_fully_defined():
                continue
            if shape[axis] != 1:
                continue
            sizes = np.asarray(shape.as_list(), "int32")
            whole = self.batch_vector(node, sizes, varied[0], axis)
            kind = self.tensors[name][0].dtype.as_datatype_enum
            made = self.operator("BroadcastTo", node, [name, whole], T=kind, Tidx=3)
            node.input[position] = data[position] = made
            found = True
        return found

    def create(self, node: Any, data: list[str], number: int) -> list[Any]:
        """The operator in one of the graphs; TensorFlow raises where the shapes do not fit."""
        graph = self.graphs[number]
        inputs = [self.tensors[name][number] for name in data]
        made = graph._create_op_internal(
            node.op, inputs, input_types=[item.dtype.base_dtype for item in inputs],
            name=f"op_{len(self.nodes)}", attrs=dict(node.attr),
            op_def=graph.op_def_for_type(node.op),
        )  # fmt: skip
        return list(made.outputs)

    def batch_vector(self, node: Any, sizes: Any, of: str, axis: int = 0) -> str:
        """`sizes` with the batch of the tensor `of` where there is 1 for it at `axis`."""
        whole = self.operator("Shape", node, [of], T=self.tensors[of][0].dtype.as_datatype_enum,
                              out_type=3)  # fmt: skip
        where = self.axis(of)
        assert where is not None
        place = self.constant(node, np.asarray(where, "int32"))
        zero = self.constant(node, np.asarray(0, "int32"))
        types = {"Tparams": 3, "Tindices": 3, "Taxis": 3}
        batch = self.operator("GatherV2", node, [whole, place, zero], **types)
        parts = [self.constant(node, np.asarray(size, "int32")) for size in sizes]
        parts[axis] = batch
        packed = self.operator("Pack", node, parts, N=len(parts), T=3, axis=0)
        if sizes.dtype == np.dtype("int32"):
            return packed
        return self.operator("Cast", node, [packed], SrcT=3, DstT=9)

    def constant(self, node: Any, value: Any) -> str:
        """A constant of the function, beside `node`."""
        kind = tf.as_dtype(value.dtype).as_datatype_enum
        return self.operator("Const", node, [], value=tf.make_tensor_proto(value), dtype=kind)

    def operator(self, op: str, beside: Any, inputs: list[str], **attributes: Any) -> str:
        """An operator that the traced function has not; returns its output."""
        name = f"{beside.name}/any_batch"
        while name in self.names:
            name += "_"
        self.names.add(name)
        made = type(beside)(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            is_number = key in ("N", "axis")
            made.attr[key].CopyFrom(
                attr_value_pb2.AttrValue(tensor=value) if key == "value" else
                attr_value_pb2.AttrValue(i=value) if is_number else
                attr_value_pb2.AttrValue(type=value)
            )  # fmt: skip
        self.put(made, inputs, [])
        return output_names(made)[0]

    def function(self, name: str) -> Any:
        """All that was added, as a function with the old one's arguments and results."""
        made = function_pb2.FunctionDef()
        made.CopyFrom(self.body)
        made.signature.name = name
        del made.node_def[:]
        made.node_def.extend(self.nodes)
        for attributes in (made.attr, *(item.attr for item in made.arg_attr.values())):
            for key in ("_input_shapes", "_output_shapes"):
                attributes.pop(key, None)
        by_name = {node.name: node for node in made.node_def}
        for result in made.ret.values():
            node = by_name.get(result.partition(":")[0])
            if node is not None:
                shapes = [self.open_shape(item) for item in output_names(node)]
                node.attr["_output_shapes"].list.shape.extend(shapes)
        return made

    def open_shape(self, name: str) -> Any:
        """The shape of a tensor for any batch."""
        shape = self.tensors[name][0].shape.as_proto()
        axis = self.axis(name)
        if axis is not None:
            shape.dim[axis].size = -1
        return shape


def _why(error: Exception) -> str:
    """What TensorFlow says, without the graph that is built here, which nobody knows."""
    return first_line(error).partition(" for '{{node")[0]


def placeholder(job: dict[str, Any], index: int, argument: Any, batch: int) -> Any:
    """An argument of the function; of a variable with what it holds."""
    shape = tensor_shape_pb2.TensorShapeProto.FromString(job["shapes"][index])
    if index in job["open"]:
        shape.dim[0].size = batch
    made = tf.compat.v1.placeholder(argument.type, tf.TensorShape(shape), argument.name)
    if index in job["variables"]:
        kind, stored = job["variables"][index]
        stored_shape = tensor_shape_pb2.TensorShapeProto.FromString(stored)
        data = handle_data_util.create_handle_data(tf.TensorShape(stored_shape), tf.as_dtype(kind))
        handle_data_util.set_handle_data(made, data)
    return made


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Rebuild the function `job["function"]`, whose arguments `job["open"]` have a batch of 1."""
    library = function_pb2.FunctionDefLibrary.FromString(job["library"])
    try:
        body = inlined(library, job["function"])
        rebuilt = Rebuilt(job, body)
        for node in body.node_def:
            rebuilt.add(node)
        for argument in body.signature.output_arg:
            rebuilt.axis(body.ret[argument.name])
        return {"function": rebuilt.function(job["name"]).SerializeToString()}
    except Refused as error:
        return {"refused": str(error)}


if __name__ == "__main__":
    do_job(work)
