"""Does the TensorFlow.js model compute what its source computes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from sigfix.card import Card
from sigfix.errors import NotVerifiedError, ParityError
from sigfix.model import TensorSpec
from sigfix.pipeline.comparing import compare_stage
from sigfix.pipeline.prepare import Prepared
from sigfix.pipeline.preset import ONNX_RUNTIME, SAVED_MODEL, describe_difference
from sigfix.pipeline.progress import Comparison
from sigfix.presets import DETECTION, PRESETS

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
BATCHES = (1, 4)

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
    frozen: FrozenSignature,
    graph: Graph,
    weights: Mapping[str, Any] | None,
    specs: Mapping[str, TensorSpec],
    inputs_file: Path | None,
) -> Checked:
    """Run the same inputs through the source and through `model` in TF.js, and compare.

    `weights` are the dequantised weights of a quantised model: then the optimised `graph` with
    these weights is the reference, and the source tells the loss. Where the check cannot run
    (no Node.js, no inputs can be made up) the result says why.

    Raises `ParityError` where the numbers differ or TF.js cannot run the model.
    """
    from sigfix.verifying import tfjs
    from sigfix.verifying.tensor_files import in_tfjs_dtypes

    try:
        inputs_list = _inputs(specs, inputs_file, prepared.card)
        references = _source_outputs(prepared, inputs_list)
        fed = [
            in_tfjs_dtypes({k: v for k, v in i.items() if k not in frozen.unused_inputs})
            for i in inputs_list
        ]
        run = tfjs.run(model, fed, list(frozen.outputs))
    except NotVerifiedError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Checked(not_verified=f"{error.message}{hint}")
    references = [in_tfjs_dtypes(r) for r in references]
    preset = None if prepared.card is None else PRESETS.get(prepared.card.preset)
    tolerance = FED_BACK_TOLERANCE if preset is not None and preset.feeds_back else TOLERANCE
    name = ONNX_RUNTIME if prepared.onnx_file else SAVED_MODEL
    batches = [_batch(i) for i in inputs_list]
    against_source = [
        compare_stage((name, TFJS), batch, reference, result, tolerance, preset)
        for batch, reference, result in zip(batches, references, run.outputs, strict=True)
    ]
    comparisons, losses, exact = against_source, [], references
    if weights is not None:
        dequantised = _dequantised_outputs(graph, frozen, weights, inputs_list)
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


def _inputs(
    specs: Mapping[str, TensorSpec], inputs_file: Path | None, card: Card | None
) -> list[Arrays]:
    from sigfix.verifying.inputs import load_inputs, seeded_inputs

    if inputs_file is not None:
        return [load_inputs(inputs_file, specs)]
    dynamic = any(s.shape and s.shape[0] is None for s in specs.values())
    several = dynamic and (card is None or card.task != DETECTION)  # pages come one at a time
    return [seeded_inputs(specs, batch) for batch in (BATCHES if several else BATCHES[:1])]


def _batch(inputs: Arrays) -> int:
    sizes = [v.shape[0] for v in inputs.values() if v.ndim]
    return int(sizes[0]) if sizes else 1


def _source_outputs(prepared: Prepared, inputs_list: Sequence[Arrays]) -> list[Arrays]:
    """What the source computes: ONNX Runtime for an ONNX file, TensorFlow for a SavedModel."""
    from sigfix.verifying import onnx_runtime, saved_model

    if prepared.onnx_file is None:
        return saved_model.run(prepared.model, inputs_list, prepared.signature, prepared.tags)
    from sigfix.importing import onnx_graph
    from sigfix.planning.names import tensorflow_name

    values = onnx_graph.graph_inputs(onnx_graph.read_onnx(prepared.onnx_file))
    fed = [
        {
            v.name: _channels_first(inputs[tensorflow_name(v.name)])
            if v.name in prepared.channels_last
            else inputs[tensorflow_name(v.name)]
            for v in values
        }
        for inputs in inputs_list
    ]
    results = onnx_runtime.run(prepared.onnx_file, fed)
    return [{tensorflow_name(k): v for k, v in result.items()} for result in results]


def _channels_first(array: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(np.moveaxis(array, -1, 1))


def _dequantised_outputs(
    graph: Graph,
    frozen: FrozenSignature,
    weights: Mapping[str, Any],
    inputs_list: Sequence[Arrays],
) -> list[Arrays]:
    from sigfix.exporting import reference

    quantised = reference.with_weights(graph, weights)
    return reference.run(quantised, frozen.inputs, frozen.outputs, inputs_list)
