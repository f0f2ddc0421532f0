"""A frozen GraphDef (`frozen.pb`) as the SavedModel it could be: one MetaGraph, no signature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel
from sigfix.reading.meta_graph import read_meta_graph
from sigfix.reading.protos import message_class, parse, parse_text
from sigfix.reading.sniffing import sniff_protobuf

SERVE_TAG = "serve"


def is_frozen_graph(path: Path) -> bool:
    """Whether a file is a GraphDef."""
    try:
        with path.open("rb") as file:
            return sniff_protobuf(file.read()) == "graph"
    except OSError:
        return False


def load_frozen_message(path: Path) -> Any:
    """A SavedModel message with the graph of the file. Raises `UnreadableModelError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableModelError(f"{path} cannot be read: {error.strerror}.") from error
    message: Any = message_class("SavedModel")(saved_model_schema_version=1)
    meta_graph = message.meta_graphs.add()
    meta_graph.graph_def.CopyFrom(parse("GraphDef", data))
    meta_graph.meta_info_def.tags.append(SERVE_TAG)
    return message


def read_frozen_text(path: Path) -> SavedModel:
    """Describe a GraphDef in text form (`.pbtxt`). Raises `UnreadableModelError`."""
    graph = parse_text("GraphDef", path.read_bytes(), path)
    if not graph.node:
        raise UnreadableModelError(f"{path} is a text file without a graph.", code="CON212")
    message: Any = message_class("SavedModel")(saved_model_schema_version=1)
    meta_graph = message.meta_graphs.add()
    meta_graph.graph_def.CopyFrom(graph)
    meta_graph.meta_info_def.tags.append(SERVE_TAG)
    return _described(path, message)


def read_frozen_graph(path: Path) -> SavedModel:
    """Describe a frozen graph as a SavedModel without variables."""
    return _described(path, load_frozen_message(path))


def _described(path: Path, message: Any) -> SavedModel:
    return SavedModel(
        path=path,
        encoding="graph",
        schema_version=1,
        meta_graphs=(read_meta_graph(message.meta_graphs[0], ()),),
        variables=None,
        files=((path.name, path.stat().st_size),),
    )
