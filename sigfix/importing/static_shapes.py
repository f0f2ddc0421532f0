"""Write the shapes that a graph works with into the operators that ask for them at run time.

Exporters leave room for any size: a reshape to [batch, -1, 12, 32], a squeeze that names no axes,
an expand to the size that its input has already. Where every dimension of the inputs but the
batch is fixed, ONNX's shape inference says what comes out at three batch sizes, and each of these
operators becomes one that TensorFlow can be told about while the graph is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sigfix.importing.inferred_shapes import light_graph
from sigfix.importing.onnx_graph import graph_inputs, shape_of
from sigfix.importing.scatter_slices import box_of, slices_instead
from sigfix.importing.shape_folding import BATCHES, Array, values_by_batch

Shapes = tuple[tuple[int, ...], ...]  # one shape for each of BATCHES


@dataclass(frozen=True)
class Known:
    """What is known of a graph's tensors at each of `BATCHES`, and the constants made so far."""

    opset: int
    shapes: Mapping[str, Shapes]
    values: Mapping[str, tuple[Array, ...]]
    made: dict[str, onnx.TensorProto]

    def constant(self, numbers: Sequence[int]) -> str:
        """The name of an int64 constant [n] with these elements."""
        name = "_".join(["sigfix_shape", *(str(n) for n in numbers)])
        self.made[name] = numpy_helper.from_array(np.array(numbers, np.int64), name)
        return name

    def target(self, shapes: Shapes) -> list[int] | None:
        """A reshape's target that gives these shapes, -1 for the one that the batch decides."""
        if len({len(s) for s in shapes}) > 1 or any(0 in s for s in shapes):
            return None
        target = [sizes[0] if len(set(sizes)) == 1 else -1 for sizes in zip(*shapes, strict=True)]
        return target if target.count(-1) <= 1 else None


def settle_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with static reshapes, squeezes, expands and scatters.

    As it is where more than the batch is dynamic, or where ONNX Runtime cannot run it.
    """
    inputs = [shape_of(v) for v in graph_inputs(model)]
    if any(None in shape[1:] for shape in inputs):
        return model
    values = dict(values_by_batch(model) or {})
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.INT64:
            values[tensor.name] = (numpy_helper.to_array(tensor),) * len(BATCHES)
    opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
    known = Known(opset, _shapes_by_batch(model, values), values, {})
    nodes: list[onnx.NodeProto] = []
    for node in model.graph.node:
        settle = SETTLED.get(node.op_type)
        replaced = None if settle is None or node.domain else settle(node, known)
        nodes.extend([node] if replaced is None else replaced)
    copied = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copied)
    model.graph.initializer.extend(known.made.values())
    return model


def _shapes_by_batch(
    model: onnx.ModelProto, values: Mapping[str, tuple[Array, ...]]
) -> dict[str, Shapes]:
    """Tensor -> its shape at each of `BATCHES`, where ONNX's shape inference knows all three."""
    found = [_shapes_at(model, batch, place, values) for place, batch in enumerate(BATCHES)]
    return {
        name: tuple(f[name] for f in found) for name in found[0] if all(name in f for f in found)
    }


def _shapes_at(
    model: onnx.ModelProto, batch: int, place: int, values: Mapping[str, tuple[Array, ...]]
) -> dict[str, tuple[int, ...]]:
    """Shape inference on a copy without weights, where shape arithmetic is replaced by values."""
    graph = light_graph(model)
    for value in graph.input:
        for dim in value.type.tensor_type.shape.dim:
            if not dim.HasField("dim_value"):
                dim.dim_value = batch
    given = {t.name for t in model.graph.initializer}
    for node in model.graph.node:
        if all(o in values for o in node.output):
            graph.initializer.extend(
                numpy_helper.from_array(values[o][place], o) for o in node.output if o not in given
            )
        else:
            graph.node.append(node)
    probe = helper.make_model(graph, opset_imports=model.opset_import)
    probe.ir_version = model.ir_version
    inferred = onnx.shape_inference.infer_shapes(probe, data_prop=True).graph
    shapes = {t.name: tuple(t.dims) for t in (*model.graph.initializer, *graph.initializer)}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        if value.type.tensor_type.HasField("shape"):
            sizes = shape_of(value)
            if None not in sizes:
                shapes[value.name] = tuple(s for s in sizes if s is not None)
    return shapes


def _reshape(node: onnx.NodeProto, known: Known) -> list[onnx.NodeProto] | None:
    """A target that is computed, or that infers more than the batch, as a constant."""
    shapes = known.shapes.get(node.output[0])
    target = None if shapes is None else known.target(shapes)
    if target is None or len(node.input) < 2:
        return None
    name = known.constant(target)
    return [helper.make_node("Reshape", [node.input[0], name], node.output, name=node.name)]


def _squeeze(node: onnx.NodeProto, known: Known) -> list[onnx.NodeProto] | None:
    """The axes of a squeeze that names none: those that are 1 whatever the batch."""
    named = len(node.input) > 1 or any(a.name == "axes" for a in node.attribute)
    shapes = known.shapes.get(node.input[0])
    if named or shapes is None:
        return None
    axes = [i for i, sizes in enumerate(zip(*shapes, strict=True)) if set(sizes) == {1}]
    if not axes:
        return [helper.make_node("Identity", node.input, node.output, name=node.name)]
    if known.opset < 13:
        return [helper.make_node("Squeeze", node.input, node.output, name=node.name, axes=axes)]
    inputs = [node.input[0], known.constant(axes)]
    return [helper.make_node("Squeeze", inputs, node.output, name=node.name)]


def _expand(node: onnx.NodeProto, known: Known) -> list[onnx.NodeProto] | None:
    """Nothing, where the input has that shape already."""
    before, after = known.shapes.get(node.input[0]), known.shapes.get(node.output[0])
    if before is None or before != after:
        return None
    return [helper.make_node("Identity", [node.input[0]], node.output, name=node.name)]


def _scatter(node: onnx.NodeProto, known: Known) -> list[onnx.NodeProto] | None:
    """`x[:, 3] = y` is exported as a scatter to every place in a box: slices and a concat."""
    data, indices, updates = node.input
    shapes, places = known.shapes.get(data), known.values.get(indices)
    box = None if shapes is None or places is None else box_of(places, shapes)
    if box is None or any(a.name == "reduction" and a.s != b"none" for a in node.attribute):
        return None
    target = known.target(box.shapes)
    if target is None:
        return None
    nodes = []
    if known.shapes.get(updates) != box.shapes:
        shaped = f"{node.output[0]}_updates"
        nodes.append(helper.make_node("Reshape", [updates, known.constant(target)], [shaped]))
        updates = shaped
    return nodes + slices_instead(data, updates, box, node.output[0], known.constant)


Settle = Callable[[onnx.NodeProto, Known], list[onnx.NodeProto] | None]
SETTLED: dict[str, Settle] = {
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Expand": _expand,
    "ScatterND": _scatter,
}
