"""`--preset NAME` on an existing model: the preset's spec and names, checked against the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sigfix.errors import BlockedError
from sigfix.model import (
    Graph,
    GraphFunction,
    MetaGraph,
    SavedModel,
    Shape,
    covers,
    format_shape,
    node_of,
    output_index,
)
from sigfix.planning.choices import AppendChoice, Choices, InputChoice
from sigfix.planning.edits import (
    OPTION,
    PRESET,
    AddSignature,
    Edit,
    FunctionSource,
    GraphSource,
    InputPlan,
    MergedSource,
    OutputPlan,
)
from sigfix.planning.file_edits import WriteCard
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.traces import inside
from sigfix.presets import Preset
from sigfix.vocabularies import vocabulary_hint

INPUT_NAME = "input"
RAW_OUTPUT = "logits"
_DEEPEST = 20


@dataclass(frozen=True)
class Fitted:
    """The choices with what the preset says, and the outputs with the shapes that it knows."""

    choices: Choices
    outputs: list[FlatTensor]


def fit_preset(
    choices: Choices,
    graph: Graph,
    source: FunctionSource | MergedSource | GraphSource,
    inputs: list[FlatTensor],
    outputs: list[FlatTensor],
) -> Fitted:
    """Fill in what the preset says, where the user said nothing.

    Images may come channels first (as onnx-tf leaves them) or last (as onnx2tf does), and so may
    a detector's map. Raises `BlockedError` naming the contradiction where the model cannot be
    that preset.
    """
    preset = choices.preset
    assert preset is not None
    image, is_turned = _image(preset, inputs)
    result, turns_back = _result(choices, outputs, is_turned)
    fitted = [result if item.position == result.position else item for item in outputs]
    wanted: tuple[InputChoice, ...] = choices.inputs
    if not wanted:
        name = image.spec.name if image.position < 0 else str(image.position)
        spec = ("float32", preset.input_shape, True)
        wanted = (InputChoice(INPUT_NAME, name, *spec),)
    changed = replace(choices, inputs=wanted)
    if choices.layout is None and (is_turned or turns_back):
        turned = ((image.name,) if is_turned else ()) + ((result.name,) if turns_back else ())
        changed = replace(changed, layout="nhwc", layout_of=turned)
    if choices.append or choices.rename:
        return Fitted(changed, fitted)
    needs_sigmoid = preset.is_detector and preset.output != RAW_OUTPUT
    if needs_sigmoid and _final_operator(graph, source, result) != "Sigmoid":
        append = AppendChoice(preset.output, "sigmoid", result.name)
        dropped = tuple(item.name for item in outputs)
        changed = replace(changed, outputs=(), append=(append,), drop_outputs=dropped)
    elif not choices.outputs:
        dropped = tuple(item.name for item in outputs if item.position != result.position)
        renamed = () if result.name == preset.output else ((result.name, preset.output),)
        changed = replace(changed, rename=renamed, drop_outputs=dropped)
    return Fitted(changed, fitted)


def plan_card(
    model: SavedModel, meta_graph: MetaGraph, choices: Choices, edits: list[Edit]
) -> list[Edit]:
    """The model card that a preset's model carries; none where it has that card already."""
    preset = choices.preset
    built = next((edit for edit in edits if isinstance(edit, AddSignature)), None)
    signature = meta_graph.signature(choices.key)
    if preset is None or (built is None and signature is None):
        return []
    if built is not None:
        inputs = [(item.name, item.shape) for item in built.inputs]
        outputs = [item.name for item in built.outputs]
    else:
        assert signature is not None
        inputs = [(item.key, item.spec.shape) for item in signature.inputs]
        outputs = [item.key for item in signature.outputs]
    output = preset.output if preset.output in outputs else outputs[0]
    name, shape = inputs[0]
    first = shape is not None and len(shape) == 4 and shape[1] == 3 and shape[3] != 3
    layout = "nchw" if first else "nhwc"
    card = model.card or {}
    said = {"preset": preset.name, "input": name, "output": output, "layout": layout}
    said["vocabulary"] = choices.vocabulary
    if choices.normalize is None and all(card.get(key) == value for key, value in said.items()):
        return []
    normalized = choices.normalize is not None
    return [
        WriteCard(
            preset.name, choices.vocabulary, model.path.name, name, output, layout, normalized
        )
    ]


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


