"""SignatureDefs and the object graph's `signatures` node: changed together, always.

The v1 loader and TensorFlow Serving read `signature_def_map`; `tf.saved_model.load` reads the
object graph. A change to one alone gives two different models.
"""

from __future__ import annotations

from typing import Any

from sigfix.errors import BlockedError
from sigfix.model import Shape, node_of
from sigfix.reading.protos import dtype_name, dtype_number, message_class
from sigfix.reading.shapes import read_shape
from sigfix.repairing.captures import tensors_of_captures
from sigfix.repairing.nodes import shape_message

Spec = tuple[str, str, Shape]
"""Name, dtype, shape."""


def tensor_info(tensor: str, dtype: str, shape: Shape) -> Any:
    """A TensorInfo for a dense tensor; `x` is written `x:0`."""
    name = tensor if ":" in tensor else f"{tensor}:0"
    info: Any = message_class("TensorInfo")(name=name, dtype=dtype_number(dtype))
    info.tensor_shape.CopyFrom(shape_message(shape))
    return info


def signatures_node(objects: Any) -> Any:
    """The object that holds the signatures; made where the root has none."""
    for child in objects.nodes[0].children:
        if child.local_name == "signatures":
            return objects.nodes[child.node_id]
    node_id = len(objects.nodes)
    objects.nodes.add().user_object.identifier = "signature_map"
    version = objects.nodes[node_id].user_object.version
    version.producer = version.min_consumer = 1
    objects.nodes[0].children.add(node_id=node_id, local_name="signatures")
    return objects.nodes[node_id]


def set_child(holder: Any, key: str, node_id: int) -> None:
    """Point `holder`'s child `key` at a node, adding or replacing it."""
    for child in holder.children:
        if child.local_name == key:
            child.node_id = node_id
            return
    holder.children.add(node_id=node_id, local_name=key)


def _drop_child(holder: Any, key: str) -> int | None:
    for index, child in enumerate(holder.children):
        if child.local_name == key:
            node_id: int = child.node_id
            del holder.children[index]
            return node_id
    return None


def attach_function(
    objects: Any,
    key: str,
    function_name: str,
    captured: list[int],
    inputs: list[Spec],
    outputs: list[Spec],
) -> None:
    """Make a library function known to the object graph as signature `key`.

    `inputs` and `outputs` are sorted by name, which is the order of the function's arguments
    and results.
    """
    concrete = objects.concrete_functions[function_name]
    concrete.Clear()
    concrete.bound_inputs.extend(captured)
    structure = concrete.canonicalized_input_signature.tuple_value
    structure.values.add().tuple_value.SetInParent()
    keywords = structure.values.add().dict_value
    keywords.SetInParent()
    for spec in inputs:
        _set_spec(keywords.fields[spec[0]], spec)
    concrete.output_signature.dict_value.SetInParent()
    for spec in outputs:
        _set_spec(concrete.output_signature.dict_value.fields[spec[0]], spec)
    node_id = len(objects.nodes)
    node = objects.nodes.add()
    bare = node.bare_concrete_function
    bare.concrete_function_name = function_name
    bare.argument_keywords.extend(name for name, _, _ in inputs)
    bare.allowed_positional_arguments = 1 if len(inputs) == 1 else 0
    _set_function_spec(bare.function_spec, [name for name, _, _ in inputs])
    for index, captured_id in enumerate(captured):
        if objects.nodes[captured_id].WhichOneof("kind") == "constant":
            for references in (node.children, node.dependencies):
                references.add(node_id=captured_id, local_name=f"capture_{index}")
    set_child(signatures_node(objects), key, node_id)


def _set_spec(value: Any, spec: Spec) -> None:
    name, dtype, shape = spec
    value.tensor_spec_value.name = name
    value.tensor_spec_value.dtype = dtype_number(dtype)
    value.tensor_spec_value.shape.CopyFrom(shape_message(shape))


def _set_function_spec(spec: Any, keywords: list[str]) -> None:
    """An `inspect.FullArgSpec` of a function with keyword-only arguments."""
    full = spec.fullargspec.named_tuple_value
    full.name = "FullArgSpec"
    for field in ("args", "varargs", "varkw", "defaults", "kwonlyargs", "kwonlydefaults"):
        pair = full.values.add(key=field)
        if field in ("args", "kwonlyargs"):
            pair.value.list_value.SetInParent()
        else:
            pair.value.none_value.SetInParent()
        if field == "kwonlyargs":
            for name in keywords:
                pair.value.list_value.values.add(string_value=name)
    full.values.add(key="annotations").value.dict_value.SetInParent()
    spec.input_signature.none_value.SetInParent()


def has_objects(meta_graph: Any) -> bool:
    """Whether `tf.saved_model.load` reads an object graph of the model."""
    return meta_graph.HasField("object_graph_def") and len(meta_graph.object_graph_def.nodes) > 0


def alias(meta_graph: Any, key: str, of: str) -> None:
    """Give signature `of` the second key `key`, for both loaders."""
    meta_graph.signature_def[key].CopyFrom(meta_graph.signature_def[of])
    if not has_objects(meta_graph):
        return
    holder = signatures_node(meta_graph.object_graph_def)
    for child in holder.children:
        if child.local_name == of:
            set_child(holder, key, child.node_id)
            return
    raise BlockedError(
        f"Signature {of} is in the signature map and not in the object graph, so "
        "tf.saved_model.load would not see its alias.",
        "build the signature from a function with --function",
    )


def remove(meta_graph: Any, key: str) -> None:
    """Take signature `key` from both places; its function stays in the library."""
    del meta_graph.signature_def[key]
    if has_objects(meta_graph):
        _drop_child(signatures_node(meta_graph.object_graph_def), key)


def rename(meta_graph: Any, key: str, to: str) -> None:
    """Give signature `key` the key `to` in both places."""
    meta_graph.signature_def[to].CopyFrom(meta_graph.signature_def[key])
    del meta_graph.signature_def[key]
    if has_objects(meta_graph):
        holder = signatures_node(meta_graph.object_graph_def)
        node_id = _drop_child(holder, key)
        if node_id is not None:
            set_child(holder, to, node_id)


def attach(meta_graph: Any, key: str, function: str) -> None:
    """Make signature `key`, a call of library function `function`, known to the object graph.

    Raises `BlockedError` where a tensor that the call is given belongs to no known object.
    """
    definition = meta_graph.signature_def[key]
    node_name = node_of(next(iter(definition.outputs.values())).name)
    call = next(node for node in meta_graph.graph_def.node if node.name == node_name)
    passed = [name for name in call.input if not name.startswith("^")][len(definition.inputs) :]
    objects = {tensor: node for node, tensor in tensors_of_captures(meta_graph).items()}
    strange = [name for name in passed if name not in objects]
    if strange:
        raise BlockedError(
            f"Signature {key} uses {strange[0]}, which is no object of the object graph.",
            "build the signature from a function with --function",
        )

    def specs(infos: Any) -> list[Spec]:
        return [
            (name, dtype_name(infos[name].dtype), read_shape(infos[name].tensor_shape))
            for name in sorted(infos)
        ]

    attach_function(
        meta_graph.object_graph_def,
        key,
        function,
        [objects[name] for name in passed],
        specs(definition.inputs),
        specs(definition.outputs),
    )
