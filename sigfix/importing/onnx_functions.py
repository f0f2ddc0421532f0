"""ONNX's operators that it defines by others, written out as it defines them.

Newer opsets have whole layers among them (`Attention` of opset 23). What is random stays as it is.
"""

from __future__ import annotations

import onnx
from onnx import inliner

OPERATORS = (
    "AffineGrid", "Attention", "BlackmanWindow", "CenterCropPad", "HammingWindow", "HannWindow",
    "NegativeLogLikelihoodLoss", "RMSNormalization", "RotaryEmbedding", "SoftmaxCrossEntropyLoss",
)  # fmt: skip
_OWN = ("", "ai.onnx")
_DOMAIN = "sigfix.functions"
"""A domain for the functions, until they are put in place of their calls."""


def write_out_functions(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with ONNX's definitions in place of such operators; as it is where it has none.

    A definition may have another of them in it.
    """
    while found := [n for n in model.graph.node if n.domain in _OWN and n.op_type in OPERATORS]:
        written = _written(model, found)
        if written is None:
            return model
        model = written
    return model


def _written(model: onnx.ModelProto, found: list[onnx.NodeProto]) -> onnx.ModelProto | None:
    """The model with these nodes written out; None where nothing is known of any."""
    opset = next((int(o.version) for o in model.opset_import if o.domain in _OWN), 1)
    kinds = _types(model)
    for node in found:
        body = _definition(node, opset, kinds)
        if body is None:
            continue
        body.domain, body.name = _DOMAIN, f"{node.op_type}_{len(model.functions)}"
        for inner in body.node:
            inner.name = node.name or node.output[0]
        node.domain, node.op_type = body.domain, body.name
        model.functions.append(body)
    if not model.functions:
        return None
    own = model.opset_import.add()
    own.domain, own.version = _DOMAIN, 1
    written: onnx.ModelProto = inliner.inline_local_functions(model, convert_version=True)
    kept = [o for o in written.opset_import if o.domain != _DOMAIN]
    del written.opset_import[:]
    written.opset_import.extend(kept)
    return written


def _types(model: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    found = {v.name: v.type for v in (*inferred.input, *inferred.value_info, *inferred.output)}
    for tensor in model.graph.initializer:
        found[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
    return found


def _definition(
    node: onnx.NodeProto, opset: int, kinds: dict[str, onnx.TypeProto]
) -> onnx.FunctionProto | None:
    """ONNX's definition of a node's operator; None where it depends on types that nobody knows."""
    if node.op_type == "Attention" and any(a.name == "q_num_heads" for a in node.attribute):
        return None  # of three axes ONNX's definition mixes up the heads
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
