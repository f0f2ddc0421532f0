"""Inputs and outputs of a TF1 graph without a signature: placeholders and sinks."""

from __future__ import annotations

from sigfix.errors import BlockedError
from sigfix.model import Graph, MetaGraph, Node, Shape, Signature, TensorSpec, node_of
from sigfix.planning.choices import Choices
from sigfix.planning.edits import Candidate
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.names import clean, input_names, make_unique

NEVER_OUTPUTS = frozenset({
    "Assert", "Assign", "AssignAdd", "AssignAddVariableOp", "AssignSub", "AssignSubVariableOp",
    "AssignVariableOp", "AudioSummaryV2", "Const", "HistogramSummary", "HashTable",
    "HashTableV2", "ImageSummary", "InitializeTableV2", "InitializeTableFromTextFileV2",
    "IsVariableInitialized", "LookupTableImportV2", "MergeSummary", "NoOp", "Placeholder",
    "PlaceholderWithDefault", "Print", "PrintV2", "ReadVariableOp", "RestoreV2", "SaveV2",
    "ScalarSummary", "ShardedFilename", "TensorSummaryV2", "VarHandleOp", "VarIsInitializedOp",
    "Variable", "VariableV2", "ApplyGradientDescent", "ApplyAdam", "ApplyMomentum",
    "ResourceApplyGradientDescent", "ResourceApplyAdam",
})  # fmt: skip
"""Operators whose results nobody wants from a model."""

NOT_INFERENCE = ("gradients", "save", "train", "init", "report_uninitialized", "Adam", "metrics")
"""Name scopes that hold training and saving."""

OUTPUT_DTYPES = {
    "ArgMax": "@output_type", "ArgMin": "@output_type", "Cast": "@DstT", "Const": "@dtype",
    "DecodeRaw": "@out_type", "Equal": "bool", "NotEqual": "bool", "Less": "bool",
    "LessEqual": "bool", "Greater": "bool", "GreaterEqual": "bool", "LogicalAnd": "bool",
    "LogicalOr": "bool", "LogicalNot": "bool", "IsNan": "bool", "All": "bool", "Any": "bool",
    "GatherV2": "@Tparams", "Gather": "@Tparams", "ResourceGather": "@dtype", "Shape": "@out_type",
    "Size": "@out_type", "Placeholder": "@dtype", "PlaceholderWithDefault": "@dtype",
    "ReadVariableOp": "@dtype", "LookupTableFindV2": "@Tout", "LookupTableFind": "@Tout",
    "TopKV2": "@T", "StringJoin": "string", "AsString": "string", "DecodeJpeg": "uint8",
    "DecodePng": "@dtype", "StringToNumber": "@out_type", "MatMul": "@T", "Select": "@T",
    "SelectV2": "@T", "QuantizedMatMul": "@Toutput", "RandomUniform": "@dtype",
    "NonMaxSuppressionV3": "int32", "Bucketize": "int32", "OneHot": "@T", "Where": "int64",
}  # fmt: skip
"""The dtype of an operator's first output: fixed, or `@` and the attribute that says it.

Other operators are taken to have one dtype, in `T`.
"""


def placeholders(meta_graph: MetaGraph) -> list[Node]:
    """The placeholders of the graph, without the one that the saver's file name is fed to."""
    saver = node_of(meta_graph.saver_filename_tensor)
    assets = {node_of(asset.tensor) for asset in meta_graph.assets}
    return [
        node
        for node in meta_graph.graph.nodes
        if node.op == "Placeholder" and node.name != saver and node.name not in assets
    ]


def tensor_spec(graph: Graph, tensor: str, declared_dtype: str | None = None) -> TensorSpec:
    """The spec of a top-level tensor. Raises `BlockedError` where it does not exist."""
    name = tensor if ":" in tensor else f"{tensor}:0"
    node = graph.by_name.get(node_of(name))
    if node is None:
        raise BlockedError(
            f"There is no tensor {tensor} in the graph.",
            "sigfix inspect --format json lists signatures; saved_model_cli show lists tensors",
        )
    index = int(name.rpartition(":")[2])
    said = OUTPUT_DTYPES.get(node.op, "@T")
    dtype = declared_dtype or (said if said[0] != "@" else node.attributes.get(said[1:]))
    if node.op in ("ArgMax", "ArgMin") and dtype is None:
        dtype = "int64"
    if isinstance(node.attributes.get("Tout"), tuple):
        results = node.attributes["Tout"]
        dtype = results[index] if index < len(results) else None
    if not isinstance(dtype, str):
        raise BlockedError(
            f"The dtype of {name} ({node.op}) cannot be told from the graph.",
            "choose a tensor behind an Identity with --output NAME=TENSOR",
        )
    return TensorSpec(dtype, _shape(node, index), name)


