"""A repaired signature against what it was built from, from disk, in fresh processes.

The new signature runs through both loaders. What the plan puts around the source (casts,
normalisation, transposes, activations) is computed here once more, in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigfix.describing.examples import example_features
from sigfix.model import SavedModel, format_shape
from sigfix.planning.edits import (
    AddSignature,
    positions,
)
from sigfix.planning.steps import Activation, Cast, Normalize, Step, Transpose
from sigfix.planning.traces import covers
from sigfix.verifying.comparison import Parity, compare
from sigfix.verifying.failures import shortened, what_failed
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
    `inputs` is `seeded` or `given`; `through` names what ran the result.
    """

    key: str
    verdict: str
    batches: tuple[int, ...] = ()
    comparisons: tuple[Parity, ...] = ()
    reason: str = ""
    inputs: str = "seeded"
    through: str = " and ".join(LOADERS)

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
    tolerance: float = TOLERANCE,
) -> SignatureParity:
    """Run `edit`'s source and the new signature on the same inputs.

    `described` is the source as read; `tags` are the result's. `given` are the user's inputs
    (`--inputs`), used instead of seeded ones.
    """
    features = example_features(described.meta_graphs[meta_graph])
    cases = [[given]] if given is not None else attempts(edit.inputs, seed, features)
    answers = run_models(
        [
            (
                source,
                described.meta_graphs[meta_graph].tags,
                _source_calls(described, meta_graph, edit, cases),
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
    for answer, what in zip(answers, ("source", "result"), strict=True):
        if answer.error:
            verdict = NOT_COMPARABLE if what == "source" else DIFFERENT
            return SignatureParity(
                edit.key, verdict, reason=f"the {what} cannot be run: {shortened(answer.error)}"
            )
    runs = _join_heads(edit, answers[0].runs)
    found = judge(edit, cases, runs, answers[1].runs, tolerance)
    return found if given is None else replace(found, inputs="given")


def _source_calls(
    described: SavedModel, meta_graph: int, edit: AddSignature, cases: list[Any]
) -> list[Call]:
    """What to run of the source: each function that the signature calls, or the graph."""
    if not edit.heads:
        fed = [[_to_graph(edit, inputs) for inputs in case] for case in cases]
        fetches = {item.source: item.source for item in edit.outputs}
        return [Call("session", fed, 2, {"fetches": fetches})]
    calls = []
    for number, head in enumerate(edit.heads):
        fed = [[_to_function(edit, number, inputs) for inputs in case] for case in cases]
        if head.path.startswith("signatures."):
            parts = ["signatures", head.path.removeprefix("signatures.")]
            calls.append(Call("function", fed, 2, {"parts": parts, "trace": 0}))
            continue
        objects = described.meta_graphs[meta_graph].objects
        assert objects is not None
        function = next(item for item in objects.functions if item.path == head.path)
        trace = [trace.name for trace in function.traces].index(head.trace)
        calls.append(Call("function", fed, 2, {"parts": head.path.split("."), "trace": trace}))
    return calls


def _join_heads(edit: AddSignature, runs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """One answer a case: results by graph tensor, or by (head, flat position)."""
    if not edit.heads:
        return runs[0]
    joined = []
    for answers in zip(*runs, strict=True):
        failed = next((answer for answer in answers if answer["attempt"] is None), None)
        if failed is not None or len({answer["attempt"] for answer in answers}) > 1:
            joined.append(failed or {"attempt": None, "failures": ["the heads want other inputs"]})
            continue
        outputs = [
            {
                (head, index): value
                for head, answer in enumerate(answers)
                for index, value in enumerate(answer["outputs"][repeat])
            }
            for repeat in range(len(answers[0]["outputs"]))
        ]
        joined.append({"attempt": answers[0]["attempt"], "outputs": outputs})
    return joined


def _fed(edit: AddSignature, inputs: dict[str, Any]) -> list[tuple[str, Any]]:
    """Target -> what it is fed with: the new inputs after their steps, and the constants."""
    import numpy as np

    fed = []
    for item in edit.inputs:
        value = inputs[item.name]
        for step in item.steps:
            value = _step(value, step)
        fed.append((item.target, value))
    for bound in edit.bound:
        kind: Any = object if bound.dtype == "string" else _numpy_dtype(bound.dtype)
        value = bound.value.encode() if isinstance(bound.value, str) else bound.value
        shape = tuple(size or 1 for size in bound.shape or ())
        fed.append((bound.target, np.full(shape, value, kind)))
    return fed


def _to_graph(edit: AddSignature, inputs: dict[str, Any]) -> dict[str, Any]:
    return dict(_fed(edit, inputs))


def _to_function(edit: AddSignature, head: int, inputs: dict[str, Any]) -> dict[str, Any]:
    """Flat position (as text) -> value, for one of the functions."""
    return {
        str(position): value
        for target, value in _fed(edit, inputs)
        for number, position in positions(target)
        if number == head
    }


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
        value = output[positions(item.source)[0]] if edit.heads else output[item.source]
        for step in item.steps:
            value = _step(value, step)
        expected[item.name] = value
    return expected


def judge(
    edit: AddSignature,
    cases: list[Any],
    source: list[dict[str, Any]],
    results: list[list[dict[str, Any]]],
    tolerance: float = TOLERANCE,
) -> SignatureParity:
    """Compare the answers of the source with those of the result, one list a loader."""
    found: list[Parity] = []
    batches: list[int] = []
    for number, answer in enumerate(source):
        if answer["attempt"] is None:
            return SignatureParity(
                edit.key,
                NOT_COMPARABLE,
                reason=f"the source refuses the inputs: {what_failed(answer)}",
            )
        first, second = (_expected(edit, output) for output in answer["outputs"])
        why = _unlike_declared(edit, first)
        if why:
            return SignatureParity(edit.key, DIFFERENT, tuple(batches), tuple(found), why)
        if not compare(first, second, 0.0).ok and compare(first, first, 0.0).ok:
            why = "the source answers differently each time (it is random or keeps state)"
            return SignatureParity(edit.key, NOT_COMPARABLE, reason=why)
        batches.append(_batch(edit, cases[number][answer["attempt"]]))
        for loader, runs in zip(LOADERS, results, strict=True):
            run = runs[number]
            if run["attempt"] != answer["attempt"]:
                why = f"through {loader}: {what_failed(run) or 'it accepts other inputs'}"
                return SignatureParity(edit.key, DIFFERENT, tuple(batches), tuple(found), why)
            parity = compare(first, run["outputs"][0], tolerance)
            found.append(parity)
            if not parity.ok:
                worst = parity.worst
                why = f"{worst.name}: {worst.reason}" if worst else parity.reason
                verdict = NOT_COMPARABLE if "nothing was compared" in why else DIFFERENT
                why = f"through {loader}, {why}"
                return SignatureParity(edit.key, verdict, tuple(batches), tuple(found), why)
    return SignatureParity(edit.key, SAME, tuple(batches), tuple(found))


def _unlike_declared(edit: AddSignature, outputs: dict[str, Any]) -> str:
    """Which output has another shape than the plan declares, '' where none has."""
    import numpy as np

    for item in edit.outputs:
        shape = np.shape(outputs[item.name])  # a lone string is plain bytes
        if not covers(item.shape, shape):
            declared = format_shape(item.shape)
            return f"{item.name} is {format_shape(shape)}, and {declared} was planned"
    return ""


def _batch(edit: AddSignature, inputs: dict[str, Any]) -> int:
    """How many rows were fed: of the first input that has some."""
    for item in edit.inputs:
        value = inputs[item.name]
        part = "" if item.component is None else item.component.part
        if part == "dense_shape" and len(value):
            return int(value[0])
        if part in ("row_splits", "row_splits_0"):
            return len(value) - 1
        if not part and value.ndim:
            return int(value.shape[0])
    return 1
