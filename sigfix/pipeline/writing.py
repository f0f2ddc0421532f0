"""A source frozen, optimised and written as a TensorFlow.js model, with what the check needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.card import Card
from sigfix.forking import apart, is_copying
from sigfix.memory import release
from sigfix.model import DEFAULT_SERVING_KEY, TensorSpec
from sigfix.pipeline.asking import answers_of, asked_source, cases_of, source_copies
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.notes import loops_left, states_kept
from sigfix.pipeline.obstacles import cut_in_front, refuse_obstacles
from sigfix.pipeline.optimised import Optimised, optimise
from sigfix.pipeline.prepare import freeze
from sigfix.pipeline.prepared import Prepared
from sigfix.pipeline.progress import Say
from sigfix.pipeline.quantising import (
    AUTO,
    MIXED,
    QuantisationTrial,
    Stored,
    choose_types,
    mixed_types,
)
from sigfix.pipeline.source import Source
from sigfix.pipeline.tfjs_metadata import metadata_of
from sigfix.pipeline.unpublished import unpublished

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.exporting.cutting import Cut
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.exporting.state_threading import State
    from sigfix.optimising.graph.graph import Graph
    from sigfix.pipeline.asking import Ask, Cases
    from sigfix.pipeline.reference_graphs import ReferenceGraphs
    from sigfix.verifying.runnable import Run


@dataclass(frozen=True)
class Written:
    """A TF.js model on disk, how it was made, and what its source computes.

    It may come from another process, so there is no graph in it but for the options that ask for
    one: `frozen` for --bisect-passes, `cut` where a part in front was cut off. `quantize` is None
    for float32; `trials` led to that type. `tolerance` is what the graph asks for, or None;
    `failed` are passes that were left out. `answers` and `graphs` are None where nothing is
    compared; `cases` are what the source is asked, `tried` the kinds of inputs that were made up.
    """

    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    unused_inputs: tuple[str, ...]
    operators: dict[str, int]
    states: tuple[State, ...]
    quantize: str | None
    quantised: dict[str, int]
    trials: tuple[QuantisationTrial, ...]
    tolerance: float | None
    failed: tuple[str, ...]
    notes: tuple[str, ...]
    cases: Cases = ()
    tried: tuple[str, ...] = ()
    answers: Run | None = None
    graphs: ReferenceGraphs | None = None
    frozen: FrozenSignature | None = None
    cut: Cut | None = None


def write(
    source: Source,
    prepared: Prepared,
    options: ConvertOptions,
    place: Path,
    temporary: Path,
    say: Say,
) -> Written:
    """The model in `place`, and what its source answers, where that is compared."""

    def written(ask: Ask | None) -> Written:
        return _written(source, prepared, options, place, temporary, say, ask)

    if not options.verify:
        return written(None)
    with source_copies(prepared):
        if is_copying():
            made = apart(lambda: written(None))
            with unpublished(place):
                return replace(made, answers=answers_of(prepared, made.cases, options, say))
    with asked_source(prepared, options) as ask:
        return written(ask)


def _written(
    source: Source,
    prepared: Prepared,
    options: ConvertOptions,
    place: Path,
    temporary: Path,
    say: Say,
    ask: Ask | None,
) -> Written:
    """Frozen graph -> optimised graphs -> model in `place`; the source is run beside, by `ask`."""
    whole = freeze(prepared, say, options.choice.states)
    release()
    cut = cut_in_front(whole, options.choice.cut)
    frozen = whole if cut is None else cut.rest
    specs = _specs(frozen.signature.inputs)
    cases: Cases = ()
    tried: tuple[str, ...] = ()
    if options.verify:
        cases, tried = cases_of(prepared, whole, _specs(whole.signature.inputs), options)
    waiting = ask and ask(cases)
    optimised = optimise(frozen, options, say)
    key = prepared.signature or DEFAULT_SERVING_KEY

    def passes(of: FrozenSignature) -> Graph:
        return (optimised if of is frozen else optimise(of, options, say)).kernels

    refuse_obstacles(whole, optimised.kernels, passes, source.path, key)
    stored = _types_of_weights(optimised, frozen, specs, prepared.card, options, say)
    _write_model(optimised, frozen, prepared.card, place, stored.types)
    graphs = _graphs(optimised, frozen, place, stored, temporary) if options.verify else None
    with unpublished(place):
        answers = waiting and waiting()
    say("")
    return Written(
        inputs=specs,
        outputs=_specs(frozen.signature.outputs),
        unused_inputs=frozen.unused_inputs,
        operators=optimised.operators,
        states=frozen.states,
        quantize=stored.dtype,
        quantised=dict(Counter(stored.types.values())),
        trials=stored.trials,
        tolerance=optimised.tolerance,
        failed=tuple(optimised.failed),
        notes=(
            *optimised.notes,
            *loops_left(optimised.operators),
            *states_kept(frozen.states),
            *(() if cut is None else cut.said),
        ),
        cases=cases,
        tried=tried,
        answers=answers,
        graphs=graphs,
        frozen=frozen if options.bisect else None,
        cut=cut,
    )


def _types_of_weights(
    optimised: Optimised,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    card: Card | None,
    options: ConvertOptions,
    say: Say,
) -> Stored:
    from sigfix.exporting.tfjs_model import quantised_weights

    graph, place = optimised.values, options.samples
    if options.quantize == AUTO:
        return choose_types(graph, frozen, specs, card, place, options.max_loss, say)
    if options.quantize == MIXED:
        return Stored(MIXED, mixed_types(graph, frozen, specs, card, place, say))
    return Stored(options.quantize, quantised_weights(optimised.kernels, options.quantize))


def _write_model(
    optimised: Optimised,
    frozen: FrozenSignature,
    card: Card | None,
    place: Path,
    types: Mapping[str, str],
) -> None:
    from sigfix.exporting import tfjs_model

    metadata = metadata_of(card, optimised.kernels, frozen.states)
    tfjs_model.write_model(optimised.kernels, frozen.signature, place, types, metadata)
    release()


def _graphs(
    optimised: Optimised,
    frozen: FrozenSignature,
    place: Path,
    stored: Stored,
    temporary: Path,
) -> ReferenceGraphs:
    """The graphs to compare with. Raises where weights are not stored as they were meant to be."""
    from sigfix.exporting import tfjs_model, weight_files
    from sigfix.pipeline.reference_graphs import write_graphs

    weights = weight_files.stored_weights(place) if stored.dtype else None
    if weights is not None:
        tfjs_model.refuse_misstored(optimised.kernels, stored.types, weights)
    return write_graphs(frozen, optimised.values, weights, temporary)


def _specs(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
    """Signature key -> spec, from a TensorFlow SignatureDef's inputs or outputs."""
    import tensorflow as tf

    result = {}
    for key in sorted(tensors):
        info = tensors[key]
        shape = tf.TensorShape(info.tensor_shape)
        dims = None if shape.rank is None else tuple(shape.as_list())
        result[key] = TensorSpec(tf.dtypes.as_dtype(info.dtype).name, dims, info.name)
    return result
