"""Operators that reach outside the model: files, processes, Python, libraries."""

from __future__ import annotations

from sigfix.model import SavedModel

REACHING_OPS = {
    "EagerPyFunc": "calls Python",
    "PyFunc": "calls Python",
    "PyFuncStateless": "calls Python",
    "ReadFile": "reads files",
    "WholeFileReader": "reads files",
    "WholeFileReaderV2": "reads files",
    "FixedLengthRecordReaderV2": "reads files",
    "TextLineReaderV2": "reads files",
    "TFRecordReaderV2": "reads files",
    "MatchingFiles": "lists files",
    "TextLineDataset": "reads files",
    "TFRecordDataset": "reads files",
    "FixedLengthRecordDatasetV2": "reads files",
    "WriteFile": "writes files",
    "SaveDataset": "writes files",
    "SaveDatasetV2": "writes files",
    "DebugIdentityV2": "writes files",
    "PrintV2": "may write files",
    "DumpTensor": "writes files",
    "DataServiceDataset": "opens connections",
    "DataServiceDatasetV2": "opens connections",
    "DataServiceDatasetV4": "opens connections",
    "RpcCall": "opens connections",
    "RpcServer": "opens connections",
    "RpcClient": "opens connections",
}
"""What each of them does. Saving and restoring variables is every model's business."""


def reaching_operators(model: SavedModel) -> list[tuple[str, str]]:
    """The operators of a model that reach outside it, with what they do."""
    found = set()
    for meta_graph in model.meta_graphs:
        for _, node in meta_graph.graph.all_nodes():
            if node.op == "PrintV2" and not str(
                node.attributes.get("output_stream", "")
            ).startswith("file://"):
                continue
            if node.op in REACHING_OPS:
                found.add((node.op, REACHING_OPS[node.op]))
    return sorted(found)
