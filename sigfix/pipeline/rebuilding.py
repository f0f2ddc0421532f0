"""`repair --rebuild`: TensorFlow loads the SavedModel and saves it anew, then it is edited."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sigfix.errors import ConversionError, ProcessError
from sigfix.model import MetaGraph, SavedModel, Trace
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.making import Made
from sigfix.pipeline.progress import Say
from sigfix.planning import Plan
from sigfix.planning.edits import (
    AddSignature,
    Edit,
    FunctionSource,
    KeepMetaGraph,
    RemoveSignature,
    SetTags,
)
from sigfix.planning.file_edits import SaveAnew
from sigfix.planning.functions import find_function
from sigfix.reading import read

CHILD = "sigfix.pipeline.saving_child"
_HELPER = "sigfix_rebuilt_{}"
"""A signature that TensorFlow makes of a function, so that its graph tells what it uses."""


def save_anew(
    model: SavedModel, decided: Plan, options: RepairOptions, folder: Path, say: Say
) -> Made:
    """The model as TensorFlow saves it again, with the plan's other edits left to make.

    Raises `ConversionError` where TensorFlow cannot, or where a function is lost on the way.
    """
    from sigfix.processes import run_process

    meta = model.meta_graphs[decided.meta_graph]
    added = [edit for edit in decided.edits if isinstance(edit, AddSignature)]
    calls = {_HELPER.format(number): _call(meta, edit) for number, edit in enumerate(added)}
    target = folder / "anew"
    job = {
        "path": str(model.path.resolve()),
        "tags": list(meta.tags),
        "calls": calls,
        "save": str(target),
    }
    say(f"loading {model.path} with TensorFlow and saving it anew: this runs it")
    try:
        answer = run_process(CHILD, job, options.seconds)
    except ProcessError as error:
        answer = {"error": error.reason}
    if "error" in answer:
        raise ConversionError(f"TensorFlow cannot save {model.path} anew: {answer['error']}")
    saved = read(target)
    edits: list[Edit] = [
        _moved(meta, saved.meta_graphs[0], edit) if isinstance(edit, AddSignature) else edit
        for edit in decided.edits
        if not isinstance(edit, (SaveAnew, KeepMetaGraph, SetTags))
    ]
    edits += [RemoveSignature(key) for key in calls]
    tags = next((edit.tags for edit in decided.edits if isinstance(edit, SetTags)), meta.tags)
    if set(tags) != set(saved.meta_graphs[0].tags):
        edits.append(SetTags(tags, saved.meta_graphs[0].tags))
    changes = replace(decided, meta_graph=0, edits=tuple(edits))
    return Made(target, changes, None, model, same_as=decided)


def _call(meta: MetaGraph, edit: AddSignature) -> dict[str, object]:
    """Where the function of a signature is, and which of its traces is meant."""
    assert isinstance(edit.source, FunctionSource)
    assert meta.objects is not None
    function = find_function(meta.objects, edit.source.path)
    names = [trace.name for trace in function.traces]
    return {"parts": function.path.split("."), "trace": names.index(edit.source.trace)}


def _moved(before: MetaGraph, after: MetaGraph, edit: AddSignature) -> AddSignature:
    """The edit for the model that was saved anew, whose traces have other names."""
    assert isinstance(edit.source, FunctionSource)
    assert before.objects is not None
    assert after.objects is not None
    was = before.objects.traces[edit.source.trace]
    traces = find_function(after.objects, edit.source.path).traces
    found = [trace for trace in traces if _arguments(trace) == _arguments(was)]
    if len(found) != 1:
        raise ConversionError(f"{edit.source.path} is not the same once TensorFlow saved it anew.")
    return replace(edit, source=FunctionSource(edit.source.path, found[0].name))


def _arguments(trace: Trace) -> tuple[str, str, str]:
    return str(trace.args), str(trace.kwargs), str(trace.output)