def _shape(node: Node, index: int) -> Shape:
    if node.op == "Placeholder" and isinstance(node.attributes.get("shape"), tuple):
        return tuple(node.attributes["shape"])
    shapes = node.attributes.get("_output_shapes")
    if isinstance(shapes, tuple) and index < len(shapes):
        shape: Shape = shapes[index]
        return shape
    return None


def sinks(meta_graph: MetaGraph) -> list[str]:
    """Tensors that depend on a placeholder and that no other node reads: likely results."""
    graph = meta_graph.graph
    read = {node_of(name) for node in graph.nodes for name in node.data_inputs}
    inputs = {node.name for node in placeholders(meta_graph)}
    found = []
    for node in graph.nodes:
        scope = node.name.split("/", 1)[0]
        if node.name in read or node.op in NEVER_OUTPUTS or scope.startswith(NOT_INFERENCE):
            continue
        reached = graph.reachable_from((node.name,))
        if any(item.name in inputs for item in reached):
            found.append(f"{node.name}:0")
    return found


def graph_inputs(meta_graph: MetaGraph, outputs: list[str]) -> list[FlatTensor]:
    """The placeholders that `outputs` depend on, in the graph's order."""
    needed = {node.name for node in meta_graph.graph.reachable_from(tuple(outputs))}
    found = [node for node in placeholders(meta_graph) if node.name in needed]
    names = input_names([clean(node.name) for node in found])
    return [
        FlatTensor(-1 - index, node.name, name, tensor_spec(meta_graph.graph, node.name))
        for index, (node, name) in enumerate(zip(found, names, strict=True))
    ]


def graph_outputs(meta_graph: MetaGraph, outputs: list[str]) -> list[FlatTensor]:
    """The result tensors, named after their nodes."""
    names = make_unique([clean(name.rpartition("/")[2]) for name in outputs])
    return [
        FlatTensor(-1 - index, tensor, name, tensor_spec(meta_graph.graph, tensor))
        for index, (tensor, name) in enumerate(zip(outputs, names, strict=True))
    ]


def choose_outputs(
    meta_graph: MetaGraph, choices: Choices
) -> tuple[list[FlatTensor], tuple[Candidate, ...]]:
    """The outputs that `--output` names or the only sink; else none, and the sinks as candidates.

    Raises `BlockedError` where the graph has neither placeholders nor results.
    """
    graph = meta_graph.graph
    if choices.outputs:
        named = [
            FlatTensor(-1 - index, tensor, name, tensor_spec(graph, tensor))
            for index, (name, tensor) in enumerate(choices.outputs)
        ]
        return named, ()
    if not placeholders(meta_graph):
        raise BlockedError("The graph has no placeholder that an input could be fed to.")
    found = sinks(meta_graph)
    if not found:
        raise BlockedError(
            "No tensor of the graph depends on a placeholder and is left unread.",
            "name one with --output NAME=TENSOR",
        )
    if len(found) == 1:
        return graph_outputs(meta_graph, found), ()
    return [], tuple(
        Candidate(
            tensor,
            f"--output {clean(node_of(tensor).rpartition('/')[2])}={tensor}",
            (f"a {graph.by_name[node_of(tensor)].op} that nothing reads",),
        )
        for tensor in found
    )


def signature_tensors(signature: Signature) -> tuple[list[FlatTensor], list[FlatTensor]]:
    """A SignatureDef's own inputs and outputs. Raises `BlockedError` for composite ones."""
    both = []
    for items in (signature.inputs, signature.outputs):
        flat = []
        for index, item in enumerate(items):
            if item.encoding != "dense":
                raise BlockedError(
                    f"{item.key} of {signature.key} is {item.encoding}; it can be aliased, not "
                    "changed."
                )
            flat.append(FlatTensor(-1 - index, item.key, item.key, item.spec))
        both.append(flat)
    return both[0], both[1]
