"""`sigfix inspect --graph`: one model as a picture in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.cli.steps import tell
from sigfix.errors import UsageError
from sigfix.packages import require_packages
from sigfix.paths import RemotePath
from sigfix.quoting import quote_path

if TYPE_CHECKING:
    from sigfix.report import Inspection


def drawable(paths: list[Path]) -> Path:
    """The one path. Raises `UsageError` where there are several, `MissingExtraError`."""
    if len(paths) > 1:
        raise UsageError(
            f"--graph draws one model, and there are {len(paths)}.",
            f"sigfix inspect {quote_path(paths[0])} --graph model.svg",
        )
    require_packages("--graph", "pictures", "networkx")
    return paths[0]


def _other(inspection: Inspection, name: str, form: str) -> str | None:
    """The picture of what is no SavedModel. Raises `UsageError` where there is no graph to draw."""
    from sigfix.reading.onnx_nodes import read_onnx_nodes
    from sigfix.rendering.flow_picture import rendered_graph

    other = inspection.other
    if other is not None and other.graph is not None:
        nodes = {node.name for node in other.graph.nodes}
        inputs, outputs = (
            {f"{spec.name}:0": spec for spec in side if spec.name in nodes}
            for side in (other.inputs, other.outputs)
        )
        if len(outputs) < len(other.outputs):  # called otherwise than their nodes
            inputs, outputs = {}, {}
        return rendered_graph(other.graph, name, form, inputs, outputs)
    if other is not None and other.kind == "onnx":
        if isinstance(inspection.path, RemotePath):
            raise UsageError(
                f"--graph reads {name} once more, and it is not here.",
                "copy the file here, and name the copy",
            )
        graph, tensors = read_onnx_nodes(other.path)
        inputs, outputs = (
            {tensors[spec.name]: spec for spec in side if spec.name in tensors}
            for side in (other.inputs, other.outputs)
        )
        return rendered_graph(graph, name, form, inputs, outputs)
    way = f"sigfix repair {quote_path(inspection.path)}   # makes a SavedModel of it; draw that"
    if other is not None and other.kind == "tfjs":
        way = "name the Keras file that it was made from: sigfix repair makes a SavedModel of that"
    raise UsageError(f"--graph draws graphs, and {inspection.path} has layers instead.", way)


def draw(inspection: Inspection, file: Path) -> None:
    """Write the picture. Raises `UsageError` where there is nothing to draw, `OutputError`."""
    from sigfix.pipeline.write_failures import write_text
    from sigfix.rendering.flow_picture import FORMS, rendered_flow

    if file.suffix.lower() not in FORMS:
        raise UsageError(
            f"--graph {file}: expected a name that ends in {' or '.join(FORMS)}.",
            f"--graph {quote_path(file.with_suffix('.svg'))}",
        )
    form, name = file.suffix.lower(), str(inspection.path)
    if inspection.model is not None:
        text = rendered_flow(inspection.model, name, form)
    else:
        text = _other(inspection, name, form)
    if text is None:
        raise UsageError(
            f"--graph finds nothing in {inspection.path} that computes an output.",
            f"sigfix inspect {quote_path(inspection.path)}",
        )
    write_text(file, text)
    tell([f"Wrote {file}"])
