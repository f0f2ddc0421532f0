"""A repaired signature against what it was built from, from disk, in fresh processes.

The new signature runs through both loaders. What the plan puts around the source (casts,
normalisation, transposes, activations) is computed here once more, in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.model import SavedModel
from sigfix.planning.edits import (
    Activation,
    AddSignature,
    AliasSignature,
    Cast,
    FunctionSource,
    GraphSource,
    InputPlan,
    Normalize,
    OutputPlan,
    Step,
    Transpose,
)
from sigfix.verifying.comparison import Parity, compare
from sigfix.verifying.signature_runs import Call, run_models
from sigfix.verifying.signature_samples import attempts

LOADERS = ("tf.saved_model.load", "the v1 loader")
SAME, DIFFERENT, NOT_COMPARABLE = "same", "different", "not comparable"
TOLERANCE = 1e-5
"""Largest difference allowed, relative to the range of the source's output."""


@dataclass(frozen=True)
class SignatureParity:
    """The comparison of one signature, once for every batch size and loader.

    `verdict` is `same`, `different` or `not comparable`; `reason` says why it is not `same`.
    """

    key: str
    verdict: str
    batches: tuple[int, ...] = ()
    comparisons: tuple[Parity, ...] = ()
    reason: str = ""

    @property
    def largest(self) -> float:
        """The largest relative difference of all outputs."""
        outputs = [output for parity in self.comparisons for output in parity.outputs]
        return max((output.relative or 0.0 for output in outputs), default=0.0)


def compare_signature(
    source: Path,
    result: Path,
    described: SavedModel,
    meta_graph: int,
    tags: tuple[str, ...],
    edit: AddSignature,
    seconds: float,
    seed: int = 0,
    given: dict[str, Any] | None = None,
) -> SignatureParity:
    """Run `edit`'s source and the new signature on the same inputs.

    `described` is the source as read; `tags` are the result's. `given` are the user's inputs
    (`--inputs`), used instead of seeded ones.
    """
    cases = [[given]] if given is not None else attempts(edit.inputs, seed)
    fed = [[_to_source(edit, inputs) for inputs in case] for case in cases]
    answers = run_models(
        [
            (
                source,
                described.meta_graphs[meta_graph].tags,
                [_source_call(described, meta_graph, edit, fed)],
            ),
            (
                result,
                tags,
                [
                    Call("signature", cases, 1, {"key": edit.key}),
                    Call("session", cases, 1, {"key": edit.key}),
                ],
            ),
        ],
        seconds,
    )
    for answer, what in zip(answers, ("source", "repaired model"), strict=True):
        if answer.error:
            verdict = NOT_COMPARABLE if what == "source" else DIFFERENT
            return SignatureParity(
                edit.key, verdict, reason=f"the {what} cannot be run: {answer.error}"
            )
    return _judge(edit, cases, answers[0].runs[0], answers[1].runs)


def _source_call(
    described: SavedModel, meta_graph: int, edit: AddSignature, cases: list[Any]
) -> Call:
    if not isinstance(edit.source, FunctionSource):
        fetches = sorted({item.source for item in edit.outputs})
        return Call("session", cases, 2, {"fetches": {name: name for name in fetches}})
    path, name = edit.source.path, edit.source.trace
    if path.startswith("signatures."):
        parts = ["signatures", path.removeprefix("signatures.")]
        return Call("function", cases, 2, {"parts": parts, "trace": 0})
    objects = described.meta_graphs[meta_graph].objects
    assert objects is not None
    function = next(item for item in objects.functions if item.path == path)
    number = [trace.name for trace in function.traces].index(name)
    return Call("function", cases, 2, {"parts": path.split("."), "trace": number})


def alias_as_added(model: SavedModel, meta_graph: int, edit: AliasSignature) -> AddSignature:
    """An alias as the signature it is, so that `--run` can compare it by numbers."""
    signature = model.meta_graphs[meta_graph].signature(edit.of)
    assert signature is not None
    return AddSignature(
        edit.key,
        GraphSource(),
        tuple(
            InputPlan(item.key, item.spec.dtype, item.spec.shape, item.spec.name)
            for item in signature.inputs
        ),
        tuple(
            OutputPlan(item.key, item.spec.dtype, item.spec.shape, item.spec.name)
            for item in signature.outputs
        ),
    )


