"""An ONNX file: what its SavedModel will be called and look like, and the plan that makes it.

The import keeps ONNX's inputs and outputs, so the changes that the user asks for are planned
before anything is imported, on a signature that is still to come.
"""

from __future__ import annotations

from dataclasses import replace

from sigfix.model import (
    DEFAULT_SERVING_KEY,
    PREDICT_METHOD,
    Graph,
    MetaGraph,
    Node,
    OtherModel,
    SavedModel,
    Signature,
    SignatureTensor,
    TensorSpec,
)
from sigfix.planning.choices import DTYPES, Choices
from sigfix.planning.edits import (
    AddSignature,
    Edit,
    FunctionSource,
    GraphSource,
    Plan,
)
from sigfix.planning.file_edits import ImportOnnx
from sigfix.planning.functions import signature_function
from sigfix.planning.names import signature_keys
from sigfix.planning.planner import plan
from sigfix.planning.preset_spec import INPUT_NAME, RAW_OUTPUT


def plan_onnx(model: OtherModel, choices: Choices) -> Plan:
    """What becomes of an ONNX file. Reads only; neither ONNX nor TensorFlow is needed.

    The edits after `ImportOnnx` are for the imported model; see `for_imported`.
    """
    name = str(model.path)
    trouble = _trouble(model)
    if trouble:
        return Plan(name, "blocked", reason=trouble)
    opset = dict(model.facts).get("opset", "unknown")
    imported = imported_model(model)
    preset = choices.preset
    if preset is None:
        edit = ImportOnnx(opset, *_said(imported))
        changed = plan(imported, choices)
    else:
        checked = plan(imported, Choices(preset=preset, vocabulary=choices.vocabulary))
        if checked.verdict == "blocked":
            return checked
        imported = _as_preset(imported, choices)
        edit = ImportOnnx(
            opset,
            *_said(imported),
            preset.name,
            preset.height if preset.is_detector else None,
            preset.is_detector and preset.output == RAW_OUTPUT,
        )
        changed = plan(imported, choices)
    if changed.verdict in ("blocked", "ambiguous"):
        return changed
    return replace(changed, verdict="repairable", edits=(edit, *changed.edits))


def _said(imported: SavedModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The imported signature's inputs and outputs, in words."""
    (signature,) = imported.meta_graphs[0].signatures
    both = (signature.inputs, signature.outputs)
    inputs, outputs = (tuple(f"{item.key}: {item.spec}" for item in items) for items in both)
    return inputs, outputs


def _as_preset(imported: SavedModel, choices: Choices) -> SavedModel:
    """The same file imported as a preset: channels last, sizes fixed, its own output.

    The sigmoid that the import puts behind a detector's logits is there, so that none is planned.
    """
    preset = choices.preset
    assert preset is not None
    (signature,) = imported.meta_graphs[0].signatures
    classes = signature.outputs[0].spec.shape
    shape = list(preset.output_shape(len(choices.vocabulary)))
    if classes and not preset.is_detector:
        shape[-1] = classes[-1]
    specs = (
        (TensorSpec("float32", preset.input_shape, INPUT_NAME),),
        (TensorSpec("float32", tuple(shape), preset.output),),
    )
    inputs, outputs = map(_tensors, specs)
    changed = replace(signature, inputs=inputs, outputs=outputs)
    ends_in = "Sigmoid" if preset.is_detector and preset.output != RAW_OUTPUT else ""
    graph = Graph((Node(preset.output, ends_in, ()),) if ends_in else ())
    meta_graph = replace(imported.meta_graphs[0], signatures=(changed,), graph=graph)
    return replace(imported, meta_graphs=(meta_graph,))


def _trouble(model: OtherModel) -> str:
    """Why the file cannot be imported, as far as its description tells; else ''."""
    if model.problems:
        return model.problems[0].message
    if not model.outputs:
        return "The file has no outputs."
    for items in (model.inputs, model.outputs):
        odd = next((item for item in items if item.dtype not in DTYPES), None)
        if odd is not None:
            return f"{odd.name} is no tensor: a sequence, a map, or of no dtype that is known."
    return ""


def imported_model(model: OtherModel) -> SavedModel:
    """The SavedModel that the import will write, as far as its signature goes."""
    signature = Signature(
        DEFAULT_SERVING_KEY, _tensors(model.inputs), _tensors(model.outputs), PREDICT_METHOD
    )
    meta_graph = MetaGraph(("serve",), "", "", (signature,), Graph(()), None, {}, (), ())
    return SavedModel(model.path, "onnx", 1, (meta_graph,), None)


def _tensors(specs: tuple[TensorSpec, ...]) -> tuple[SignatureTensor, ...]:
    keys = signature_keys(spec.name for spec in specs)
    named = [(keys[spec.name], spec) for spec in specs]
    return tuple(SignatureTensor(key, replace(spec, name=key)) for key, spec in sorted(named))


def for_imported(edits: tuple[Edit, ...], imported: SavedModel) -> tuple[Edit, ...]:
    """The edits after `ImportOnnx`, with the function and positions that the import gave them."""
    function = signature_function(imported.meta_graphs[0], DEFAULT_SERVING_KEY)
    signature = imported.meta_graphs[0].signature(DEFAULT_SERVING_KEY)
    assert function is not None and signature is not None
    inputs = {item.key: str(index) for index, item in enumerate(signature.inputs)}
    outputs = {item.key: str(index) for index, item in enumerate(signature.outputs)}
    source = FunctionSource(function.path, function.traces[0].name)
    found: list[Edit] = []
    for edit in edits:
        if isinstance(edit, ImportOnnx):
            continue
        if isinstance(edit, AddSignature) and isinstance(edit.source, GraphSource):
            edit = replace(
                edit,
                source=source,
                inputs=tuple(replace(item, target=inputs[item.target]) for item in edit.inputs),
                outputs=tuple(replace(item, source=outputs[item.source]) for item in edit.outputs),
                bound=tuple(replace(item, target=inputs[item.target]) for item in edit.bound),
            )
        found.append(edit)
    return tuple(found)
