"""Inputs whose numbers cannot be made up: scales or sizes of a Resize, lengths of sequences.

ONNX Runtime refuses all but few of them (no scale below 0, batch and channels as they are, as many
lengths as there are sequences, none above their steps), so that a comparison needs somebody's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx

from sigfix.importing.influence import deciding_inputs
from sigfix.importing.onnx_graph import shape_of

LENGTHS = "sequence lengths"
_PLACES: dict[str, dict[int, str]] = {
    "Resize": {1: "scales", 2: "scales", 3: "sizes"},
    "Upsample": {1: "scales"},
    **{operator: {4: LENGTHS} for operator in ("LSTM", "GRU", "RNN")},
}
"""Operator -> such inputs of it; the first Resize has no `roi` in between."""
_FIRST_WITH_ROI = 11
_PASSING = ("Identity", "Cast")
_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE)


@dataclass(frozen=True)
class Unguessed:
    """A node, which of its inputs it is about, and the inputs of the graph that decide that."""

    operator: str
    node: str
    what: str
    names: tuple[str, ...]
    is_whole: bool


def unguessed(path: Path) -> list[Unguessed]:
    """What of the ONNX file at `path` is resized by numbers that nobody can make up."""
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception:  # whoever reads it next says what is wrong with it
        return []
    return list(_unguessed(model))


def _unguessed(model: onnx.ModelProto) -> Iterator[Unguessed]:
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    made = {name: node for node in model.graph.node for name in node.output}
    inputs = {value.name: value for value in model.graph.input}
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            continue
        for place, what in _PLACES.get(node.op_type, {}).items():
            is_roi = node.op_type == "Resize" and place == 1 and opset >= _FIRST_WITH_ROI
            name = node.input[place] if place < len(node.input) else ""
            if not name or is_roi:
                continue
            while name in made and made[name].op_type in _PASSING:
                name = made[name].input[0]
            deciding = deciding_inputs(model, name)
            floats = any(v.type.tensor_type.elem_type in _FLOATS for v in deciding)
            whole = name in inputs and len(shape_of(inputs[name])) == 1
            if deciding and (whole or (what == "scales" and floats)):
                names = tuple(value.name for value in deciding)
                called = node.name or ", ".join(node.output)
                yield Unguessed(node.op_type, called, what, names, whole)
