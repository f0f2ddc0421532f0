"""Read an ONNX file, fix its static dimensions and simplify it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx

from sigfix.errors import BlockedError, UnreadableModelError, first_line
from sigfix.importing import unsaid_shapes
from sigfix.importing.early_operators import checked_without_early, unchecked_nodes
from sigfix.presets import Preset
from sigfix.vocabularies import vocabulary_hint

EXPORTED_OUTPUT = "logits"  # as docTR's exporter calls it


def read_onnx(path: Path) -> onnx.ModelProto:
    """The checked model, external weights included; `UnreadableModelError` for anything else."""
    try:
        model = onnx.load(path)
        is_said = unsaid_shapes.tell_what_is_unsaid(model)
        is_said = is_said and not unchecked_nodes(model)
        with unsaid_shapes.checked_without_shapes(model), checked_without_early(model):
            onnx.checker.check_model(_as_checked(path, model) if is_said else model)
    except Exception as error:  # protobuf, checker and I/O errors
        raise UnreadableModelError(
            f"{path} is not a readable ONNX model ({first_line(error)}).",
            "export it again, or check the path",
        ) from error
    _open_negative_sizes(model.graph)
    return model


def _as_checked(path: Path, model: onnx.ModelProto) -> str | onnx.ModelProto:
    """What the checker takes: the path, which it reads in pieces, where its name is text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return model
    return str(path)


def _open_negative_sizes(graph: onnx.GraphProto) -> None:
    """A size of -1 is a dynamic one: older exporters write it, and ONNX Runtime reads it so."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        for dim in value.type.tensor_type.shape.dim:
            if dim.HasField("dim_value") and dim.dim_value < 0:
                dim.Clear()
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _open_negative_sizes(inner)


def graph_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller feeds: older files list their weights among the inputs too."""
    weights = {i.name for i in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in weights]


def shape_of(value: onnx.ValueInfoProto) -> list[int | None]:
    """Dimensions of a graph input or output; None for a dynamic one, negative ones included."""
    dims = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") and d.dim_value >= 0 else None for d in dims]


def fix_dimensions(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int | None]]) -> None:
    """Write static dimensions into the graph's inputs; None leaves a dimension as it is."""
    for value in graph_inputs(model):
        for dim, size in zip(
            value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False
        ):
            if size is not None:
                dim.dim_value = size


def finish(model: onnx.ModelProto, preset: Preset, path: Path, normalize: bool = False) -> bool:
    """Turn a docTR export into what the preset wants, in place; whether anything was changed.

    A detector gets the preset's output and input size, and the mean and deviation are put in with
    `normalize`. Raises `BlockedError` where the file at `path` is no export of this model.
    """
    check_preset(model, preset, path)
    renamed = _rename_input(model, "input") | _rename_output(model, EXPORTED_OUTPUT)
    if preset.is_detector:
        fix_dimensions(model, {"input": (None, 3, preset.height, preset.width)})
        finish_detector(model, preset)
    if normalize:
        put_normalisation(model, preset)
    return renamed or preset.is_detector or normalize


def _rename_input(model: onnx.ModelProto, name: str) -> bool:
    """Call the only input `name`, in place; whether it was called otherwise."""
    (value,) = graph_inputs(model)
    own = value.name
    if own == name:
        return False
    for node in model.graph.node:
        for names in (node.input, node.output):  # something else may have the name
            names[:] = [f"{n}_of_the_file" if n == name else name if n == own else n for n in names]
    for tensor in model.graph.initializer:
        tensor.name = f"{name}_of_the_file" if tensor.name == name else tensor.name
    value.name = name
    del model.graph.value_info[:]
    return True


def _rename_output(model: onnx.ModelProto, name: str) -> bool:
    """Call the only output `name`, in place; whether it was called otherwise."""
    (value,) = model.graph.output
    if value.name == name:
        return False
    for node in model.graph.node:  # something else may have the name
        for names in (node.input, node.output):
            names[:] = [f"{n}_of_the_file" if n == name else n for n in names]
    for tensor in model.graph.initializer:
        tensor.name = f"{name}_of_the_file" if tensor.name == name else tensor.name
    model.graph.node.append(onnx.helper.make_node("Identity", [value.name], [name]))
    value.name = name
    del model.graph.value_info[:]
    return True


