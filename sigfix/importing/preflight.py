"""Say everything that cannot be converted, by name, before any of it is.

An operator is accepted where `supported.py` lists the version that the model's opset means. What
is refused for a reason stands in `refusal_reasons.py`. What depends on shapes is left to the
operators themselves. Nothing here needs TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import onnx
from onnx import helper

from sigfix.errors import ConversionError
from sigfix.importing.advice import binding_option, sizes_option
from sigfix.importing.cuts import cut_hint
from sigfix.importing.early_operators import is_early
from sigfix.importing.influence import (
    deciding_inputs,
    needed_nodes,
    reads,
    shape_only,
)
from sigfix.importing.ml_operators import DOMAIN as ML
from sigfix.importing.ml_operators import TEXTS, ml_reason
from sigfix.importing.onnx_graph import graph_inputs
from sigfix.importing.preflight_sizes import size_refusals
from sigfix.importing.refusal_reasons import (
    FORMS,
    FUSED,
    INPUT,
    OWN_DOMAINS,
    QUANTISED,
    REASONS,
    WEIGHT,
    Refusal,
    called,
    is_held,
    type_name,
)
from sigfix.importing.supported import SUPPORTED

RUNTIME = "com.microsoft"
BRANCH = "branches that are chosen at run time are not expressed"


def refusals(model: onnx.ModelProto) -> list[Refusal]:
    """Every node of the model, subgraphs included, that sigfix cannot convert."""
    return [*_inputs(model), *_weights(model), *_refusals(model, model.graph.node)]


def check(model: onnx.ModelProto) -> None:
    """Raise `ConversionError` naming every node that `refusals` finds."""
    _raise(model, refusals(model))


def check_simplified(model: onnx.ModelProto, source: Callable[[], onnx.ModelProto]) -> None:
    """`check` of a simplified model, and of sizes and constants that its nodes need.

    `source` reads what it was made from, for the tensors that the model can be cut at.
    """
    found = refusals(model)
    spoiled = _spoiled(model, found)  # what reads that would be refused for no fault of its own
    found += [refusal for refusal in _sizes(model) if refusal.node not in spoiled]
    if found:
        _raise(model, found, source)


def _sizes(model: onnx.ModelProto) -> Iterator[Refusal]:
    for node, reason, is_open in size_refusals(model, model.graph.node):
        hint = sizes_option(model) if is_open else None
        yield Refusal(node.op_type, called(node), reason, hint)


def check_early(
    model: onnx.ModelProto, source: Callable[[], onnx.ModelProto] | None = None
) -> None:
    """`check` of a model that is still to be simplified: of what no simplification removes.

    Nodes that compute what depends on sizes alone may fold, and a branch may never be taken.
    `source` reads the file, where the model is not as the file has it any more.
    """
    folding = {*shape_only(model), *(tensor.name for tensor in model.graph.initializer)}
    nodes = [
        node
        for node in needed_nodes(model)
        if not all(o in folding for o in node.output)
        and not (node.op_type == "If" and _depends_on_sizes(node, folding))
    ]
    found = [*_inputs(model), *_refusals(model, nodes, inside=False)]
    if found:
        _raise(model, found, source)


def is_in_question(model: onnx.ModelProto) -> bool:
    """Whether a node could still be refused, once the model is simplified."""
    return bool(refusals(model)) or any(True for _ in size_refusals(model, model.graph.node))


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators that the model is written for."""
    return next((int(o.version) for o in model.opset_import if o.domain in OWN_DOMAINS), 1)


def version_of(operator: str, opset: int) -> int | None:
    """The operator's version at an opset; None where ONNX has no such operator there."""
    try:
        return int(onnx.defs.get_schema(operator, opset).since_version)
    except onnx.defs.SchemaError:
        return None


def _raise(
    model: onnx.ModelProto,
    found: list[Refusal],
    source: Callable[[], onnx.ModelProto] | None = None,
) -> None:
    if not found:
        return
    hint = next((refusal.hint for refusal in found if refusal.hint), None)
    hint = (
        hint
        or cut_hint(model if source is None else source(), model, found)
        or "export the model without it"
    )
    if len(found) == 1:
        raise ConversionError(f"{found[0]}.", hint)
    listed = "\n".join(f"  {refusal}" for refusal in found)
    raise ConversionError(
        f"{len(found)} nodes of the ONNX model are not supported:\n{listed}", hint
    )


