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
from sigfix.presets import DETECTION, ORIENTATION, RECOGNITION

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature
    from sigfix.optimising.graph.graph import Graph

AUTO, MIXED = "auto", "mixed"
SMALLEST_FIRST = ("uint8", MIXED, "float16", "uint16")
MEASURED = (AUTO, MIXED)
"""What is chosen by what samples become."""
MAX_LOSS = 0.01
WIDER = 0.2
"""How many of the weights are float16 in a mixed model, as a part of 1."""


@dataclass(frozen=True)
class QuantisationTrial:
    """What storing the weights as `dtype`, or in mixed types, costs, as a part of 1.

    For a recogniser (`unit` "words") `loss` is the part of the `count` samples that are read
    differently than by the float model; for a detector ("places") that of the places of words that
    only one of the two finds; for a classifier ("turns") that of the pictures which are turned
    otherwise; for any other model ("range") the largest difference of an output,
    divided by the range of the float model's.
    """

    dtype: str
    loss: float
    unit: str
    count: int
    accepted: bool


@dataclass(frozen=True)
class Stored:
    """How weights are stored: the type of most of them, None for float32, or "mixed".

    `types` has the type of each that is not stored as it is; `trials` led there.
    """

    dtype: str | None
    types: dict[str, str]
    trials: tuple[QuantisationTrial, ...] = ()


@dataclass(frozen=True)
class Samples:
    """What a choice is measured on: the model's inputs, those that it does not use left out."""

    graph: Graph
    frozen: FrozenSignature
    batches: list[dict[str, Any]]

    @classmethod
    def load(
        cls,
        graph: Graph,
        frozen: FrozenSignature,
        specs: Mapping[str, TensorSpec],
        card: Card | None,
        place: Path | None,
    ) -> Samples:
        """From a place, or rendered text; a model that keeps a state is called `STEPS` times.

        Raises what `samples.load_samples` raises.
        """
        from sigfix.verifying.inputs.cases import STEPS
        from sigfix.verifying.inputs.samples import load_samples

        unused, states = frozen.unused_inputs, {state.input for state in frozen.states}
        own = {key: spec for key, spec in specs.items() if key not in states}
        inputs = load_samples(place, own, card) * (STEPS if states else 1)
        return cls(graph, frozen, [{k: v for k, v in i.items() if k not in unused} for i in inputs])

    def answers(self, weights: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """What the model says of them, with other weights by node name."""
        from sigfix.exporting import reference

        graph = self.graph if weights is None else reference.with_weights(self.graph, weights)
        ends, states = (self.frozen.inputs, self.frozen.outputs), self.frozen.states
        if states:
            return reference.run_steps(graph, *ends, self.batches, states)
        return reference.run(graph, *ends, self.batches)

    def mixed(self, specs: Mapping[str, TensorSpec]) -> dict[str, str]:
        """Types of weights: as uint8 has them, and float16 where that changes answers most.

        Each of the large tensors alone is put in as uint8, for one sample. Those that are worth
        most for their size are float16, up to `WIDER` of all weights.
        """
        from sigfix.exporting import reference, tfjs_model

        types = tfjs_model.quantised_weights(self.graph, "uint8")
        rounded = tfjs_model.dequantised(self.graph, types)
        sizes = {name: value.size for name, value in rounded.items()}
        left = WIDER * sum(sizes.values())
        left -= sum(sizes[name] for name, dtype in types.items() if dtype == "float16")
        asked = {n: v for n, v in rounded.items() if types[n] == "uint8" and sizes[n] <= left}
        one = {
            key: value[:1] if (specs[key].shape or (1,))[0] is None else value
            for key, value in self.batches[0].items()
        }
        frozen = self.frozen
        held = {state.input: state.start for state in frozen.states}
        one |= {key: value for key, value in held.items() if key in frozen.inputs}
        errors = reference.errors(self.graph, frozen.inputs, frozen.outputs, one, asked)
        for name in sorted(errors, key=lambda each: -errors[each] / sizes[each]):
            if sizes[name] <= left:
                left -= sizes[name]
                types[name] = "float16"
        return types


def mixed_types(
    graph: Graph,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    card: Card | None,
    place: Path | None,
    say: Say,
) -> dict[str, str]:
    """`Samples.mixed` where it is asked for."""
    say("measuring which weights uint8 is too coarse for")
    return Samples.load(graph, frozen, specs, card, place).mixed(specs)


def choose_types(
    graph: Graph,
    frozen: FrozenSignature,
    specs: Mapping[str, TensorSpec],
    card: Card | None,
    place: Path | None,
    max_loss: float | None,
    say: Say,
) -> Stored:
    """The first of `SMALLEST_FIRST` that loses at most `max_loss`, and what was tried.

    Where all lose more, the model stays float32. `graph` is the optimised one that TensorFlow can
    run; its constants are those that will be stored. `place` has the samples. Raises what
    `samples.load_samples` raises.
    """
    from sigfix.exporting import tfjs_model

    limit = MAX_LOSS if max_loss is None else max_loss
    samples = Samples.load(graph, frozen, specs, card, place)
    say("measuring the loss of quantised weights on " + ("samples" if place else "rendered text"))
    exact = samples.answers()
    trials: list[QuantisationTrial] = []
    tried: list[dict[str, str]] = []
    for dtype in SMALLEST_FIRST:
        plain = dtype != MIXED
        types = tfjs_model.quantised_weights(graph, dtype) if plain else samples.mixed(specs)
        if types in tried:
            continue
        tried.append(types)
        found = samples.answers(tfjs_model.dequantised(graph, types))
        loss, unit, count = _loss(exact, found, card)
        trials.append(QuantisationTrial(dtype, loss, unit, count, loss <= limit))
        if loss <= limit:
            return Stored(dtype, types, tuple(trials))
    return Stored(None, {}, tuple(trials))


def _loss(
    exact: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], card: Card | None
) -> tuple[float, str, int]:
    """What samples lose. Raises `UsageError` where neither side makes anything of them."""
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
        if not any((*words, *others)):
            raise _nothing_to_compare("recogniser reads nothing", "words")
        changed = sum(a != b for a, b in zip(words, others, strict=True))
        return changed / len(words), "words", len(words)
    if card is not None and card.task == DETECTION and card.boxes is not None:
        return _lost_places(exact, found, card)
    from sigfix.verifying.comparison import compare

    if card is not None and card.task == ORIENTATION:
        one, other = (
            [int(turn) for outputs in results for turn in outputs[card.output].argmax(-1)]
            for results in (exact, found)
        )
        return sum(a != b for a, b in zip(one, other, strict=True)) / len(one), "turns", len(one)
    worst = 0.0
    for reference, result in zip(exact, found, strict=True):
        for output in compare(reference, result, 0.0).outputs:
            differs = 0.0 if output.different == 0 else float("inf")  # integers, strings, shapes
            worst = max(worst, differs if output.relative is None else output.relative)
    return worst, "range", len(exact)


def _lost_places(
    exact: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], card: Card
) -> tuple[float, str, int]:
    """`_loss` of a detector."""
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
        raise _nothing_to_compare("detector finds no words", "pages")
    return 1 - common / every, "places", every


def _nothing_to_compare(what: str, samples: str) -> UsageError:
    return UsageError(
        f"--quantize auto: the {what} on the samples, so nothing tells what quantising loses.",
        f"--samples FOLDER of {samples}, or --quantize float16",
    )
