"""Object graph node -> the tensor of the top-level graph that holds the same resource.

A function's captures (variables, tables, assets, constants) are object graph nodes. To call the
function from the top-level graph, which is what the v1 loader and TensorFlow Serving run, each
needs its tensor there. Four places of a SavedModel say which it is: calls that exist already,
the names of constants and assets, the restore function, which pairs variables and tables with
checkpoint keys, and the function that creates a table, which does what the table's node does.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from sigfix.errors import BlockedError
from sigfix.model import LONGEST_PATH, node_of, output_index

CALL_OPS = ("PartitionedCall", "StatefulPartitionedCall")
ATTRIBUTES = "/.ATTRIBUTES/"
"""What parts an object's path from what is stored of it, in a checkpoint key."""
_RESTORING = ("AssignVariableOp", "LookupTableImport", "LookupTableImportV2")
_STORED = ("variable", "resource")
"""Kinds of objects that a checkpoint has values of."""
_CREATOR = "_create_resource"
_MADE_UP = ("shared_name", "container", "_output_shapes", "_class")
"""Attributes of a table's node that say nothing of what kind of table it is."""


def tensors_of_captures(meta_graph: Any) -> dict[int, str]:
    """Object graph node id -> top-level tensor, for every node whose tensor can be told.

    `meta_graph` is a MetaGraphDef message with an object graph.
    """
    known = _from_names(meta_graph)
    known.update(_from_restore(meta_graph))
    known.update(_from_calls(meta_graph))
    for found in (_from_variable_names(meta_graph), _from_creators(meta_graph, known)):
        for node_id, tensor in found.items():
            known.setdefault(node_id, tensor)
    return known


def require_captures(meta_graph: Any, bound_inputs: list[int]) -> list[str]:
    """The tensors for a function's captures, in order.

    Raises `BlockedError` naming the first capture that the graph has no tensor for.
    """
    known = tensors_of_captures(meta_graph)
    found = []
    for node_id in bound_inputs:
        if node_id not in known:
            node = meta_graph.object_graph_def.nodes[node_id]
            raise BlockedError(
                f"The function captures object {node_id} ({node.WhichOneof('kind')}), and the "
                "graph has no tensor that is known to hold it. --rebuild asks TensorFlow: it "
                "loads the model, which runs it, and saves it anew.",
                "--rebuild",
            )
        found.append(known[node_id])
    return found


def _from_names(meta_graph: Any) -> dict[int, str]:
    """Constants name their node; assets have an AssetFileDef that names their tensor."""
    found = {}
    for node_id, node in enumerate(meta_graph.object_graph_def.nodes):
        kind = node.WhichOneof("kind")
        if kind == "constant":
            found[node_id] = node.constant.operation
        elif kind == "asset":
            index = node.asset.asset_file_def_index
            if 0 <= index < len(meta_graph.asset_file_def):
                found[node_id] = meta_graph.asset_file_def[index].tensor_info.name
    return found


def _from_calls(meta_graph: Any) -> dict[int, str]:
    """A call's last inputs are the captures of the function that it calls."""
    functions = meta_graph.object_graph_def.concrete_functions
    found: dict[int, str] = {}
    for node in meta_graph.graph_def.node:
        if node.op not in CALL_OPS or node.attr["f"].func.name not in functions:
            continue
        bound = functions[node.attr["f"].func.name].bound_inputs
        inputs = [name for name in node.input if not name.startswith("^")]
        if bound and len(inputs) >= len(bound):
            found.update(zip(bound, inputs[-len(bound) :], strict=True))
    return found


def _from_restore(meta_graph: Any) -> dict[int, str]:
    """The restore function puts the tensors of checkpoint keys into a variable or a table."""
    graph = meta_graph.graph_def
    functions = {item.signature.name: item for item in graph.library.function}
    restore = meta_graph.saver_def.restore_op_name
    call = next((node for node in graph.node if node.name == node_of(restore)), None)
    if call is None or call.op not in CALL_OPS or call.attr["f"].func.name not in functions:
        return {}
    body = functions[call.attr["f"].func.name]
    handles = dict(
        zip(
            [argument.name for argument in body.signature.input_arg],
            [name for name in call.input if not name.startswith("^")],
            strict=False,
        )
    )
    nodes = {node.name: node for node in body.node_def}
    paths = _nodes_by_checkpoint_path(meta_graph.object_graph_def)
    found = {}
    for node in body.node_def:
        if node.op not in _RESTORING or len(node.input) < 2 or node.input[0] not in handles:
            continue
        path, parted, _ = _restored_key(node.input[1], nodes).partition(ATTRIBUTES)
        node_id = paths.get(path) if parted else None
        if node_id is not None:
            found[node_id] = handles[node.input[0]]
    return found


