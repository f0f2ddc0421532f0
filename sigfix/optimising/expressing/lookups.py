"""Rules for lookups: in tables, whose results TensorFlow.js gives another shape, and in texts.

TF.js (4.22) gathers numbers only, and its wasm backend compares numbers only: of texts it makes
something else, and says nothing. Texts are found in its tables, by their places, and have them.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.constant_texts import constant_texts
from sigfix.optimising.expressing.gathering import gather_in_batches
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import Array, NodeDef
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
    places = np.arange(len(texts), dtype=np.int32 if kind == DT_INT32 else np.int64)
    table = _table(to, (places, kind), (texts, DT_STRING))
    nothing = to.constant(np.array(b"", object))
    return _found(to, [table[0], to.operand(1), nothing, table[1]], kind, DT_STRING)


def _table(to: Writer, keys: tuple[Array, int], values: tuple[Array, int]) -> tuple[str, str]:
    """A table of constants, and what has to wait for its filling waits for."""
    table = _plain(to, "HashTableV2", [])
    table.attr["key_dtype"].type, table.attr["value_dtype"].type = keys[1], values[1]
    table.attr["shared_name"].s = f"sigfix/{table.name}".encode()
    parts = [str(table.name), to.constant(keys[0]), to.constant(values[0])]
    fill = _plain(to, "LookupTableImportV2", parts)
    fill.attr["Tin"].type, fill.attr["Tout"].type = keys[1], values[1]
    return str(table.name), f"^{fill.name}"


def _same_texts(to: Writer) -> Reference | None:
    """Texts against constant ones: of both the places in a table, -1 for what is not in it."""
    if to.data_type != DT_STRING or to.loops:
        return None
    sides = [constant_texts(to.graph, to.operand(place)) for place in (0, 1)]
    constant = next((side for side in sides if side is not None), None)
    if constant is None or not constant.size:
        return None
    texts, places = np.unique(constant.astype(object).ravel(), return_inverse=True)
    table, filled = _table(
        to, (texts, DT_STRING), (np.arange(len(texts), dtype=np.int32), DT_INT32)
    )
    operand = 0 if sides[0] is None else 1
    inputs = [table, to.operand(operand), to.number(-1, DT_INT32), filled]
    found = _found(to, inputs, DT_STRING, DT_INT32)
    numbers = to.constant(places.astype(np.int32).reshape(constant.shape))
    return to.compare(to.node.op, found, numbers, DT_INT32)


LOOKUPS: dict[str, Rule] = {
    "Equal": _same_texts,
    "Gather": _gather_texts,
    "GatherV2": lambda to: _gather_texts(to) or gather_in_batches(to),
    "LookupTableFindV2": _find,
    "NotEqual": _same_texts,
}
"""Operator -> its rule."""