def _to_source(edit: AddSignature, inputs: dict[str, Any]) -> dict[str, Any]:
    """The new signature's inputs as what the source is fed with."""
    import numpy as np

    fed: dict[str, Any] = {}
    for item in edit.inputs:
        value = inputs[item.name]
        for step in item.steps:
            value = _step(value, step)
        fed[item.target] = value
    for bound in edit.bound:
        kind: Any = object if bound.dtype == "string" else _numpy_dtype(bound.dtype)
        value = bound.value.encode() if isinstance(bound.value, str) else bound.value
        shape = tuple(size or 1 for size in bound.shape or ())
        fed[bound.target] = np.full(shape, value, kind)
    return fed


def _numpy_dtype(name: str) -> Any:
    import numpy as np

    if name == "bfloat16":
        import ml_dtypes

        return ml_dtypes.bfloat16
    return np.dtype(name)


def _step(value: Any, step: Step) -> Any:
    import numpy as np

    if isinstance(step, Cast):
        return value.astype(_numpy_dtype(step.dtype))
    if isinstance(step, Transpose):
        return np.transpose(value, step.permutation)
    if isinstance(step, Normalize):
        mean, std = (np.asarray(item, value.dtype) for item in (step.mean, step.std))
        return ((value * np.asarray(step.scale, value.dtype) - mean) / std).astype(value.dtype)
    assert isinstance(step, Activation)
    if step.kind == "argmax":
        return np.argmax(value, -1)
    if step.kind == "sigmoid":
        return (1 / (1 + np.exp(-value.astype("float64")))).astype(value.dtype)
    shifted = np.exp(value.astype("float64") - value.max(-1, keepdims=True))
    return (shifted / shifted.sum(-1, keepdims=True)).astype(value.dtype)


def _expected(edit: AddSignature, output: Any) -> dict[str, Any]:
    """What the new signature should return, from what the source returned."""
    expected = {}
    for item in edit.outputs:
        value = output[int(item.source)] if isinstance(output, list) else output[item.source]
        for step in item.steps:
            value = _step(value, step)
        expected[item.name] = value
    return expected


def _judge(
    edit: AddSignature,
    cases: list[Any],
    source: list[dict[str, Any]],
    results: list[list[dict[str, Any]]],
) -> SignatureParity:
    found: list[Parity] = []
    batches = []
    for number, answer in enumerate(source):
        if answer["attempt"] is None:
            return SignatureParity(
                edit.key,
                NOT_COMPARABLE,
                reason=f"the source refuses the inputs: {_first_line(answer)}",
            )
        first, second = (_expected(edit, output) for output in answer["outputs"])
        if not compare(first, second, 0.0).ok and compare(first, first, 0.0).ok:
            why = "the source answers differently each time (it is random or keeps state)"
            return SignatureParity(edit.key, NOT_COMPARABLE, reason=why)
        batches.append(_batch(cases[number][answer["attempt"]]))
        for loader, runs in zip(LOADERS, results, strict=True):
            run = runs[number]
            if run["attempt"] != answer["attempt"]:
                why = f"through {loader}: {_first_line(run) or 'it accepts other inputs'}"
                return SignatureParity(edit.key, DIFFERENT, tuple(batches), tuple(found), why)
            parity = compare(first, run["outputs"][0], TOLERANCE)
            found.append(parity)
            if not parity.ok:
                worst = parity.worst
                why = f"{worst.name}: {worst.reason}" if worst else parity.reason
                verdict = NOT_COMPARABLE if "nothing was compared" in why else DIFFERENT
                why = f"through {loader}, {why}"
                return SignatureParity(edit.key, verdict, tuple(batches), tuple(found), why)
    return SignatureParity(edit.key, SAME, tuple(batches), tuple(found))


def _first_line(answer: dict[str, Any]) -> str:
    failures = answer.get("failures") or [""]
    return str(failures[0]).strip().split("\n", 1)[0][:300]


def _batch(inputs: dict[str, Any]) -> int:
    return next((int(value.shape[0]) for value in inputs.values() if value.ndim), 1)
