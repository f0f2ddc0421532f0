"""Add a signature that calls functions of the object graph, as TensorFlow itself would save it.

Four places have to agree: a wrapper in the function library; placeholders and a call to it in
the top-level graph, which the v1 loader and TensorFlow Serving run; the SignatureDef; and the
object graph's `signatures` node with a concrete function, which `tf.saved_model.load` reads.
The model's own functions, variables and objects stay byte for byte what they were.
"""

from __future__ import annotations

import re
from typing import Any

from sigfix.model import node_of, output_index
from sigfix.planning.edits import AddSignature, InputPlan, OutputPlan, positions
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
from sigfix.repairing.parsed import without_parsers
from sigfix.repairing.signatures import attach_function, tensor_info
from sigfix.repairing.widening import with_open_batch


def add_from_function(meta_graph: Any, edit: AddSignature) -> None:
    """Apply `edit`, whose source is a function (or several heads), to a MetaGraphDef message.

    Raises `BlockedError` where a capture of a function has no tensor in the graph.
    """
    objects = meta_graph.object_graph_def
    library = meta_graph.graph_def.library
    copies = with_open_batch(meta_graph, edit) | without_parsers(meta_graph, edit)
    functions = {item.signature.name: item for item in library.function}
    heads = [functions[copies.get(head.trace, head.trace)] for head in edit.heads]
    results = [
        [argument.name for argument in functions[head.trace].signature.output_arg]
        for head in edit.heads
    ]
    counts = []
    captured: list[int] = []
    for head in edit.heads:
        bound = list(objects.concrete_functions[head.trace].bound_inputs)
        counts.append(len(bound))
        captured += bound
    tensors = require_captures(meta_graph, captured)
    inputs = sorted(edit.inputs, key=lambda item: item.name)
    outputs = sorted(edit.outputs, key=lambda item: item.name)
    wrapper = _wrapper(library, heads, edit, inputs, outputs, counts, results)
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
    heads: list[Any],
    edit: AddSignature,
    inputs: list[InputPlan],
    outputs: list[OutputPlan],
    capture_counts: list[int],
    results: list[list[str]],
) -> Any:
    """A FunctionDef: the new inputs, the steps, calls of `heads`, the steps, the new outputs.

    `results` are what each function that was planned for returns; a copy may return fewer of them.
    """
    function: Any = library.function.add()
    signature = function.signature
    signature.name = _function_name(library, edit.key)
    signature.is_stateful = any(head.signature.is_stateful for head in heads)
    names = _argument_names(
        [item.name for item in inputs]
        + [f"unknown_{index}" for index in range(sum(capture_counts))]
    )
    own, captures = names[: len(inputs)], names[len(inputs) :]
    for position, (name, item) in enumerate(zip(own, inputs, strict=True)):
        signature.input_arg.add(name=name, type=dtype_number(item.dtype))
        attributes = function.arg_attr[position].attr
        attributes["_user_specified_name"].CopyFrom(attribute(s=item.name.encode()))
        attributes["_output_shapes"].CopyFrom(shapes_attribute([item.shape]))
    writer = NodeWriter(function.node_def, in_function=True, reserved=set(names))
    fed: dict[tuple[int, int], str] = {}
    for name, item in zip(own, inputs, strict=True):
        tensor, _ = add_steps(writer, name, item.dtype, item.steps, name)
        fed.update(dict.fromkeys(positions(item.target), tensor))
    for bound in edit.bound:
        label = re.sub(r"\W", "_", bound.target)
        tensor = bound_constant(writer, bound, f"bound_{label}")
        fed.update(dict.fromkeys(positions(bound.target), tensor))
    calls = []
    for number, (head, count) in enumerate(zip(heads, capture_counts, strict=True)):
        arguments = list(head.signature.input_arg)
        first_capture = len(arguments) - count
        passed, captures = captures[:count], captures[count:]
        for name, argument in zip(passed, arguments[first_capture:], strict=True):
            signature.input_arg.add().CopyFrom(argument)
            signature.input_arg[-1].name = name
        _add_call(writer, head, [fed[number, index] for index in range(first_capture)] + passed)
        calls.append(function.node_def[-1])
        calls[-1].attr["_output_shapes"].CopyFrom(_result_shapes(head))
    waits = [f"^{call.name}" for call in calls]
    for name, result in zip(_argument_names([out.name for out in outputs]), outputs, strict=True):
        ((number, planned),) = positions(result.source)
        returned = [argument.name for argument in heads[number].signature.output_arg]
        index = returned.index(results[number][planned])
        tensor = writer.reference(calls[number].name, calls[number].op, index)
        recorded = dtype_name(heads[number].signature.output_arg[index].type)
        tensor, dtype = add_steps(writer, tensor, recorded, result.steps, name)
        signature.output_arg.add(name=name, type=dtype_number(dtype))
        function.ret[name] = writer.add(
            "Identity",
            "Identity",
            [tensor, *waits],
            T=dtype_attribute(dtype),
            _output_shapes=shapes_attribute([result.shape]),
        )
    for call, head in zip(calls, heads, strict=True):
        if head.signature.is_stateful:
            signature.control_output.append(call.name)
            function.control_ret[call.name] = call.name
    shapes = [item.shape for item in inputs] + [()] * sum(capture_counts)
    function.attr["_input_shapes"].CopyFrom(shapes_attribute(shapes))
    function.attr["_construction_context"].CopyFrom(attribute(s=b"kEagerRuntime"))
    return function


def _result_shapes(function: Any) -> Any:
    """The recorded shapes of a function's results; a call alone would lose them."""
    nodes = {node.name: node for node in function.node_def}
    found: Any = attribute()
    found.list.SetInParent()
    for argument in function.signature.output_arg:
        result = function.ret[argument.name]
        name, position = node_of(result), output_index(result)
        shapes = nodes[name].attr["_output_shapes"].list.shape if name in nodes else []
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
