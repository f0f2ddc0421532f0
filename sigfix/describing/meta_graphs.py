"""The MetaGraphs of a SavedModel in the order in which somebody means them."""

from __future__ import annotations

from sigfix.model import SavedModel

SERVE, TRAIN = "serve", "train"


def likeliest_meta_graphs(model: SavedModel) -> list[int]:
    """Indices: with the tag `serve` alone, with it among others, without tags, others, training."""

    def unlikely(index: int) -> tuple[bool, bool, bool, bool, int]:
        tags = set(model.meta_graphs[index].tags)
        return (TRAIN in tags, tags != {SERVE}, SERVE not in tags, bool(tags), index)

    return sorted(range(len(model.meta_graphs)), key=unlikely)