def _spoiled(model: onnx.ModelProto, found: list[Refusal]) -> set[str]:
    """The nodes, as refusals call them, that depend on one that is refused."""
    refused = {refusal.node for refusal in found}
    tensors: set[str] = set()
    names: set[str] = set()
    for node in model.graph.node:
        if called(node) in refused or reads(node) & tensors:
            tensors.update(node.output)
            names.add(called(node))
    return names


def _inputs(model: onnx.ModelProto) -> Iterator[Refusal]:
    """Inputs whose elements TensorFlow does not compute with."""
    for value in graph_inputs(model):
        kind = value.type.tensor_type.elem_type
        if not value.type.HasField("tensor_type"):
            yield Refusal(INPUT, value.name, f"{_kind_of(value)}, and TensorFlow.js takes tensors")
        elif not is_held(kind):
            yield Refusal(INPUT, value.name, _no_type(kind))


def _kind_of(value: onnx.ValueInfoProto) -> str:
    """What an input is that is no tensor."""
    kind = str(value.type.WhichOneof("value") or "").removesuffix("_type").replace("_", " ")
    names = {"optional": "it may be left out", "sequence": "it is a list", "map": "it is a map"}
    return names.get(kind, "it is no tensor")


def _weights(model: onnx.ModelProto) -> Iterator[Refusal]:
    """Weights of such elements; a simplified model has cast those that are only stored so."""
    for tensor in model.graph.initializer:
        if not is_held(tensor.data_type):
            yield Refusal(WEIGHT, tensor.name, _no_type(tensor.data_type))


def _no_type(kind: int) -> str:
    return f"TensorFlow does not compute with {type_name(kind)} as ONNX does"


def _refusals(model: onnx.ModelProto, nodes: Any, inside: bool = True) -> Iterator[Refusal]:
    for node in nodes:
        reason, hint = _reason(model, node)
        if reason is not None:
            kind = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
            kept = tuple(node.output[1:]) if reason == TEXTS else ()
            yield Refusal(kind, called(node), reason, hint, kept)
        for attribute in node.attribute if inside else ():
            for graph in (attribute.g, *attribute.graphs):
                yield from _refusals(model, graph.node)


def _reason(model: onnx.ModelProto, node: onnx.NodeProto) -> tuple[str | None, str | None]:
    """Why a node is refused (None where it is not), and the option that may help."""
    opset = opset_of(model)
    if node.domain == ML:
        return ml_reason(node, opset), None
    if node.domain not in OWN_DOMAINS:
        quantised = node.op_type.startswith(("QLinear", "Quantize", "Dequantize", "DynamicQuant"))
        foreign = "operators outside ONNX's own domain are not supported"
        fused = FUSED if node.domain == RUNTIME else foreign
        return (QUANTISED if quantised else fused), None
    if node.op_type == "If":
        return _branch(model, node)
    version = version_of(node.op_type, opset)
    if is_early(node, opset):
        return FUSED, None
    if version is None:
        return f"ONNX has no such operator at opset {opset}, which the model is written for", None
    if version not in SUPPORTED.get(node.op_type, ()):
        return REASONS.get(node.op_type, _unsupported(node.op_type, version, opset)), None
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    for form in FORMS:
        if node.op_type in form.operators and form.found(attributes, node):
            return form.reason, None
    return None, None


def _unsupported(operator: str, version: int, opset: int) -> str:
    known = SUPPORTED.get(operator)
    if known is None:
        return "it is not supported"
    return (
        f"its version of opset {opset} is not supported (since opset {version}), later ones are: "
        "export the model at opset 13 or newer"
    )


def _depends_on_sizes(node: onnx.NodeProto, folding: set[str]) -> bool:
    return node.input[0] in folding


def _branch(model: onnx.ModelProto, node: onnx.NodeProto) -> tuple[str, str | None]:
    if _depends_on_sizes(node, set(shape_only(model))):
        return f"its condition depends on sizes that are dynamic, and {BRANCH}", sizes_option(
            model, batch_too=True
        )
    deciding = deciding_inputs(model, node.input[0])
    named = ", ".join(value.name for value in deciding) or "the input"
    return f"its condition depends on {named}, and {BRANCH}", binding_option(model, deciding)