def _restored_key(tensor: str, nodes: dict[str, Any]) -> str:
    """The checkpoint key behind a tensor, through Identity, to `RestoreV2:tensors:INDEX`."""
    for _ in range(4):
        node = nodes.get(node_of(tensor))
        if node is None:
            return ""
        if node.op == "RestoreV2":
            names = nodes.get(node_of(node.input[1])) if len(node.input) > 1 else None
            if names is None or names.op != "Const":
                return ""
            index = output_index(tensor)
            values = names.attr["value"].tensor.string_val
            return values[index].decode("utf-8", "replace") if index < len(values) else ""
        if not node.input:
            return ""
        tensor = node.input[0]
    return ""


def _nodes_by_checkpoint_path(objects: Any) -> dict[str, int]:
    """Every path of what is stored; in a path, `.` is written `..` and `/` is written `.S`."""
    found: dict[str, int] = {}
    pending: deque[tuple[int, str]] = deque([(0, "")])
    seen = set()
    while pending:
        node_id, path = pending.popleft()
        if node_id in seen or len(path) > LONGEST_PATH:
            continue
        seen.add(node_id)
        for child in objects.nodes[node_id].children:
            name = child.local_name.replace(".", "..").replace("/", ".S")
            below = f"{path}/{name}" if path else name
            if objects.nodes[child.node_id].WhichOneof("kind") in _STORED:
                found.setdefault(below, child.node_id)
            pending.append((child.node_id, below))
    return found


def _from_variable_names(meta_graph: Any) -> dict[int, str]:
    """A handle whose shared name is the name of one variable only, of that dtype and shape."""
    handles: dict[str, list[Any]] = {}
    for node in meta_graph.graph_def.node:
        if node.op == "VarHandleOp":
            handles.setdefault(node.attr["shared_name"].s.decode("utf-8", "replace"), []).append(
                node
            )
    by_name: dict[str, list[int]] = {}
    for node_id, item in enumerate(meta_graph.object_graph_def.nodes):
        if item.WhichOneof("kind") == "variable" and item.variable.name:
            by_name.setdefault(item.variable.name, []).append(node_id)
    found = {}
    for name, node_ids in by_name.items():
        nodes = handles.get(name, [])
        if len(node_ids) != 1 or len(nodes) != 1:
            continue
        variable = meta_graph.object_graph_def.nodes[node_ids[0]].variable
        same = nodes[0].attr["dtype"].type == variable.dtype
        if same and nodes[0].attr["shape"].shape == variable.shape:
            found[node_ids[0]] = nodes[0].name
    return found


def _from_creators(meta_graph: Any, known: dict[int, str]) -> dict[int, str]:
    """A table whose creator is the only one of its kind, as its node is among those left over.

    The kind of a table are its operator and its dtypes; of two alike, none is told.
    """
    objects = meta_graph.object_graph_def
    taken = {node_of(tensor) for tensor in known.values()}
    nodes: dict[bytes, list[str]] = {}
    for node in meta_graph.graph_def.node:
        if node.name not in taken:
            nodes.setdefault(_kind_of(node), []).append(node.name)
    wanted: dict[bytes, list[int]] = {}
    for node_id, item in enumerate(objects.nodes):
        if node_id not in known and item.WhichOneof("kind") == "resource":
            created = _created(meta_graph, item)
            if created is not None:
                wanted.setdefault(_kind_of(created), []).append(node_id)
    return {
        node_ids[0]: nodes[kind][0]
        for kind, node_ids in wanted.items()
        if len(node_ids) == len(nodes.get(kind, [])) == 1
    }


def _created(meta_graph: Any, item: Any) -> Any | None:
    """The node that an object's `_create_resource` makes its resource with."""
    objects = meta_graph.object_graph_def
    library = {
        function.signature.name: function for function in meta_graph.graph_def.library.function
    }
    ids = [child.node_id for child in item.children if child.local_name == _CREATOR]
    creators = [objects.nodes[index] for index in ids if 0 <= index < len(objects.nodes)]
    names = [name for node in creators for name in node.function.concrete_functions]
    if len(names) != 1 or names[0] not in library:
        return None
    body = library[names[0]]
    nodes = {node.name: node for node in body.node_def}
    made = node_of(next(iter(body.ret.values()), ""))
    while made in nodes and nodes[made].op == "Identity" and nodes[made].input:
        made = node_of(nodes[made].input[0])
    return nodes.get(made)


def _kind_of(node: Any) -> bytes:
    """What a node computes, as a key: its operator and attributes, without names."""
    plain = type(node)(op=node.op)
    for name, value in node.attr.items():
        if name not in _MADE_UP:
            plain.attr[name].CopyFrom(value)
    data: bytes = plain.SerializeToString(deterministic=True)
    return data
