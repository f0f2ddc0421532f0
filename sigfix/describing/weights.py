"""What is missing of a model: of its weights and assets, as far as files tell, and its graph."""

from __future__ import annotations

from sigfix.model import MetaGraph, SavedModel
from sigfix.wording import plural

Fault = tuple[str, str, str]
"""The code of the finding, what is wrong, and which file it is."""
POINTER = "is a Git-LFS pointer, not the file: the large file was never fetched"
_LISTED = 3
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


def _is_restored(meta: MetaGraph) -> bool:
    """Whether loaders restore a graph without variables: TensorFlow 2 always saves a checkpoint."""
    return meta.objects is not None and bool(meta.saver_restore_op)


def asset_faults(model: SavedModel) -> list[Fault]:
    """What the model's assets lack: tables filled without them know none of their words."""
    pointers = {
        asset.filename: None
        for meta in model.meta_graphs
        for asset in meta.assets
        if asset.is_pointer
    }
    return [("CON211", POINTER, f"assets/{name}") for name in pointers]


def graph_faults(model: SavedModel) -> list[Fault]:
    """What nodes read or call and their graph does not have: one fault a graph."""
    found = []
    for meta in model.meta_graphs:
        if not meta.graph.dangling:
            continue
        scope, node, name = meta.graph.dangling[0]
        inside = f" in function {scope}" if scope else ""
        more = len(meta.graph.dangling) - 1
        told = f"node {node}{inside} reads or calls {name}, which the graph does not have"
        found.append(("CON219", told + (f" ({more:,} more like it)" if more else ""), "graph"))
    return found


def _of_training(name: str) -> tuple[bool, str]:
    """Layers before what training keeps beside them."""
    return name.startswith(("keras_api", "optimizer", "_")), name


def _not_stored(model: SavedModel) -> list[Fault]:
    """The variables that the graph restores and the index does not have; of several graphs, all."""
    stored = {tensor.name for tensor in model.variables.tensors} if model.variables else set()
    lacking = [(meta.restored - stored, len(meta.restored)) for meta in model.meta_graphs]
    absent, count = min(lacking, key=lambda item: len(item[0]), default=(frozenset(), 0))
    if not absent:
        return []
    names = sorted((name.removesuffix(_VALUE) for name in absent), key=_of_training)
    shown = ", ".join(names[:_LISTED])
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    told = (
        f"lacks {plural(len(absent), 'tensor')} of the {count:,} that the graph reads "
        f"({shown}{more}): it may be another model's"
    )
    return [("CON204", told, "variables/variables.index")]


def weight_faults(model: SavedModel) -> list[Fault]:
    """Everything of a model's weights that is not there."""
    store = model.variables
    if store is not None and store.is_pointer:
        return [("CON211", POINTER, "variables/variables.index")]
    if store is None or (not store.has_index and not store.error):
        count = max((len(meta.variables) for meta in model.meta_graphs), default=0)
        what = "variables/" if store is None else "variables/variables.index"
        told = f"the graph has {plural(count, 'variable')}; {what} is missing"
        if not count:
            if model.encoding == "graph" or not any(map(_is_restored, model.meta_graphs)):
                return []
            told = f"{what} is missing, which TensorFlow reads though the model has no variables"
        return [("CON204", told, "variables")]
    if store.error:
        return [("CON206", store.error, "variables/variables.index")]
    found = []
    for shard in store.shards:
        where = f"variables/{shard.filename}"
        if shard.size is None:
            found.append(("CON204", "this shard is missing", where))
        elif shard.is_pointer:
            found.append(("CON211", POINTER, where))
        elif shard.size < shard.needed:
            what = f"has {shard.size:,} of at least {shard.needed:,} bytes"
            found.append(("CON205", what, where))
    return [*found, *_not_stored(model)]
