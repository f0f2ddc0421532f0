"""The MetaGraphs of a SavedModel in the order in which somebody means them."""

from __future__ import annotations

from collections.abc import Iterable

from sigfix.model import SavedModel

SERVE = "serve"
TRAINING = frozenset({"train", "training", "eval"})
"""Tags of what is for training and evaluation."""


def is_for_training(tags: Iterable[str]) -> bool:
    """Whether a tag set is that of a MetaGraph for training or evaluation, and not for serving."""
    given = set(tags)
    return bool(given & TRAINING) and SERVE not in given


def likeliest_meta_graphs(model: SavedModel) -> list[int]:
    """Indices: with the tag `serve` alone, with it among others, without tags, others, training."""

    def unlikely(index: int) -> tuple[int | bool, ...]:
        tags = set(model.meta_graphs[index].tags)
        others = tags != {SERVE}
        training = bool(tags & TRAINING)
        last = is_for_training(tags)
        return (last, "eval" not in tags and training, others, SERVE not in tags, bool(tags), index)

    return sorted(range(len(model.meta_graphs)), key=unlikely)


def meant_meta_graph(model: SavedModel) -> int | None:
    """The MetaGraph that somebody means who names none; None where that cannot be told.

    It is the only one, or the one for serving: with the tag `serve` alone, else the only one with
    it among others, else the only one without tags, else the only one that is not for training.
    """
    graphs = model.meta_graphs
    if len(graphs) == 1:
        return 0
    order = [i for i in likeliest_meta_graphs(model) if not is_for_training(graphs[i].tags)]
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
