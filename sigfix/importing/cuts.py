"""Where an ONNX model can be cut, so that what is left converts, by names for a command."""

from __future__ import annotations

import json

import onnx

from sigfix.importing.commands import CUT
from sigfix.importing.influence import nodes_behind, reads
from sigfix.importing.onnx_graph import graph_inputs
from sigfix.importing.refusal_reasons import (
    INPUT,
    OWN_DOMAINS,
    RANDOM,
    WEIGHT,
    Refusal,
    called,
    is_held,
)

Parts = dict[str, list[str]]
"""Inputs, outputs, and which of the inputs its own nodes made before."""


def cut_hint(source: onnx.ModelProto, opened: onnx.ModelProto, found: list[Refusal]) -> str | None:
    """A hint for `commands.as_command`; None where there is nothing to be taken.

    `source` is what is cut, `opened` what it was made into, which may tell types that ONNX does not
    know of the source's operators.
    """
    is_random = all(refusal.reason == RANDOM for refusal in found)
    for cut in (_fed, _cut) if is_random else (_cut, _fed):
        parts = cut(source, found)
        if parts is not None:
            own, other = (_types(model) for model in (source, opened))
            made = [*parts["inputs"], *parts["outputs"]]
            kinds = {n: other.get(n, onnx.TensorProto.FLOAT) for n in made if n not in own}
            return CUT + json.dumps({**parts, "kinds": kinds})
    return None


def _types(model: onnx.ModelProto) -> dict[str, int]:
    """Tensor -> `TensorProto.DataType`, as far as ONNX tells."""
    graph = _inferred(model)
    values = (*graph.input, *graph.value_info, *graph.output)
    return {v.name: v.type.tensor_type.elem_type for v in values if v.type.HasField("tensor_type")}


def _cut(model: onnx.ModelProto, found: list[Refusal]) -> Parts | None:
    """Where the model can be taken up to, without the nodes that are refused; None: nowhere."""
    kept = {refusal.node: refusal.kept for refusal in found}
    tensors = {refusal.node for refusal in found if refusal.operator in (INPUT, WEIGHT)}
    fed = [value.name for value in graph_inputs(model) if value.name not in tensors]
    given = {i.name for i in model.graph.initializer if i.name not in tensors} | {""}
    spoiled, computed = set(tensors), set[str]()
    frontier: dict[str, None] = {}
    for node in model.graph.node:
        is_refused = called(node) in kept
        if is_refused or reads(node) & spoiled:
            fine = set(kept.get(called(node), ())) if not reads(node) & spoiled else set()
            spoiled.update(o for o in node.output if o not in fine)
            computed.update(fine)
            frontier.update(dict.fromkeys(reads(node) & computed))
        elif all(i in given for i in node.input):
            given.update(node.output)
        else:
            computed.update(node.output)
    outputs = [o.name for o in model.graph.output if o.name not in {*spoiled, *fed}]
    places = sorted({*frontier, *outputs})
    if not places or not spoiled or not fed:
        return None
    return {"inputs": fed, "outputs": places, "fed": []}


def _fed(model: onnx.ModelProto, found: list[Refusal]) -> Parts | None:
    """The model without the nodes that are refused: what they make becomes inputs; None: cannot."""
    refused = {refusal.node for refusal in found}
    own = [n for n in model.graph.node if called(n) in refused and n.domain in OWN_DOMAINS]
    made = [output for node in own for output in node.output if output]
    known = {v.name: v.type.tensor_type for v in _inferred(model).value_info}
    outputs = [value.name for value in model.graph.output]
    if (
        len(own) < len(refused)
        or any(name not in known or not is_held(known[name].elem_type) for name in made)
        or any(refusal.operator == "If" for refusal in found)
    ):
        return None
    needed = {name for node in nodes_behind(model, outputs, made) for name in reads(node)}
    given = [value.name for value in graph_inputs(model) if value.name in needed]
    fed = [name for name in made if name in needed]
    return {"inputs": given + fed, "outputs": outputs, "fed": fed} if fed else None


def _inferred(model: onnx.ModelProto) -> onnx.GraphProto:
    try:
        return onnx.shape_inference.infer_shapes(model).graph
    except Exception:  # it raises many kinds
        return model.graph
