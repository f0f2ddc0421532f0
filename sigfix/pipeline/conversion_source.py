"""What the source of a conversion computes, for the result to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sigfix.card import Card
from sigfix.describing.examples import ExampleFeature
from sigfix.model import TensorSpec
from sigfix.pipeline.prepared import Prepared
from sigfix.planning.edits import Component, InputPlan
from sigfix.planning.names import signature_keys
from sigfix.planning.traces import TO_NCHW
from sigfix.presets import DETECTION
from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.checking import Side, first_size
from sigfix.verifying.inputs.cases import BATCHES, Case, Given, Limits, batch_of, made_up
from sigfix.verifying.inputs.given import fit_inputs, read_npz
from sigfix.verifying.runnable import CaseRun
from sigfix.verifying.runners import onnx, saved_model

PAGES = (1, 1)
"""Pages come one at a time: a detector is compared on single ones."""


def source_side(prepared: Prepared) -> Side:
    """What the result was made from: an ONNX file, a signature, or what `prepared` says."""
    if prepared.side is not None:
        return replace(prepared.side, restless=prepared.restless)
    if prepared.onnx_file is None:
        model = saved_model.signature(prepared.model, prepared.tags, prepared.signature)
        return Side(model, restless=prepared.restless)
    orders = dict.fromkeys(prepared.channels_last, TO_NCHW)
    file = onnx.onnx_file(prepared.onnx_file, input_keys(prepared), orders)

    def by_keys(found: CaseRun, repeat: int) -> Arrays:
        answers = onnx.by_signature_keys(found, repeat)
        return {prepared.renamed.get(key, key): value for key, value in answers.items()}

    return Side(file, by_keys)


def input_keys(prepared: Prepared) -> dict[str, str]:
    """What the inputs of an ONNX file are called in the result, by the file's names."""
    keys = signature_keys(prepared.inputs)
    return {own: prepared.renamed.get(key, key) for own, key in keys.items()}


def conversion_cases(
    specs: Mapping[str, TensorSpec],
    inputs_file: Path | None,
    card: Card | None,
    own_names: Mapping[str, str] | None = None,
    limits: Mapping[str, Limits] | None = None,
    features: tuple[ExampleFeature, ...] = (),
    picks: bool = False,
    parts: Mapping[str, Component] | None = None,
    known: Mapping[str, Array] | None = None,
) -> Sequence[Case | Given]:
    """The inputs of `inputs_file`, or made-up ones; pictures as the model's card normalises them.

    `limits` are the least and the largest number of an input, as far as they are known; `picks`
    is whether the model picks the best of many scores, `parts` says which inputs are those of one
    sparse or ragged tensor, `known` what the model looks up of an input. The file's arrays are
    called as the signature's inputs are, or by an ONNX file's `own_names`.

    Raises `UsageError` for a file that does not fit the model, `NotVerifiedError` where nothing
    can be made up.
    """
    if inputs_file is not None:
        keys = own_names or {}
        arrays = read_npz(inputs_file)
        given = {name if name in specs else keys.get(name, name): a for name, a in arrays.items()}
        return [Given(fit_inputs(given, specs, str(inputs_file)))]
    plans = [
        InputPlan(name, spec.dtype, spec.shape, name, component=(parts or {}).get(name))
        for name, spec in specs.items()
    ]
    batches = PAGES if card is not None and card.task == DETECTION else BATCHES
    scale = None if card is None else (tuple(card.mean), tuple(card.std))
    return made_up(
        plans, features=features, batches=batches, normalise=scale, limits=limits, picks=picks,
        known=known,
    )  # fmt: skip


def rows_of(parts: Mapping[str, Component]) -> Callable[[Arrays], int]:
    """What tells how many examples a case holds, where inputs are the parts of tensors."""
    if not parts:
        return first_size
    plans = [InputPlan(key, "", None, key, component=part) for key, part in parts.items()]
    return lambda arrays: batch_of(plans, arrays)
