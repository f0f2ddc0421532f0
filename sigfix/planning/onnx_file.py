"""An ONNX file: what its SavedModel will be called and look like, and the plan that makes it.

The import keeps ONNX's inputs and outputs, so the changes that the user asks for are planned
before anything is imported, on a signature that is still to come.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    format_shape,
)
from sigfix.planning.choices import Choices, InputChoice
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
from sigfix.planning.parsing import DTYPES
from sigfix.planning.planner import plan
from sigfix.planning.preset_spec import INPUT_NAME, RAW_OUTPUT
from sigfix.planning.shaping import FLOATS
from sigfix.planning.traces import inside
from sigfix.presets import PRESETS, Preset, Size
from sigfix.quoting import quote, quote_path


def plan_onnx(model: OtherModel, choices: Choices) -> Plan:
    """What becomes of an ONNX file. Reads only; neither ONNX nor TensorFlow is needed.

    The edits after `ImportOnnx` are for the imported model; see `for_imported`.
    """
    name = str(model.path)
    given, choices = before_the_import(model, choices)
    own = tuple(item for item in model.inputs if item.name not in dict(given.bound))
    sized = tuple(replace(item, shape=dict(given.sizes).get(item.name, item.shape)) for item in own)
    model = replace(model, inputs=sized)
    trouble, hint = _trouble(model)
    if trouble:
        return Plan(name, "blocked", reason=trouble, hint=hint)
    opset = dict(model.facts).get("opset", "unknown")
    imported = imported_model(model)
    preset = choices.preset
    if preset is None:
        edit = ImportOnnx(opset, *_said(model), sizes=given.sizes, bound=given.bound)
        changed = plan(imported, choices)
    else:
        checked = plan(imported, Choices(preset=preset, vocabulary=choices.vocabulary))
        if checked.verdict == "blocked":
            return checked
        imported = _as_preset(imported, choices)
        (signature,) = imported.meta_graphs[0].signatures
        inputs, outputs = (
            tuple(f"{item.key}: {item.spec}" for item in items)
            for items in (signature.inputs, signature.outputs)
        )
        size = _size_of(preset)
        raw = preset.is_detector and preset.output == RAW_OUTPUT
        edit = ImportOnnx(opset, inputs, outputs, preset.name, size, raw)
        changed = plan(imported, choices)
    if changed.verdict in ("blocked", "ambiguous"):
        return changed
    return replace(changed, verdict="repairable", edits=(edit, *changed.edits))


def _size_of(preset: Preset) -> Size | None:
    """The size of a preset's images, as `find_preset` takes it; None for its own."""
    own = PRESETS[preset.name]
    if preset.height == preset.width:
        return preset.height if preset.is_detector else None
    size = (preset.height, preset.width)
    return None if size == (own.height, own.width) else size


@dataclass(frozen=True)
class BeforeImport:
    """What is put into the file before it is imported, by the file's own names."""

    sizes: tuple[tuple[str, tuple[int | None, ...]], ...] = ()
    bound: tuple[tuple[str, bool | int | float | str], ...] = ()


def before_the_import(model: OtherModel, choices: Choices) -> tuple[BeforeImport, Choices]:
    """Sizes and values that the import has to know, and the choices that are left after it.

    A size is for an axis that the file leaves open (or calls 0); one that contradicts the file is
    left to `plan`, which says so. The inputs may be called by the file's names or by their keys.
    """
    if choices.preset is not None:
        return BeforeImport(), choices
    keys = signature_keys(item.name for item in model.inputs)
    specs = {item.name: item for item in model.inputs}
    names = {key: name for name, key in keys.items()} | {name: name for name in keys}
    sizes, left = [], []
    for choice in choices.inputs:
        whole = f"{choice.name}:{choice.target}"
        if whole in names:  # an input that is called x:0
            choice = replace(choice, name=keys[whole], target=None)
        name = names.get(choice.target or choice.name)
        shape = None if name is None else _shape_inside(specs[name], choice, choices, keys)
        if name is not None and shape is not None:
            sizes.append((name, shape))
            same = choice.dtype in (None, specs[name].dtype)
            if choice.target is None and same and choices.layout is None:
                continue
        left.append(choice if choice.target or name is None else replace(choice, name=keys[name]))
    bound = [
        (names[n], value)
        for n, value in choices.bind
        if n in names and _is_bindable(specs[names[n]], value)
    ]
    done = {name for name, _ in bound}
    rest = tuple((keys.get(n, n), value) for n, value in choices.bind if names.get(n) not in done)
    changed = replace(choices, inputs=tuple(left), bind=rest)
    return BeforeImport(tuple(sizes), tuple(bound)), changed


def _is_bindable(spec: TensorSpec, value: bool | int | float | str) -> bool:
    """Whether a value can be put into the file; `plan` says why one that cannot is refused."""
    if spec.shape is None or None in spec.shape or isinstance(value, str):
        return False
    if spec.dtype == "bool" or isinstance(value, bool):
        return spec.dtype == "bool" and isinstance(value, bool)
    return isinstance(value, int) or spec.dtype in FLOATS


def _shape_inside(
    spec: TensorSpec, choice: InputChoice, choices: Choices, keys: dict[str, str]
) -> tuple[int | None, ...] | None:
    """The shape that a choice gives to an input of the file, None where it says nothing new."""
    own, wanted = spec.shape, choice.shape
    named = not choices.layout_of or keys[spec.name] in choices.layout_of
    wanted = inside(wanted, choices.layout if named else None)
    if not choice.has_shape or wanted is None:
        return None
    if own is None:  # the file does not say it
        return wanted
    if len(own) != len(wanted):
        return None
    if any(o and o != w for o, w in zip(own, wanted, strict=True)) or own == wanted:
        return None
    return wanted


def _said(model: OtherModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The inputs and outputs that the import will have, in words; the file's names where others."""
    inputs, outputs = (
        tuple(
            f"{key}: {replace(spec, name='')}" + (f"  ({name} in the file)" if name != key else "")
            for key, name, spec in sorted(
                (key, spec.name, spec)
                for spec, key in zip(
                    items, signature_keys(item.name for item in items).values(), strict=True
                )
            )
        )
        for items in (model.inputs, model.outputs)
    )
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


def _trouble(model: OtherModel) -> tuple[str, str]:
    """Why the file cannot be imported, as far as its description tells, and a hint; else ''."""
    if model.problems:
        return model.problems[0].message, ""
    if not model.outputs:
        return "The file has no outputs.", ""
    for item in model.inputs:
        if item.shape and 0 in item.shape:
            open_shape = tuple(size or None for size in item.shape)
            return (
                f"The input {item.name} has the shape {format_shape(item.shape)}: it takes empty "
                "tensors alone, as ONNX Runtime understands it too.",
                f"sigfix repair {quote_path(model.path)} --input "
                + quote(f"{item.name}={item.dtype}{format_shape(open_shape)}")
                + "   # where 0 was meant as any size",
            )
    for items in (model.inputs, model.outputs):
        odd = next((item for item in items if item.dtype not in DTYPES), None)
        if odd is not None:
            kind = odd.dtype if odd.dtype != "invalid" else "no tensor: a sequence or a map"
            return f"{odd.name} is {kind}, which TensorFlow does not compute with.", ""
        names = {item.name for item in items}
        if len(names) < len(items) or "" in names:
            return "The file has two tensors of one name, or one without a name.", ""
    return "", ""


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
