"""The MetaGraphs of a SavedModel in the order in which somebody means them."""

from __future__ import annotations

from collections.abc import Iterable

from sigfix.describing.training import holds_training, signature_marks
from sigfix.model import MetaGraph, SavedModel

SERVE = "serve"
TRAINING = frozenset({"train", "training", "eval"})
"""Tags of what is for training and evaluation."""


def is_for_training(tags: Iterable[str]) -> bool:
    """Whether a tag set is that of a MetaGraph for training or evaluation, and not for serving."""
    given = set(tags)
    return bool(given & TRAINING) and SERVE not in given


def _trains(meta: MetaGraph) -> bool:
    """Whether a MetaGraph beside others is for training or evaluation: by what it holds.

    That is an optimiser, a loss's operator or a label, as long as no signature is for inference.
    """
    if meta.objects is not None:
        return False
    signatures = meta.user_signatures
    if signatures:
        return len(signature_marks(meta, signatures)) == len(signatures)
    return holds_training(meta)


def trainers(model: SavedModel) -> frozenset[int]:
    """The indices of the MetaGraphs for training and evaluation, by their tags or what they hold.

    What they hold is asked of those only whose tags say nothing, and tells them only from others.
    """
    graphs = model.meta_graphs
    tagged = {index for index, meta in enumerate(graphs) if is_for_training(meta.tags)}
    silent = [i for i, meta in enumerate(graphs) if i not in tagged and SERVE not in meta.tags]
    if len(graphs) == 1:
        return frozenset(tagged)
    holding = {index for index in silent if _trains(graphs[index])}
    return frozenset(tagged | (holding if len(tagged | holding) < len(graphs) else set()))


def likeliest_meta_graphs(model: SavedModel) -> list[int]:
    """Indices: with the tag `serve` alone, with it among others, without tags, others, training."""
    last = trainers(model)

    def unlikely(index: int) -> tuple[int | bool, ...]:
        tags = set(model.meta_graphs[index].tags)
        others = tags != {SERVE}
        training = bool(tags & TRAINING)
        return (
            index in last, "eval" not in tags and training, others, SERVE not in tags, bool(tags),
            index,
        )  # fmt: skip

    return sorted(range(len(model.meta_graphs)), key=unlikely)


def meant_meta_graph(model: SavedModel) -> int | None:
    """The MetaGraph that somebody means who names none; None where that cannot be told.

    It is the only one, or the one for serving: with the tag `serve` alone, else the only one with
    it among others, else the only one without tags, else the only one that is not for training.
    """
    graphs = model.meta_graphs
    if len(graphs) == 1:
        return 0
    last = trainers(model)
    order = [index for index in likeliest_meta_graphs(model) if index not in last]
    plain = [i for i in order if not set(graphs[i].tags) & TRAINING]
    for meant in (
        [index for index in order if set(graphs[index].tags) == {SERVE}],
        [index for index in plain if SERVE in graphs[index].tags],
        [index for index in order if SERVE in graphs[index].tags],
        [index for index in order if not graphs[index].tags],
        order,
    ):
        if meant:
            return meant[0] if len(meant) == 1 else None
    return None
