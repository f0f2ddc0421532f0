"""Fold what an ONNX graph computes from shapes, with the batch as the one unknown.

Exporters write sizes as computations: Shape, Gather, Concat, Reshape. Where every dimension but
the batch is fixed, such a tensor depends on the batch alone. ONNX Runtime computes all of them
for three batch sizes: a tensor that is the same for all three is a constant, and one whose
elements are a + b * batch for the first two, and for the third as well, becomes just that.
A reshape with one such element gets -1 in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sigfix.importing.influence import nodes_behind, reads, shape_only
from sigfix.importing.onnx_graph import graph_inputs, shape_of

BATCHES = (2, 3, 5)
LARGEST = 1 << 22  # elements of a folded constant
Array = np.ndarray[Any, Any]


def fold_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without shape arithmetic.

    Where more than the batch is dynamic, without branches that constants decide alone.
    """
    rounds = 0
    if not _only_batch_is_dynamic(model):
        _decide_branches(model)
        return model
    while True:
        values = values_by_batch(model)
        if values is None:
            return model
        inlined = _inline_decided_branches(model, values)
        outputs = {o.name for o in model.graph.output}
        _Folding(model, values, outputs, f"sigfix_batch_{rounds}").run()
        rounds += 1
        if not inlined:
            return model


def _decide_branches(model: onnx.ModelProto) -> None:
    """Put the branch in place of every If that no size has an influence on."""
    while any(node.op_type == "If" for node in model.graph.node):
        values = values_by_batch(model, sizes=False)
        if values is None or not _inline_decided_branches(model, values):
            return


def _only_batch_is_dynamic(model: onnx.ModelProto) -> bool:
    """Whether no other size is; with branches or loops, whether even the batch is none."""
    shapes = [shape_of(v) for v in graph_inputs(model)]
    flows = any(node.op_type in ("If", "Loop", "Scan") for node in model.graph.node)
    is_batched = flows or any(s and s[0] is None for s in shapes)
    return is_batched and all(None not in s[1:] for s in shapes)


