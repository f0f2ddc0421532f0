"""`--preset NAME` on an existing model: the preset's spec and names, checked against the graph."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.model import Graph, Shape, format_shape, node_of
from sigfix.planning.choices import AppendChoice, Choices, InputChoice
from sigfix.planning.edits import (
    OPTION,
    PRESET,
    AddSignature,
    FunctionSource,
    GraphSource,
    InputPlan,
    MergedSource,
    OutputPlan,
)
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.traces import covers, inside
from sigfix.presets import Preset

INPUT_NAME = "input"
RAW_OUTPUT = "logits"
_DEEPEST = 20


def fit_preset(
    choices: Choices,
    graph: Graph,
    source: FunctionSource | MergedSource | GraphSource,
    inputs: list[FlatTensor],
    outputs: list[FlatTensor],
) -> Choices:
    """The choices with what the preset says, where the user said nothing.

    Raises `BlockedError` naming the contradiction where the model cannot be that preset.
    """
    preset = choices.preset
    assert preset is not None
    image, layout = _image(preset, inputs)
    result = _result(preset, outputs, layout)
    wanted: tuple[InputChoice, ...] = choices.inputs
    if not wanted:
        name = image.spec.name if image.position < 0 else str(image.position)
        spec = ("float32", preset.input_shape, True)
        wanted = (InputChoice(INPUT_NAME, name, *spec),)
    changed = replace(choices, inputs=wanted, layout=choices.layout or layout)
    if choices.outputs or choices.append or choices.rename:
        return changed
    needs_sigmoid = preset.is_detector and preset.output != RAW_OUTPUT
    if needs_sigmoid and _final_operator(graph, source, result) != "Sigmoid":
        append = AppendChoice(preset.output, "sigmoid", result.name)
        dropped = tuple(item.name for item in outputs)
        return replace(changed, append=(append,), drop_outputs=dropped)
    dropped = tuple(item.name for item in outputs if item is not result)
    renamed = () if result.name == preset.output else ((result.name, preset.output),)
    return replace(changed, rename=renamed, drop_outputs=dropped)


def mark_origins(edit: AddSignature) -> AddSignature:
    """Say that the preset decided, where nobody used an option."""

    def mark(item: InputPlan) -> InputPlan:
        steps = tuple(replace(step, origin=PRESET) for step in item.steps)
        origin = PRESET if item.origin == OPTION else item.origin
        named = PRESET if item.name_origin == OPTION else item.name_origin
        return replace(item, steps=steps, origin=origin, name_origin=named)

    def mark_output(item: OutputPlan) -> OutputPlan:
        steps = tuple(replace(step, origin=PRESET) for step in item.steps)
        return replace(item, steps=steps, origin=PRESET if item.origin == OPTION else item.origin)

    return replace(
        edit, inputs=tuple(map(mark, edit.inputs)), outputs=tuple(map(mark_output, edit.outputs))
    )


def _image(preset: Preset, inputs: list[FlatTensor]) -> tuple[FlatTensor, str | None]:
    """The input that takes the preset's images, and the `--layout` that this needs."""
    if len(inputs) != 1:
        raise BlockedError(
            f"{preset.name} has one input, and the model has {len(inputs)}.",
            "give the others a value with --bind",
        )
    (image,) = inputs
    for layout in (None, "nhwc"):
        shape = inside(preset.input_shape, image.spec.shape, layout)
        fits = covers(image.spec.shape, shape) and (layout is None or image.spec.shape is not None)
        if fits and image.spec.dtype == "float32":
            return image, layout
    raise BlockedError(
        f"The model's input {image.path} is {image.spec}, and {preset.name} takes "
        f"float32{format_shape(preset.input_shape)} (or channels first).",
        "choose another preset, or none",
    )


def _result(preset: Preset, outputs: list[FlatTensor], layout: str | None) -> FlatTensor:
    """The one output that can be the preset's."""
    if preset.is_detector:
        size = (preset.height, preset.width)
        shape: Shape = (None, 1, *size) if layout == "nhwc" else (None, *size, 1)
    else:
        shape = (None, preset.steps or None, None)
    fitting = [item for item in outputs if item.spec.dtype == "float32" and _like(item, shape)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(f"{item.name}: {item.spec}" for item in outputs)
    count = "No output" if not fitting else f"{len(fitting)} outputs"
    raise BlockedError(
        f"{count} can be the float32{format_shape(shape)} of {preset.name}; there are: {listed}.",
        f"--output {preset.output}=NAME chooses one",
    )


def _like(item: FlatTensor, shape: Shape) -> bool:
    """Whether no known dimension contradicts the wanted shape."""
    if item.spec.shape is None or shape is None:
        return True
    return len(item.spec.shape) == len(shape) and all(
        known is None or wanted is None or known == wanted
        for known, wanted in zip(item.spec.shape, shape, strict=True)
    )


def _final_operator(
    graph: Graph, source: FunctionSource | MergedSource | GraphSource, result: FlatTensor
) -> str:
    """The operator that computes a result, looked up through Identity and function calls."""
    if not isinstance(source, FunctionSource):
        return _follow(graph, "", node_of(result.spec.name))
    function = graph.function_by_name[source.trace]
    return _follow(graph, source.trace, function.returns[function.outputs[result.position].name])


def _follow(graph: Graph, scope: str, tensor: str) -> str:
    for _ in range(_DEEPEST):
        nodes = graph.by_name if not scope else {
            node.name: node for node in graph.function_by_name[scope].nodes
        }  # fmt: skip
        node = nodes.get(node_of(tensor))
        if node is None:
            return ""
        if node.op == "Identity":
            tensor = node.data_inputs[0]
        elif node.op in ("PartitionedCall", "StatefulPartitionedCall") and node.functions:
            scope = node.functions[0]
            called = graph.function_by_name.get(scope)
            if called is None:
                return ""
            index = tensor.rpartition(":")[2]
            position = int(index) if index.isdigit() else 0
            tensor = called.returns[called.outputs[position].name]
        else:
            return node.op
    return ""
