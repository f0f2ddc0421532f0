"""Does the TensorFlow.js model compute what its source computes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sigfix.errors import NotVerifiedError, ParityError
from sigfix.pipeline.comparing import compare_stage
from sigfix.pipeline.prepare import Prepared
from sigfix.pipeline.preset import ONNX_RUNTIME, SAVED_MODEL, describe_difference
from sigfix.pipeline.progress import Comparison
from sigfix.pipeline.source_run import SourceRun
from sigfix.presets import PRESETS

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph import Graph

TFJS = "TensorFlow.js"
DEQUANTISED = "the dequantised graph"
TOLERANCE = 1e-4
# Another matrix product in the last digit, fed back thirty times, is a thousand times as much.
FED_BACK_TOLERANCE = 1e-3
"""Largest difference that is taken for the same, relative to an output's range."""
CLEARLY_WRONG = 1e-2
"""A backend that is off by less may only round in another way."""

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """The part of a `ConvertResult` that a check fills in."""

    comparisons: tuple[Comparison, ...] = ()
    losses: tuple[Comparison, ...] = ()
    mode: str = ""
    backend: str = ""
    not_verified: str = ""


def check(
    model: Path,
    prepared: Prepared,
    source: SourceRun,
    frozen: FrozenSignature,
    graph: Graph,
    weights: Mapping[str, Any] | None,
) -> Checked:
    """Run the source's inputs through `model` in TF.js as well, and compare.

    `weights` are the dequantised weights of a quantised model: then the optimised `graph` with
    these weights is the reference, and the source tells the loss. Where the check cannot run
    (no Node.js, no inputs can be made up) the result says why.

    Raises `ParityError` where the numbers differ or TF.js cannot run the model.
    """
    from sigfix.verifying import tfjs
    from sigfix.verifying.tensor_files import in_tfjs_dtypes

    try:
        references = source.outputs()
        fed = [
            in_tfjs_dtypes({k: v for k, v in i.items() if k not in frozen.unused_inputs})
            for i in source.inputs_list
        ]
        run = tfjs.run(model, fed, list(frozen.outputs))
    except NotVerifiedError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Checked(not_verified=f"{error.message}{hint}")
    references = [in_tfjs_dtypes(r) for r in references]
    preset = None if prepared.card is None else PRESETS.get(prepared.card.preset)
    tolerance = FED_BACK_TOLERANCE if preset is not None and preset.feeds_back else TOLERANCE
    name = ONNX_RUNTIME if prepared.onnx_file else SAVED_MODEL
    batches = [_batch(i) for i in source.inputs_list]
    against_source = [
        compare_stage((name, TFJS), batch, reference, result, tolerance, preset)
        for batch, reference, result in zip(batches, references, run.outputs, strict=True)
    ]
    comparisons, losses, exact = against_source, [], references
    if weights is not None:
        dequantised = _dequantised_outputs(graph, frozen, weights, source.inputs_list)
        exact = [in_tfjs_dtypes(outputs) for outputs in dequantised]
        losses = against_source
        comparisons = [
            compare_stage((DEQUANTISED, TFJS), batch, reference, result, tolerance, preset)
            for batch, reference, result in zip(batches, exact, run.outputs, strict=True)
        ]
    for number, comparison in enumerate(comparisons):
        if not comparison.parity.ok:
            _refuse(model, comparison, run.backend, fed[number], exact[number])
    return Checked(tuple(comparisons), tuple(losses), run.mode, run.backend)


def _refuse(
    model: Path, comparison: Comparison, backend: str, fed: Arrays, expected: Arrays
) -> NoReturn:
    """Raise `ParityError`; where TF.js's cpu backend is right, it is the wasm backend's fault."""
    difference = describe_difference(comparison)
    keep = "--keep-failed DIR keeps the model for a closer look"
    if backend == "wasm" and _is_clear(comparison) and _cpu_is_right(model, fed, expected):
        raise ParityError(
            f"TensorFlow.js's wasm backend computes this model wrongly at batch "
            f"{comparison.batch}: {difference}. Its cpu backend is right.{_culprit(model, fed)}",
            f"{keep}; it is right where another backend runs it",
        )
    raise ParityError(
        f"TensorFlow.js ({backend}) differs from {comparison.reference} at batch "
        f"{comparison.batch}: {difference}.",
        f"{keep}; real inputs are given with --inputs FILE.npz; --without-pass NAME leaves a step "
        "of the optimiser out",
    )


def _is_clear(comparison: Comparison) -> bool:
    worst = comparison.parity.worst
    return worst is None or worst.relative is None or worst.relative > CLEARLY_WRONG


def _cpu_is_right(model: Path, fed: Arrays, expected: Arrays) -> bool:
    from sigfix.verifying import tfjs
    from sigfix.verifying.comparison import compare

    try:
        run = tfjs.run(model, [fed], list(expected), "cpu")
    except (NotVerifiedError, ParityError):
        return False
    return compare(expected, run.outputs[0], TOLERANCE).ok


def _culprit(model: Path, fed: Arrays) -> str:
    from sigfix.verifying.backend_faults import first_difference

    fault = first_difference(model, fed, TOLERANCE)
    if fault is None:
        return ""
    return f" The first operator that differs is {fault.operator} ('{fault.node}')."


def _batch(inputs: Arrays) -> int:
    sizes = [v.shape[0] for v in inputs.values() if v.ndim]
    return int(sizes[0]) if sizes else 1


def _dequantised_outputs(
    graph: Graph,
    frozen: FrozenSignature,
    weights: Mapping[str, Any],
    inputs_list: Sequence[Arrays],
) -> list[Arrays]:
    from sigfix.exporting import reference

    quantised = reference.with_weights(graph, weights)
    return reference.run(quantised, frozen.inputs, frozen.outputs, inputs_list)
