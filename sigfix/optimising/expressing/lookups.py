"""Rules for lookups: in tables, whose results TensorFlow.js gives another shape, and in texts.

TF.js (4.22) gathers numbers only. Texts are found in its tables, by their places.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.gathering import gather_in_batches
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32, DT_INT64

DT_STRING = 7


def _find(to: Writer) -> Reference | None:
    """What is found has the shape of the keys: TF.js makes a vector of it."""
    types = int(to.node.attr["Tin"].type), int(to.node.attr["Tout"].type)
    found = _found(to, [str(reference) for reference in to.node.input], *types)
    keys = to.shape(to.operand(1))
    if keys is not None:  # TensorFlow's own inference does not know it
        to.shapes[found] = keys
    return found


def _found(to: Writer, inputs: list[Reference], keys: int, values: int) -> Reference:
    found = _plain(to, "LookupTableFindV2", inputs)
    found.attr["Tin"].type, found.attr["Tout"].type = keys, values
    shape = to.graph.add_node(f"{to.node.name}/shape", "Shape", [inputs[1]], keys)
    shape.attr["out_type"].type = DT_INT32
    return to.reshape(str(found.name), str(shape.name), values)


def _plain(to: Writer, op: str, inputs: list[Reference]) -> NodeDef:
    """A node without a type of its own."""
    node = to.made(to.add(op, *inputs))
    del node.attr["T"]
    return node


def _gather_texts(to: Writer) -> Reference | None:
    """One of several constant texts for each place."""
    if to.node.attr["Tparams"].type != DT_STRING or to.loops:
        return None
    texts, kind = to.value(0), int(to.node.attr["Tindices"].type)
    if texts is None or texts.ndim != 1 or kind not in (DT_INT32, DT_INT64):
        return None
    table = _plain(to, "HashTableV2", [])
    table.attr["key_dtype"].type, table.attr["value_dtype"].type = kind, DT_STRING
    table.attr["shared_name"].s = f"sigfix/{table.name}".encode()
    places = np.arange(len(texts), dtype=np.int32 if kind == DT_INT32 else np.int64)
    fill = _plain(
        to, "LookupTableImportV2", [str(table.name), to.constant(places), to.constant(texts)]
    )
    fill.attr["Tin"].type, fill.attr["Tout"].type = kind, DT_STRING
    nothing = to.constant(np.array(b"", object))
    inputs = [str(table.name), to.operand(1), nothing, f"^{fill.name}"]
    return _found(to, inputs, kind, DT_STRING)


LOOKUPS: dict[str, Rule] = {
    "Gather": _gather_texts,
    "GatherV2": lambda to: _gather_texts(to) or gather_in_batches(to),
    "LookupTableFindV2": _find,
}
"""Operator -> its rule."""
