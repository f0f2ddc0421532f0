"""`convert --quantize auto`: the smallest type that keeps the model's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.card import Card
from sigfix.errors import UsageError
from sigfix.model import TensorSpec
from sigfix.pipeline.progress import Say
from sigfix.presets import DETECTION, RECOGNITION

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph.graph import Graph
    from sigfix.verifying.arrays import Arrays

AUTO = "auto"
SMALLEST_FIRST = ("uint8", "float16", "uint16")
MAX_LOSS = 0.01


@dataclass(frozen=True)
class QuantisationTrial:
    """What storing the weights as `dtype` costs, as a part of 1.

    For a recogniser (`unit` "words") `loss` is the part of the `count` samples that are read
    differently than by the float model; for a detector ("places") that of the places of words that
    only one of the two finds; for any other model ("range") the largest difference of an output,
    divided by the range of the float model's.
    """

    dtype: str
    loss: float
    unit: str
    count: int
    accepted: bool


def choose_dtype(
    graph: Graph,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    card: Card | None,
    samples: Path | None,
    max_loss: float | None,
    say: Say,
) -> tuple[str | None, tuple[QuantisationTrial, ...]]:
    """The first of `SMALLEST_FIRST` that loses at most `max_loss`, and what was tried.

    None where all lose more: the model then stays float32. `graph` is the optimised one that
    TensorFlow can run; its constants are those that will be stored. A model that keeps a state is
    called with the samples `STEPS` times. Raises what `samples.load_samples` raises.
    """
    from sigfix.exporting import reference, tfjs_model
    from sigfix.verifying.inputs.cases import STEPS
    from sigfix.verifying.inputs.samples import load_samples

    limit = MAX_LOSS if max_loss is None else max_loss
    states = {state.input for state in frozen.states}
    own = {key: spec for key, spec in specs.items() if key not in states}
    inputs = load_samples(samples, own, card) * (STEPS if states else 1)
    fed = [{k: v for k, v in i.items() if k not in frozen.unused_inputs} for i in inputs]
    say("measuring the loss of quantised weights on " + ("samples" if samples else "rendered text"))

    def answers(weighed: Graph) -> list[Arrays]:
        ends = frozen.inputs, frozen.outputs
        if states:
            return reference.run_steps(weighed, *ends, fed, frozen.states)
        return reference.run(weighed, *ends, fed)

    exact = answers(graph)
    trials: list[QuantisationTrial] = []
    for dtype in SMALLEST_FIRST:
        quantised = reference.with_weights(graph, tfjs_model.dequantised(graph, dtype))
        found = answers(quantised)
        loss, unit, count = _loss(exact, found, card)
        trials.append(QuantisationTrial(dtype, loss, unit, count, loss <= limit))
        if loss <= limit:
            return dtype, tuple(trials)
    return None, tuple(trials)


def _loss(
    exact: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], card: Card | None
) -> tuple[float, str, int]:
    if card is not None and card.task == RECOGNITION:
        from sigfix.verifying.decoding import read_words

        words, others = (
            [
                word
                for outputs in results
                for word in read_words(outputs[card.output], card.vocabulary, card.decoder)
            ]
            for results in (exact, found)
        )
        changed = sum(a != b for a, b in zip(words, others, strict=True))
        return changed / len(words), "words", len(words)
    if card is not None and card.task == DETECTION and card.boxes is not None:
        return _lost_places(exact, found, card)
    from sigfix.verifying.comparison import compare

    worst = 0.0
    for reference, result in zip(exact, found, strict=True):
        for output in compare(reference, result, 0.0).outputs:
            differs = 0.0 if output.different == 0 else float("inf")  # integers, strings, shapes
            worst = max(worst, differs if output.relative is None else output.relative)
    return worst, "range", len(exact)


def _lost_places(
    exact: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], card: Card
) -> tuple[float, str, int]:
    """`_loss` of a detector. Raises `UsageError` where it finds nothing to compare."""
    import numpy as np

    from sigfix.verifying.decoding import in_both, word_places

    assert card.boxes is not None
    at = card.boxes["binarise_at"]
    at = float(np.log(at / (1 - at))) if card.output == "logits" else at
    common = every = 0
    for one, other in zip(exact, found, strict=True):
        maps = (np.moveaxis(side[card.output], -1, 1) for side in (one, other))
        for pages in zip(*maps, strict=True):
            for pair in zip(*pages, strict=True):
                places = [word_places(each, at) for each in pair]
                common += len(in_both(*places))
                every += max(map(len, places))
    if not every:
        raise UsageError(
            "--quantize auto: the detector finds no words on the samples, so nothing tells what "
            "quantising loses.",
            "--samples FOLDER of pages, or --quantize float16",
        )
    return 1 - common / every, "places", every
