"""A frozen GraphDef (`frozen.pb`) as the SavedModel it could be: one MetaGraph, no signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import leads_out, read_bytes
from sigfix.reading.folder import mapped
from sigfix.reading.locating import saved_model_file
from sigfix.reading.meta_graph import read_meta_graph
from sigfix.reading.protos import message_class, parse, parse_text
from sigfix.reading.sniffing import sniff_protobuf
from sigfix.reading.trimming import without_large_constants

SERVE_TAG = "serve"
LARGEST_MESSAGE = 2 << 30
"""Bytes of a protobuf message at most."""


def is_frozen_graph(path: Path) -> bool:
    """Whether a file is a GraphDef."""
    try:
        with mapped(path) as data:
            return sniff_protobuf(data) == "graph"
    except UnreadableModelError:
        return False


def lone_frozen_graph(folder: Path) -> Path | None:
    """The one frozen graph of a folder that is no SavedModel; None where it has none, or more.

    Links that lead out of the folder are not followed.
    """
    if saved_model_file(folder) is not None:
        return None
    graphs = [
        item
        for item in sorted(folder.glob("*.pb"))
        if not leads_out(item, folder) and is_frozen_graph(item)
    ]
    return graphs[0] if len(graphs) == 1 else None


def load_frozen_message(path: Path) -> Any:
    """A SavedModel message with the whole graph of the file. Raises `UnreadableModelError`."""
    with said_as_unreadable(path), mapped(path) as data:
        return _as_saved_model(parse("GraphDef", bytes(data)))


def _as_saved_model(graph: Any) -> Any:
    message: Any = message_class("SavedModel")(saved_model_schema_version=1)
    meta_graph = message.meta_graphs.add()
    meta_graph.graph_def.CopyFrom(graph)
    meta_graph.meta_info_def.tags.append(SERVE_TAG)
    return message


def read_frozen_text(path: Path) -> SavedModel:
    """Describe a GraphDef in text form (`.pbtxt`). Raises `UnreadableModelError`."""
    graph = parse_text("GraphDef", read_bytes(path, LARGEST_MESSAGE), path)
    if not graph.node:
        raise UnreadableModelError(f"{path} is a text file without a graph.", code="CON212")
    return _described(path, _as_saved_model(graph))


def read_frozen_graph(path: Path) -> SavedModel:
    """Describe a frozen graph as a SavedModel without variables; large constants stay on disk."""
    with mapped(path) as data:
        graph = parse("GraphDef", without_large_constants(data, "GraphDef"))
    return _described(path, _as_saved_model(graph))


def _described(path: Path, message: Any) -> SavedModel:
    return SavedModel(
        path=path,
        encoding="graph",
        schema_version=1,
        meta_graphs=(read_meta_graph(message.meta_graphs[0]),),
        variables=None,
        files=((path.name, path.stat().st_size),),
    )
