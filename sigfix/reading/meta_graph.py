"""MetaGraphDef -> `model.MetaGraph`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError

from sigfix.model import (
    Asset,
    Collection,
    Graph,
    MetaGraph,
    Node,
    Signature,
    SignatureTensor,
    TensorSpec,
    Variable,
    as_shape,
    node_of,
)
from sigfix.reading.folder import Folder
from sigfix.reading.graph import read_graph, text_elements
from sigfix.reading.objects import read_objects
from sigfix.reading.protos import dtype_name, message_class
from sigfix.reading.shapes import read_shape
from sigfix.reading.values import type_spec_name, values_of

VARIABLE_COLLECTIONS = ("variables", "trainable_variables", "model_variables", "local_variables")
VARIABLE_OPS = ("VarHandleOp", "VariableV2", "Variable")


def _signature_tensor(key: str, info: Any) -> SignatureTensor:
    dtype, shape = dtype_name(info.dtype), read_shape(info.tensor_shape)
    if info.WhichOneof("encoding") == "coo_sparse":
        sparse = info.coo_sparse
        rank = None if shape is None else len(shape)
        components: tuple[TensorSpec, ...] = (
            TensorSpec(dtype, (None,), sparse.values_tensor_name),
            TensorSpec("int64", (None, rank), sparse.indices_tensor_name),
            TensorSpec("int64", (rank,), sparse.dense_shape_tensor_name),
        )
        return SignatureTensor(key, TensorSpec(dtype, shape), "sparse", components)
    if info.WhichOneof("encoding") == "composite_tensor":
        composite = info.composite_tensor
        components = tuple(
            TensorSpec(dtype_name(part.dtype), read_shape(part.tensor_shape), part.name)
            for part in composite.components
        )
        return SignatureTensor(
            key,
            values_of(composite.type_spec) or TensorSpec(dtype, shape),
            "composite",
            components,
            type_spec_name(composite.type_spec),
        )
    return SignatureTensor(key, TensorSpec(dtype, shape, info.name))


def read_signature(key: str, message: Any) -> Signature:
    """A SignatureDef under its key."""
    return Signature(
        key=key,
        inputs=tuple(
            _signature_tensor(name, message.inputs[name]) for name in sorted(message.inputs)
        ),
        outputs=tuple(
            _signature_tensor(name, message.outputs[name]) for name in sorted(message.outputs)
        ),
        method_name=message.method_name,
        defaults=tuple(sorted(message.defaults)),
    )


def _variable_definitions(values: Any) -> list[Any]:
    found = []
    for data in values:
        definition: Any = message_class("VariableDef")()
        try:
            definition.ParseFromString(data)
        except DecodeError:
            continue
        found.append(definition)
    return found


def _read_collection(name: str, message: Any) -> Collection:
    kind = message.WhichOneof("kind") or ""
    if not kind:
        return Collection(name, "", (), 0)
    values = getattr(message, kind).value
    if kind == "any_list":
        return Collection(name, kind, tuple(item.type_url for item in values), len(values))
    if kind == "bytes_list":
        names: tuple[str, ...] = ()
        if name in VARIABLE_COLLECTIONS:
            names = tuple(item.variable_name for item in _variable_definitions(values))
        return Collection(name, kind, names, len(values))
    return Collection(name, kind, tuple(values), len(values))


def _graph_variable(node: Node, trainable: bool) -> Variable:
    return Variable(
        name=node.name,
        dtype=str(node.attributes.get("dtype", "invalid")),
        shape=as_shape(node.attributes.get("shape")),
        trainable=trainable,
    )


def _graph_variables(graph: Graph, collections: Mapping[str, Collection]) -> tuple[Variable, ...]:
    """TF1 variables: those of the graph, trainable where the collections say so."""
    trainable = collections.get("trainable_variables")
    names = {node_of(str(name)) for name in trainable.values} if trainable else set()
    return tuple(
        _graph_variable(node, node.name in names) for node in graph.nodes if node.op in VARIABLE_OPS
    )


def _read_assets(message: Any, folder: Folder | None) -> tuple[Asset, ...]:
    found = []
    for item in message:
        name = f"assets/{item.filename}"
        there = folder is not None and name in folder.sizes
        pointer = folder is not None and there and folder.is_pointer(name)
        found.append(Asset(item.filename, item.tensor_info.name, there, pointer))
    return tuple(found)


def _restored(graph: Graph, operation: str) -> frozenset[str]:
    """The names that the restoring operation reads, where they are constants in the graph."""
    names: set[str] = set()
    scopes = {"": graph.by_name}
    for scope, node in graph.executed((operation,)) if operation else ():
        if node.op != "RestoreV2" or len(node.data_inputs) < 2:
            continue
        if scope not in scopes:
            scopes[scope] = {item.name: item for item in graph.function_by_name[scope].nodes}
        constant = scopes[scope].get(node_of(node.data_inputs[1]))
        if constant is not None and constant.op == "Const":
            names.update(text_elements(constant.attributes))
    return frozenset(names)


def _listed_assets(collections: Any) -> list[Any]:
    """The AssetFileDefs of a TF1 model, which are in a collection instead of the field."""
    found = []
    if "saved_model_assets" in collections:
        for item in collections["saved_model_assets"].any_list.value:
            asset: Any = message_class("AssetFileDef")()
            try:
                asset.ParseFromString(item.value)
            except DecodeError:
                continue
            found.append(asset)
    return found


def read_meta_graph(message: Any, folder: Folder | None = None) -> MetaGraph:
    """A MetaGraphDef, with what of its assets lies in the folder."""
    info = message.meta_info_def
    graph = read_graph(message.graph_def)
    collections = {
        name: _read_collection(name, message.collection_def[name])
        for name in sorted(message.collection_def)
    }
    has_objects = message.HasField("object_graph_def") and len(message.object_graph_def.nodes)
    objects = read_objects(message.object_graph_def) if has_objects else None
    assets = list(message.asset_file_def) or _listed_assets(message.collection_def)
    return MetaGraph(
        tags=tuple(info.tags),
        tensorflow_version=info.tensorflow_version,
        git_version=info.tensorflow_git_version,
        signatures=tuple(
            read_signature(key, message.signature_def[key]) for key in sorted(message.signature_def)
        ),
        graph=graph,
        objects=objects,
        collections=collections,
        assets=_read_assets(assets, folder),
        variables=objects.variables if objects else _graph_variables(graph, collections),
        used_ops=tuple(op.name for op in info.stripped_op_list.op),
        saver_restore_op=message.saver_def.restore_op_name,
        saver_filename_tensor=message.saver_def.filename_tensor_name,
        function_aliases=dict(info.function_aliases),
        restored=_restored(graph, message.saver_def.restore_op_name),
    )
