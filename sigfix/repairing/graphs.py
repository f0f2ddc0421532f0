"""Add a signature on tensors of the top-level graph (TF1), with steps where the plan has some."""

from __future__ import annotations

import re
from typing import Any

from sigfix.errors import BlockedError
from sigfix.model import node_of
from sigfix.planning.edits import AddSignature, InputPlan
from sigfix.planning.steps import Transpose
from sigfix.reading.protos import message_class
from sigfix.repairing.nodes import (
    NodeWriter,
    add_steps,
    attribute,
    bound_constant,
    dtype_attribute,
    shape_message,
    shapes_attribute,
)
from sigfix.repairing.signatures import has_objects, tensor_info


def add_from_graph(meta_graph: Any, edit: AddSignature) -> None:
    """Apply `edit`, whose source is the graph, to a MetaGraphDef message of TF1.

    Where an input's shape or dtype changes, or it is bound, its placeholder becomes a
    `PlaceholderWithDefault` whose default is the new input or the constant: signatures that
    feed the placeholder itself go on working.

    Raises `BlockedError` where the MetaGraph has an object graph, which knows functions alone.
    """
    if has_objects(meta_graph):
        raise BlockedError(
            f"Signature {edit.key} would be in the signature map and not in the object graph, so "
            "tf.saved_model.load would not see it.",
            "build the signature from a function with --function",
        )
    writer = NodeWriter(meta_graph.graph_def.node, in_function=False)
    nodes = {node.name: node for node in meta_graph.graph_def.node}
    definition: Any = message_class("SignatureDef")(method_name=edit.method_name)
    for bound in edit.bound:
        name = bound_constant(writer, bound, f"{_safe(edit.key)}_{node_of(bound.target)}")
        _set_default(nodes, bound.target, name)
    for item in edit.inputs:
        tensor = item.target
        if item.steps or not _is_recorded(nodes, item):
            tensor = _new_input(writer, nodes, edit.key, item)
        definition.inputs[item.name].CopyFrom(tensor_info(tensor, item.dtype, item.shape))
    for output in edit.outputs:
        tensor = output.source
        if output.steps:
            before = _dtype_of_source(edit, output.source, output.dtype)
            prefix = _safe(f"{edit.key}_{output.name}")
            tensor, _ = add_steps(writer, tensor.removesuffix(":0"), before, output.steps, prefix)
        definition.outputs[output.name].CopyFrom(tensor_info(tensor, output.dtype, output.shape))
    meta_graph.signature_def[edit.key].CopyFrom(definition)


def _safe(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z_./-]+", "_", name).lstrip("_./-")


def _dtype_of_source(edit: AddSignature, source: str, dtype: str) -> str:
    """The dtype before an argmax is that of another output on the same tensor, else float32."""
    for output in edit.outputs:
        plain = all(isinstance(step, Transpose) for step in output.steps)
        if output.source == source and (plain or output.dtype != "int64"):
            return output.dtype
    return "float32" if dtype == "int64" else dtype


def _is_recorded(nodes: dict[str, Any], item: InputPlan) -> bool:
    """Whether the tensor can be fed as it is: a placeholder of this very shape."""
    node = nodes.get(node_of(item.target))
    if node is None or node.op != "Placeholder":
        return True
    recorded = node.attr["shape"].shape
    unsaid = not recorded.dim and item.shape is None
    return bool(unsaid or recorded == shape_message(item.shape))


def _new_input(writer: NodeWriter, nodes: dict[str, Any], key: str, item: InputPlan) -> str:
    placeholder = writer.add(
        "Placeholder",
        _safe(f"{key}_{item.name}"),
        [],
        dtype=dtype_attribute(item.dtype),
        shape=attribute(shape=shape_message(item.shape)),
        _output_shapes=shapes_attribute([item.shape]),
    )
    fed, _ = add_steps(writer, placeholder, item.dtype, item.steps, _safe(f"{key}_{item.name}"))
    _set_default(nodes, item.target, fed)
    return placeholder


def _set_default(nodes: dict[str, Any], target: str, default: str) -> None:
    """Turn the placeholder `target` into one with a default value."""
    node = nodes.get(node_of(target))
    if node is None or node.op not in ("Placeholder", "PlaceholderWithDefault"):
        raise BlockedError(
            f"{target} is no placeholder, so nothing else can be fed in its place.",
            "leave its shape and dtype as they are",
        )
    node.op = "PlaceholderWithDefault"
    del node.input[:]
    node.input.append(default)
