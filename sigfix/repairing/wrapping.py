"""Add a signature that calls a function of the object graph, as TensorFlow itself would save it.

Four places have to agree: a wrapper in the function library; placeholders and a call to it in
the top-level graph, which the v1 loader and TensorFlow Serving run; the SignatureDef; and the
object graph's `signatures` node with a concrete function, which `tf.saved_model.load` reads.
The model's own functions, variables and objects stay byte for byte what they were.
"""

from __future__ import annotations

import re
from typing import Any

from sigfix.planning.edits import AddSignature, FunctionSource, InputPlan, OutputPlan
from sigfix.reading.protos import dtype_name, dtype_number, message_class
from sigfix.repairing.captures import require_captures
from sigfix.repairing.nodes import (
    NodeWriter,
    add_steps,
    attribute,
    bound_constant,
    dtype_attribute,
    shape_message,
    shapes_attribute,
)
from sigfix.repairing.signatures import attach_function, tensor_info


def add_from_function(meta_graph: Any, edit: AddSignature) -> None:
    """Apply `edit`, whose source is a function, to a MetaGraphDef message.

    Raises `BlockedError` where a capture of the function has no tensor in the graph.
    """
    assert isinstance(edit.source, FunctionSource)
    objects = meta_graph.object_graph_def
    captured = list(objects.concrete_functions[edit.source.trace].bound_inputs)
    tensors = require_captures(meta_graph, captured)
    library = meta_graph.graph_def.library
    inner = next(item for item in library.function if item.signature.name == edit.source.trace)
    inputs = sorted(edit.inputs, key=lambda item: item.name)
    outputs = sorted(edit.outputs, key=lambda item: item.name)
    wrapper = _wrapper(library, inner, edit, inputs, outputs, len(captured))
    _call(meta_graph, wrapper, edit, inputs, outputs, tensors)
    attach_function(
        objects,
        edit.key,
        wrapper.signature.name,
        captured,
        [(item.name, item.dtype, item.shape) for item in inputs],
        [(item.name, item.dtype, item.shape) for item in outputs],
    )


def _function_name(library: Any, key: str) -> str:
    taken = {function.signature.name for function in library.function}
    stem = f"__inference_signature_wrapper_{re.sub(r'[^0-9A-Za-z_]+', '_', key)}"
    number = len(taken)
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"


def _argument_names(names: list[str]) -> list[str]:
    """Names that an OpDef allows: lower case, digits and underscores, a letter first; unique."""
    found: list[str] = []
    for name in names:
        cleaned = re.sub(r"[^0-9a-z_]+", "_", name.lower()).lstrip("_0123456789") or "argument"
        unique, number = cleaned, 0
        while unique in found:
            number += 1
            unique = f"{cleaned}_{number}"
        found.append(unique)
    return found


