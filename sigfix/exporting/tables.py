"""Lookup tables of a frozen graph: filled with what they hold, by nodes of the graph itself.

A table is a resource that TensorFlow fills when the model is loaded. In the graph it becomes a
HashTableV2 that a LookupTableImportV2 fills from constants, for which each lookup waits: so
TensorFlow can run the graph. In a TensorFlow.js model the import moves into the model's
initializer (`take_initializer`), which TF.js (4.22) runs once, by the table's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import graph_pb2

from sigfix.describing.operator_kinds import TABLES
from sigfix.errors import ConversionError, first_line
from sigfix.optimising.graph.graph import node_of

FINDING = ("LookupTableFind", "LookupTableFindV2")
SIZES = ("LookupTableSize", "LookupTableSizeV2")
IMPORT = "LookupTableImportV2"
Contents = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
"""Keys and values, as long as each other."""
_LOOK_UP = (
    "look the values up in JavaScript, and export the model from the numbers on; or cut that part "
    "off: sigfix convert MODEL --tfjs --cut-strings"
)

_NO_VOCABULARY = (
    "what its table holds is not in the model; of a Keras model an .h5 file has no vocabularies: "
    "save it as .keras, or by model.export"
)


def captured_tables(function: Any) -> dict[str, Callable[[int, int], Contents]]:
    """What reads the contents of each resource that a function captures, by its placeholder.

    The reader takes the types of keys and values, as TensorFlow's numbers.
    """

    def reader(handle: Any) -> Callable[[int, int], Contents]:
        def read(keys: int, values: int) -> Contents:
            found = tf.raw_ops.LookupTableExportV2(
                table_handle=handle, Tkeys=tf.as_dtype(keys), Tvalues=tf.as_dtype(values)
            )
            return found[0].numpy(), found[1].numpy()

        return read

    return {
        str(inside.op.name): reader(outside)
        for outside, inside in function.graph.captures
        if outside.dtype == tf.resource
    }


def session_tables(session: Any, graph: Any) -> dict[str, Callable[[int, int], Contents]]:
    """The same of a graph of TensorFlow 1, by the names of the tables' own nodes."""

    def reader(handle: Any) -> Callable[[int, int], Contents]:
        def read(keys: int, values: int) -> Contents:
            export = tf.raw_ops.LookupTableExportV2
            if handle.dtype != tf.resource:
                export = tf.raw_ops.LookupTableExport
            types = {"Tkeys": tf.as_dtype(keys), "Tvalues": tf.as_dtype(values)}
            with graph.as_default():
                made = export(table_handle=handle, **types)
            found = session.run(made)
            return found[0], found[1]

        return read

    return {
        str(node.name): reader(node.outputs[0])
        for node in graph.get_operations()
        if node.type in TABLES
    }


def fill_tables(
    definition: Any, readers: Mapping[str, Callable[[int, int], Contents]], model: Path
) -> None:
    """Let the frozen GraphDef fill its own tables, in place.

    Raises `ConversionError` for a table that is used in another way than to look something up.
    """
    nodes = {str(node.name): node for node in definition.node}
    finding = [node for node in definition.node if node.op in (*FINDING, *SIZES)]
    filled: dict[str, str] = {}
    for node in finding:
        table = _table(nodes, node)
        if table not in readers:
            raise ConversionError(
                f"{model} looks something up in a table that '{table}' chooses at run time, which "
                "sigfix does not convert.",
                _LOOK_UP,
            )
        if node.op in FINDING and table not in filled:
            filled[table] = _filled(definition, nodes[table], node, readers[table], model)
    for node in finding:
        table = _table(nodes, node)
        if node.op in SIZES:
            _as_size(node, _size(nodes[table], readers[table]))
            continue
        node.op = "LookupTableFindV2"
        node.input[0] = table
        node.input.append(f"^{filled[table]}")


def _table(nodes: Mapping[str, Any], node: Any) -> str:
    source = nodes[node_of(node.input[0])]
    while source.op == "Identity":
        source = nodes[node_of(source.input[0])]
    return str(source.name)


def _filled(definition: Any, table: Any, find: Any, read: Any, model: Path) -> str:
    """Make the table's node a HashTableV2, and return the name of the node that fills it."""
    types = (find.attr["Tin"].type, find.attr["Tout"].type)
    try:
        contents = read(*types)
    except Exception as error:  # not filled, or of a kind that tells nothing
        raise ConversionError(
            f"{model} looks values up in a table that cannot be read ('{find.name}'): "
            f"{first_line(error)}",
            _NO_VOCABULARY if "is not initialized" in str(error) else _LOOK_UP,
        ) from error
    if contents[1].ndim != 1:
        raise ConversionError(
            f"{model} has a table of vectors ('{table.name}'), which TensorFlow.js has not.",
            _LOOK_UP,
        )
    name = str(table.name)
    table.op = "HashTableV2"
    del table.input[:]
    table.attr.clear()
    table.attr["key_dtype"].type, table.attr["value_dtype"].type = types
    table.attr["shared_name"].s = f"sigfix/{name}".encode()
    references = []
    for part, value in zip(("keys", "values"), contents, strict=True):
        made = definition.node.add(name=f"{name}/{part}", op="Const")
        tensor = tf.make_tensor_proto(value)
        made.attr["value"].tensor.CopyFrom(tensor)
        made.attr["dtype"].type = tensor.dtype
        references.append(str(made.name))
    fill = definition.node.add(name=f"{name}/import", op=IMPORT, input=[name, *references])
    fill.attr["Tin"].type, fill.attr["Tout"].type = types
    return str(fill.name)


def _size(table: Any, read: Any) -> int:
    """How many entries a table has."""
    types = (table.attr["key_dtype"].type, table.attr["value_dtype"].type)
    if not all(types):
        types = (tf.string.as_datatype_enum, tf.int64.as_datatype_enum)
    return len(read(*types)[0])


def _as_size(node: Any, size: int) -> None:
    node.op = "Const"
    del node.input[:]
    node.attr.clear()
    tensor = tf.make_tensor_proto(np.array(size, np.int64))
    node.attr["value"].tensor.CopyFrom(tensor)
    node.attr["dtype"].type = tensor.dtype


def take_initializer(definition: Any) -> Any:
    """Move what fills tables out of a GraphDef into one of its own; an empty one where none is."""
    initializer = graph_pb2.GraphDef()
    nodes = {str(node.name): node for node in definition.node}
    fills = [node for node in definition.node if node.op == IMPORT]
    if not fills:
        return initializer
    gone = {str(node.name) for node in fills}
    for node in fills:
        for reference in node.input:
            source = nodes[node_of(reference)]
            initializer.node.add().CopyFrom(source)
            if source.op == "Const":
                gone.add(str(source.name))
        initializer.node.add().CopyFrom(node)
    read = {
        node_of(r) for node in definition.node if node.name not in gone for r in node.input
        if r[0] != "^"
    }  # fmt: skip
    for place in reversed(range(len(definition.node))):
        node = definition.node[place]
        if node.name in gone and node.name not in read:
            del definition.node[place]
        elif node.op == "LookupTableFindV2":
            node.input[:] = [reference for reference in node.input if reference[0] != "^"]
    initializer.versions.CopyFrom(definition.versions)
    return initializer