def values_by_batch(
    model: onnx.ModelProto, sizes: bool = True
) -> dict[str, tuple[Array, ...]] | None:
    """Shape-only tensor -> its value at each of `BATCHES`; None where ONNX Runtime cannot say.

    Without `sizes`: of constants alone.
    """
    import onnxruntime

    names = shape_only(model, sizes)
    if not names:
        return None
    probe = _computing(names, model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(
            probe.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        runs = [session.run(names, _zeros(model, batch)) for batch in BATCHES]
    except Exception:  # a model that ONNX Runtime lacks an operator for is left as it is
        return None
    return {n: tuple(np.asarray(r[i]) for r in runs) for i, n in enumerate(names)}


def _computing(names: list[str], model: onnx.ModelProto) -> onnx.ModelProto:
    """A model whose outputs are these tensors, with no node or weight that they do not need."""
    nodes = nodes_behind(model, names)
    needed = set(names).union(*(reads(node) for node in nodes))
    graph = onnx.GraphProto(name=model.graph.name, input=model.graph.input)
    graph.node.extend(nodes)
    graph.initializer.extend(i for i in model.graph.initializer if i.name in needed)
    graph.output.extend(helper.make_empty_tensor_value_info(n) for n in names)
    probe = helper.make_model(graph, opset_imports=model.opset_import)
    probe.ir_version = model.ir_version
    return probe


def _zeros(model: onnx.ModelProto, batch: int) -> dict[str, Array]:
    return {
        v.name: np.zeros(
            [batch if d is None else d for d in shape_of(v)],
            helper.tensor_dtype_to_np_dtype(v.type.tensor_type.elem_type),
        )
        for v in graph_inputs(model)
    }


def _inline_decided_branches(model: onnx.ModelProto, values: dict[str, tuple[Array, ...]]) -> bool:
    """Put the branch in place of every If whose condition is the same whatever the batch."""
    nodes, inlined = [], False
    for node in model.graph.node:
        condition = values.get(node.input[0]) if node.op_type == "If" else None
        if condition is None or not _all_equal(condition):
            nodes.append(node)
            continue
        wanted = "then_branch" if condition[0].item() else "else_branch"
        branch = next(a.g for a in node.attribute if a.name == wanted)
        inlined = True
        nodes.extend(branch.node)
        model.graph.initializer.extend(branch.initializer)
        for inner, outer in zip(branch.output, node.output, strict=True):
            nodes.append(helper.make_node("Identity", [inner.name], [outer]))
    if inlined:
        copied = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
        del model.graph.node[:]
        model.graph.node.extend(copied)
    return inlined


def _all_equal(values: tuple[Array, ...]) -> bool:
    return all(v.shape == values[0].shape and np.array_equal(v, values[0]) for v in values[1:])


@dataclass
class _Folding:
    """One walk from the outputs to the inputs, keeping only what is still needed."""

    model: onnx.ModelProto
    values: dict[str, tuple[Array, ...]]
    outputs: set[str]
    batch: str  # names the tensor [1] that holds the batch
    first: list[onnx.NodeProto] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)  # constant -> the first one equal to it
    digests: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def run(self) -> None:
        graph = self.model.graph
        needed = set(self.outputs)
        kept: list[onnx.NodeProto] = []
        for node in reversed(list(graph.node)):
            if not needed.intersection(node.output):
                continue
            if all(self._replaced(o) for o in node.output if o in needed):
                continue
            kept.append(node)
            self._simplify_target(node)
            needed.update(reads(node))
        for node in self.first + kept:
            node.input[:] = [self.same.get(i, i) for i in node.input]
        kept.reverse()
        copied = [onnx.NodeProto.FromString(n.SerializeToString()) for n in self.first + kept]
        del graph.node[:]
        graph.node.extend(copied)
        self._drop_unread()

    def _replaced(self, name: str) -> bool:
        """Define `name` as a constant or from the batch, if it is one of these."""
        if name in self.made:
            return True
        values = self.values.get(name)
        if values is None or any(v.size > LARGEST for v in values):
            return False
        if _all_equal(values):
            self._constant(name, values[0])
        elif not self._affine(name, values):
            return False
        self.made.add(name)
        return True

    def _constant(self, name: str, value: Array) -> None:
        """An exporter computes the same constant in every step of a decoder: keep it once."""
        content = np.ascontiguousarray(value).tobytes()
        key = (value.dtype.str, value.shape, hashlib.sha256(content).digest())
        first = self.digests.setdefault(key, name)
        if first != name and name not in self.outputs:
            self.same[name] = first
            return
        self.model.graph.initializer.append(numpy_helper.from_array(value, name))

    def _affine(self, name: str, values: tuple[Array, ...]) -> bool:
        """Rank 0 and 1: each element constant or a + b * batch, joined by one Concat."""
        terms = affine_terms(values)
        if terms is None or values[0].ndim > 1 or values[0].dtype != np.int64:
            return False
        base, factor = (t.reshape(-1) for t in terms)
        pieces = []
        for index in range(len(base)):
            if factor[index] == 0:
                piece = f"{name}_{index}"
                self._constant(piece, base[index : index + 1])
            else:
                piece = self._scaled_batch(int(base[index]), int(factor[index]))
            pieces.append(piece)
        if values[0].ndim == 0:
            self._constant(f"{name}_axes", np.zeros(0, np.int64))
            self.first.append(helper.make_node("Reshape", [pieces[0], f"{name}_axes"], [name]))
        else:
            self.first.append(helper.make_node("Concat", pieces, [name], axis=0))
        return True

    def _scaled_batch(self, base: int, factor: int) -> str:
        """A tensor [1] holding base + factor * batch."""
        result = self._once(self.batch, self._batch)
        if factor != 1:
            result = self._once(f"{self.batch}_x{factor}", self._operation("Mul", result, factor))
        if base != 0:
            result = self._once(f"{result}_plus{base}", self._operation("Add", result, base))
        return result

    def _once(self, name: str, make: Callable[[str], None]) -> str:
        if name not in self.made:
            self.made.add(name)
            make(name)
        return name

    def _operation(self, kind: str, source: str, number: int) -> Callable[[str], None]:
        def make(name: str) -> None:
            self._constant(f"{name}_operand", np.array([number], np.int64))
            self.first.append(helper.make_node(kind, [source, f"{name}_operand"], [name]))

        return make

    def _drop_unread(self) -> None:
        graph = self.model.graph
        read = {name for node in graph.node for name in reads(node)} | self.outputs
        kept = [i for i in graph.initializer if i.name in read]
        copied = [onnx.TensorProto.FromString(i.SerializeToString()) for i in kept]
        del graph.initializer[:]
        graph.initializer.extend(copied)

    def _batch(self, name: str) -> None:
        source = next(v for v in graph_inputs(self.model) if shape_of(v)[:1] == [None])
        self._constant(f"{name}_zero", np.array([0], np.int64))
        self.first.append(helper.make_node("Shape", [source.name], [f"{name}_shape"]))
        self.first.append(
            helper.make_node("Gather", [f"{name}_shape", f"{name}_zero"], [name], axis=0)
        )

    def _simplify_target(self, node: onnx.NodeProto) -> None:
        """A reshape to a shape with one element that the batch decides: -1 says the same."""
        if node.op_type != "Reshape" or node.input[1] not in self.values:
            return
        values = self.values[node.input[1]]
        terms = affine_terms(values)
        if terms is None or np.count_nonzero(terms[1]) != 1 or (values[0] <= 0).any():
            return
        name = f"{node.input[1]}_inferred"
        if name not in self.made:
            self.made.add(name)
            self._constant(name, np.where(terms[1] != 0, -1, values[0]).astype(np.int64))
        node.input[1] = name


def affine_terms(values: tuple[Array, ...]) -> tuple[Array, Array] | None:
    """(a, b) with value = a + b * batch at every batch of `BATCHES`; None where there is none."""
    if any(v.shape != values[0].shape or v.dtype.kind != "i" for v in values):
        return None
    factor = (values[1] - values[0]) // (BATCHES[1] - BATCHES[0])
    base = values[0] - factor * BATCHES[0]
    fits = all(np.array_equal(base + factor * b, v) for b, v in zip(BATCHES, values, strict=True))
    return (base, factor) if fits else None