def _wrapper(
    library: Any,
    inner: Any,
    edit: AddSignature,
    inputs: list[InputPlan],
    outputs: list[OutputPlan],
    capture_count: int,
) -> Any:
    """A FunctionDef: the new inputs, the steps, a call of `inner`, the steps, the new outputs."""
    function = message_class("FunctionDef")()
    signature: Any = function.signature
    signature.name = _function_name(library, edit.key)
    signature.is_stateful = inner.signature.is_stateful
    names = _argument_names(
        [item.name for item in inputs] + [f"unknown_{index}" for index in range(capture_count)]
    )
    own, captures = names[: len(inputs)], names[len(inputs) :]
    for position, (name, item) in enumerate(zip(own, inputs, strict=True)):
        signature.input_arg.add(name=name, type=dtype_number(item.dtype))
        attributes = function.arg_attr[position].attr
        attributes["_user_specified_name"].CopyFrom(attribute(s=item.name.encode()))
        attributes["_output_shapes"].CopyFrom(shapes_attribute([item.shape]))
    inner_arguments = list(inner.signature.input_arg)
    first_capture = len(inner_arguments) - capture_count
    for name, argument in zip(captures, inner_arguments[first_capture:], strict=True):
        signature.input_arg.add().CopyFrom(argument)
        signature.input_arg[-1].name = name
    writer = NodeWriter(function.node_def, in_function=True, reserved=set(names))
    fed: dict[int, str] = {}
    for name, item in zip(own, inputs, strict=True):
        fed[int(item.target)], _ = add_steps(writer, name, item.dtype, item.steps, name)
    for bound in edit.bound:
        fed[int(bound.target)] = bound_constant(writer, bound, f"bound_{bound.target}")
    _add_call(writer, inner, [fed[index] for index in range(first_capture)] + captures)
    function.node_def[-1].attr["_output_shapes"].CopyFrom(_result_shapes(inner))
    call_name = function.node_def[-1].name
    op = function.node_def[-1].op
    result_types = [argument.type for argument in inner.signature.output_arg]
    for name, result in zip(_argument_names([out.name for out in outputs]), outputs, strict=True):
        tensor = writer.reference(call_name, op, int(result.source))
        recorded = dtype_name(result_types[int(result.source)])
        tensor, dtype = add_steps(writer, tensor, recorded, result.steps, name)
        signature.output_arg.add(name=name, type=dtype_number(dtype))
        function.ret[name] = writer.add(
            "Identity",
            "Identity",
            [tensor, f"^{call_name}"],
            T=dtype_attribute(dtype),
            _output_shapes=shapes_attribute([result.shape]),
        )
    if signature.is_stateful:
        signature.control_output.append(call_name)
        function.control_ret[call_name] = call_name
    shapes = [item.shape for item in inputs] + [()] * capture_count
    function.attr["_input_shapes"].CopyFrom(shapes_attribute(shapes))
    function.attr["_construction_context"].CopyFrom(attribute(s=b"kEagerRuntime"))
    stored: Any = library.function.add()
    stored.CopyFrom(function)
    return stored


def _result_shapes(function: Any) -> Any:
    """The recorded shapes of a function's results; a call alone would lose them."""
    nodes = {node.name: node for node in function.node_def}
    found: Any = attribute()
    found.list.SetInParent()
    for argument in function.signature.output_arg:
        name, _, index = function.ret[argument.name].partition(":")
        shapes = nodes[name].attr["_output_shapes"].list.shape if name in nodes else []
        position = int(index.rpartition(":")[2] or 0)
        known = position < len(shapes)
        found.list.shape.add().CopyFrom(shapes[position] if known else shape_message(None))
    return found


def _add_call(writer: NodeWriter, function: Any, inputs: list[str]) -> None:
    """Append a call of `function`; resources that are only read are not marked as such."""
    signature = function.signature
    op = "StatefulPartitionedCall" if signature.is_stateful else "PartitionedCall"
    types: Any = attribute()
    types.list.type.extend(argument.type for argument in signature.input_arg)
    results: Any = attribute()
    results.list.type.extend(argument.type for argument in signature.output_arg)
    for message in (types, results):
        message.list.SetInParent()
    called: Any = attribute()
    called.func.name = signature.name
    writer.add(op, op, inputs, f=called, Tin=types, Tout=results)


def _call(
    meta_graph: Any,
    wrapper: Any,
    edit: AddSignature,
    inputs: list[InputPlan],
    outputs: list[OutputPlan],
    captured: list[str],
) -> None:
    """Placeholders and a call in the top-level graph, and the SignatureDef that names them."""
    writer = NodeWriter(meta_graph.graph_def.node, in_function=False)
    fed = []
    definition: Any = message_class("SignatureDef")(method_name=edit.method_name)
    for item in inputs:
        name = re.sub(r"[^0-9A-Za-z_./-]+", "_", f"{edit.key}_{item.name}").lstrip("_./-")
        placeholder = writer.add(
            "Placeholder",
            name,
            [],
            dtype=dtype_attribute(item.dtype),
            shape=attribute(shape=shape_message(item.shape)),
            _output_shapes=shapes_attribute([item.shape]),
        )
        fed.append(placeholder)
        definition.inputs[item.name].CopyFrom(tensor_info(placeholder, item.dtype, item.shape))
    _add_call(writer, wrapper, fed + captured)
    call = meta_graph.graph_def.node[-1]
    call.attr["_output_shapes"].CopyFrom(shapes_attribute([item.shape for item in outputs]))
    for index, result in enumerate(outputs):
        definition.outputs[result.name].CopyFrom(
            tensor_info(f"{call.name}:{index}", result.dtype, result.shape)
        )
    meta_graph.signature_def[edit.key].CopyFrom(definition)
