"""ONNX's operators that it defines by others, written out as it defines them.

Newer opsets have whole layers among them. What is random stays as it is.
"""

from __future__ import annotations

import onnx
from onnx import inliner

from sigfix.importing.inferred_shapes import inferred_types
from sigfix.importing.onnx_attention import FIRST, write_out_attention
from sigfix.importing.onnx_attention import OPERATOR as ATTENTION

OPERATORS = (
    "AffineGrid", "BlackmanWindow", "CenterCropPad", "HammingWindow", "HannWindow",
    "NegativeLogLikelihoodLoss", "RMSNormalization", "RotaryEmbedding", "SoftmaxCrossEntropyLoss",
)  # fmt: skip
_OWN = ("", "ai.onnx")
_DOMAIN = "sigfix.functions"
"""A domain for the functions, until they are put in place of their calls."""


def write_out_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with ONNX's definitions in place of such operators; as it is where it has none.

    A definition may have another of them in it. `Attention` is written out as `onnx_attention.py`
    has it.
    """
    if _opset(model) >= FIRST and any(
        n.domain in _OWN and n.op_type == ATTENTION for n in model.graph.node
    ):
        write_out_attention(model, _opset(model), inferred_types(model))
    while any(_is_defined(node) for node in model.graph.node):
        written = _written(onnx.ModelProto.FromString(model.SerializeToString()))
        if written is None:
            return model
        model = written
    return model


def _is_defined(node: onnx.NodeProto) -> bool:
    return node.domain in _OWN and node.op_type in OPERATORS


def _written(model: onnx.ModelProto) -> onnx.ModelProto | None:
    """The model, of which nothing is left as it was, with such nodes written out; None: none is."""
    opset, kinds = _opset(model), inferred_types(model)
    values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
    told = {value.name for value in values}
    for node in filter(_is_defined, model.graph.node):
        body = _definition(node, opset, kinds)
        if body is None:
            continue
        for name in (*node.input, *node.output):  # the inliner asks for all, of weights too
            if name in kinds and name not in told:
                told.add(name)
                model.graph.value_info.append(onnx.ValueInfoProto(name=name, type=kinds[name]))
        body.domain, body.name = _DOMAIN, f"{node.op_type}_{len(model.functions)}"
        for inner in body.node:
            inner.name = node.name or node.output[0]
        node.domain, node.op_type = body.domain, body.name
        model.functions.append(body)
    if not model.functions:
        return None
    own = model.opset_import.add()
    own.domain, own.version = _DOMAIN, 1
    try:
        written: onnx.ModelProto = inliner.inline_local_functions(model, convert_version=True)
    except Exception:  # it raises many kinds, and what stays is named later
        return None
    kept = [o for o in written.opset_import if o.domain != _DOMAIN]
    del written.opset_import[:]
    written.opset_import.extend(kept)
    return written


def _opset(model: onnx.ModelProto) -> int:
    return next((int(o.version) for o in model.opset_import if o.domain in _OWN), 1)


def _definition(
    node: onnx.NodeProto, opset: int, kinds: dict[str, onnx.TypeProto]
) -> onnx.FunctionProto | None:
    """ONNX's definition of a node's operator; None where it depends on types that nobody knows."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset)
    except onnx.defs.SchemaError:
        return None
    _tell_defaults(node, schema)
    if schema.has_function:
        versions = [v for v in schema.function_opset_versions if v <= opset]
        text = schema.get_function_with_opset_version(max(versions)) if versions else None
    elif any(name and name not in kinds for name in node.input):
        return None
    else:
        given = [kinds.get(name, onnx.TypeProto()).SerializeToString() for name in node.input]
        known = [v for v in schema.context_dependent_function_opset_versions if v <= opset]
        asked = node.SerializeToString()
        text = (
            schema.get_context_dependent_function_with_opset_version(max(known), asked, given)
            if known
            else None
        )
    return onnx.FunctionProto.FromString(text) if text else None


def _tell_defaults(node: onnx.NodeProto, schema: onnx.defs.OpSchema) -> None:
    """Give a node the attributes that it leaves out: a definition asks for all of them."""
    said = {attribute.name for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in said and attribute.default_value.name:
            node.attribute.append(attribute.default_value)