def finish_detector(model: onnx.ModelProto, preset: Preset) -> None:
    """Turn docTR's `logits` [N, 1, H, W] into the preset's output [N, H, W, 1].

    `probabilities` are the sigmoid of the logits; raw logits are only turned round.
    """
    value = next(o for o in model.graph.output if o.name == EXPORTED_OUTPUT)
    node, source = onnx.helper.make_node, f"{EXPORTED_OUTPUT}_nchw"
    for producer in model.graph.node:
        producer.output[:] = [source if o == EXPORTED_OUTPUT else o for o in producer.output]
        producer.input[:] = [source if i == EXPORTED_OUTPUT else i for i in producer.input]
    if preset.output != EXPORTED_OUTPUT:
        model.graph.node.append(node("Sigmoid", [source], ["sigmoid"], name="sigmoid"))
        source = "sigmoid"
    model.graph.node.append(
        node("Transpose", [source], [preset.output], name="to_nhwc", perm=[0, 2, 3, 1])
    )
    dims = value.type.tensor_type.shape.dim
    batch = dims[0].dim_param or "batch_size"
    maps = shape_of(value)[1] or preset.maps
    shape = (batch, preset.height, preset.width, maps)
    model.graph.output.remove(value)
    model.graph.output.append(
        onnx.helper.make_tensor_value_info(preset.output, onnx.TensorProto.FLOAT, shape)
    )


def put_normalisation(model: onnx.ModelProto, preset: Preset) -> None:
    """Let the model take RGB values between 0 and 1: (x - mean) / std becomes a part of it.

    It cannot go into the first convolution's weights, which pads its normalised input with zeros.
    """
    mean, std = (np.array(v, np.float32).reshape(3, 1, 1) for v in (preset.mean, preset.std))
    graph, name = model.graph, graph_inputs(model)[0].name
    for reader in graph.node:
        reader.input[:] = ["normalised" if i == name else i for i in reader.input]
    graph.initializer.extend(
        onnx.numpy_helper.from_array(value, own)
        for own, value in (("inverse_std", 1 / std), ("shift", -mean / std))
    )
    nodes = [
        onnx.helper.make_node("Mul", [name, "inverse_std"], ["scaled"], name="scaled"),
        onnx.helper.make_node("Add", ["scaled", "shift"], ["normalised"], name="normalised"),
        *graph.node,
    ]
    copied = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copied)


def check_preset(model: onnx.ModelProto, preset: Preset, path: Path) -> None:
    """Check that a graph has the preset's input and output; `BlockedError` where it does not."""
    inputs = graph_inputs(model)
    expected = [None, 3, preset.height, preset.width]
    found = shape_of(inputs[0]) if inputs else []
    fits = len(found) == 4 and all(
        f is None or e is None or f == e for f, e in zip(found, expected, strict=True)
    )
    if len(inputs) != 1 or not fits:
        shown = [f"'{v.name}' {shape_of(v)}".replace("None", "?") for v in inputs]
        side = preset.other_size(*found[2:]) if len(found) == 4 else None
        raise BlockedError(
            f"{path} is not an ONNX export of {preset.name}: expected one input "
            f"[batch, 3, {preset.height}, {preset.width}], found {', '.join(shown) or 'none'}.",
            f"--size {side}" if side else "leave --preset out to convert it as it is",
        )
    outputs = [o.name for o in model.graph.output]
    if len(outputs) != 1:
        raise BlockedError(
            f"{path} is not an ONNX export of {preset.name}: expected one output "
            f"'{EXPORTED_OUTPUT}', found {', '.join(outputs) or 'none'}.",
            "leave --preset out to convert it as it is",
        )
    last = next((node for node in model.graph.node if outputs[0] in node.output), None)
    if preset.is_detector and last is not None and last.op_type in ("Sigmoid", "Transpose"):
        raise BlockedError(
            f"{path} is not docTR's own export of {preset.name}: its output {outputs[0]} comes out "
            f"of {last.op_type}, and {preset.name}'s are raw maps [batch, 1, height, width].",
            "leave --preset out to convert it as it is",
        )


def check_vocabulary(model: onnx.ModelProto, preset: Preset, characters: str, path: Path) -> None:
    """Check the classes of a recogniser's output; `BlockedError` for another vocabulary."""
    classes = shape_of(model.graph.output[0])[-1]
    expected = len(characters) + preset.extra_classes
    if classes is not None and classes != expected:
        raise BlockedError(
            f"{path} has {classes} classes, and {preset.name} with a vocabulary of "
            f"{len(characters)} characters has {expected}.",
            vocabulary_hint(classes - preset.extra_classes),
        )
