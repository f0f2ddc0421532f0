"""What is missing of a model's weights, as far as the files' names and sizes tell."""

from __future__ import annotations

from sigfix.model import MetaGraph, SavedModel
from sigfix.wording import plural


def _is_restored(meta: MetaGraph) -> bool:
    """Whether loaders restore a graph without variables: TensorFlow 2 always saves a checkpoint."""
    return meta.objects is not None and bool(meta.saver_restore_op)


def weight_faults(model: SavedModel) -> list[tuple[str, str, str]]:
    """(code of the finding, what is wrong, which file) of everything that is not there."""
    store = model.variables
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
        elif shard.size < shard.needed:
            what = f"has {shard.size:,} of at least {shard.needed:,} bytes"
            found.append(("CON205", what, where))
    return found