def _image(preset: Preset, inputs: list[FlatTensor]) -> tuple[FlatTensor, bool]:
    """The input that takes the preset's images, and whether its channels come first."""
    if len(inputs) != 1:
        raise BlockedError(
            f"{preset.name} has one input, and the model has {len(inputs)}.",
            "give the others a value with --bind",
        )
    (image,) = inputs
    for layout in (None, "nhwc"):
        shape = inside(preset.input_shape, layout)
        fits = covers(image.spec.shape, shape) and (layout is None or image.spec.shape is not None)
        if fits and image.spec.dtype == "float32":
            return image, layout is not None
    known = image.spec.shape if image.spec.shape and len(image.spec.shape) == 4 else ()
    sides = (preset.other_size(*known[at : at + 2]) for at in (1, 2) if known)
    side = next(filter(None, sides), None)
    raise BlockedError(
        f"The model's input {image.path} is {image.spec}, and {preset.name} takes "
        f"float32{format_shape(preset.input_shape)} (or channels first).",
        f"--size {side}" if side else "choose another preset, or none",
    )


def _result(
    choices: Choices, outputs: list[FlatTensor], is_turned: bool
) -> tuple[FlatTensor, bool]:
    """The one output that can be the preset's, its open dimensions filled in.

    With it, whether its channels come first; where its shape does not tell, they do where the
    input's do (`is_turned`).
    """
    preset = choices.preset
    assert preset is not None
    shape: Shape = preset.output_shape(len(choices.vocabulary))
    if preset.is_recogniser:
        shape = (None, preset.steps or None, None)
    shapes = [(shape, False)]
    if preset.is_detector:
        first: Shape = (None, 1, preset.height, preset.width)
        shapes = [(first, True), (shape, False)] if is_turned else [(shape, False), (first, True)]
    chosen = {tensor for _, tensor in choices.outputs}
    fitting = [
        next((item, wanted, turned) for wanted, turned in shapes if _like(item, wanted))
        for item in outputs
        if item.spec.dtype == "float32"
        and any(_like(item, wanted) for wanted, _ in shapes)
        and (not chosen or chosen & {item.name, item.path, item.spec.name})
    ]
    if len(fitting) == 1:
        item, wanted, turned = fitting[0]
        _check_vocabulary(preset, item, choices.vocabulary)
        return replace(
            item, spec=replace(item.spec, shape=_filled(item.spec.shape, wanted))
        ), turned
    listed = ", ".join(f"{item.name}: {item.spec}" for item in outputs)
    count = "No output" if not fitting else f"{len(fitting)} outputs"
    raise BlockedError(
        f"{count} can be the float32{format_shape(shape)} of {preset.name}; there are: {listed}.",
        f"--output {preset.output}=NAME chooses one" if fitting else "choose another preset",
    )


def _check_vocabulary(preset: Preset, item: FlatTensor, vocabulary: str) -> None:
    """Check the number of classes: one a character, and the preset's own."""
    classes = item.spec.shape[-1] if preset.is_recogniser and item.spec.shape else None
    expected = len(vocabulary) + preset.extra_classes
    if vocabulary and classes is not None and classes != expected:
        raise BlockedError(
            f"The model's {item.name} has {classes} classes, and {preset.name} with a vocabulary "
            f"of {len(vocabulary)} characters has {expected}.",
            vocabulary_hint(classes - preset.extra_classes),
        )


def _filled(shape: Shape, wanted: Shape) -> Shape:
    """A recorded shape, its open dimensions as the preset has them."""
    if shape is None or wanted is None:
        return wanted
    return tuple(
        known if known is not None else size for known, size in zip(shape, wanted, strict=True)
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
    return _follow(graph, source.trace, _returned(function, result.position))


def _returned(function: GraphFunction, position: int) -> str:
    """The tensor of a function's body that is its result; '' where the function does not say."""
    if position >= len(function.outputs):
        return ""
    return function.returns.get(function.outputs[position].name, "")


def _follow(graph: Graph, scope: str, tensor: str) -> str:
    for _ in range(_DEEPEST):
        nodes = graph.by_name if not scope else {
            node.name: node for node in graph.function_by_name[scope].nodes
        }  # fmt: skip
        node = nodes.get(node_of(tensor))
        if node is None:
            return ""
        if node.op == "Identity" and node.data_inputs:
            tensor = node.data_inputs[0]
        elif node.op in ("PartitionedCall", "StatefulPartitionedCall") and node.functions:
            scope = node.functions[0]
            called = graph.function_by_name.get(scope)
            if called is None:
                return ""
            tensor = _returned(called, output_index(tensor))
        else:
            return node.op
    return ""
