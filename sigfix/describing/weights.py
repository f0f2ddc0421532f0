"""What is missing of a model's weights, as far as the files' names and sizes tell."""

from __future__ import annotations

from sigfix.model import SavedModel
from sigfix.wording import plural


def weight_faults(model: SavedModel) -> list[tuple[str, str, str]]:
    """(code of the finding, what is wrong, which file) of everything that is not there."""
    store = model.variables
    if store is None or (not store.has_index and not store.error):
        count = max((len(meta.variables) for meta in model.meta_graphs), default=0)
        if not count:
            return []
        what = "variables/" if store is None else "variables/variables.index"
        return [
            ("CON204", f"the graph has {plural(count, 'variable')}; {what} is missing", "variables")
        ]
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
