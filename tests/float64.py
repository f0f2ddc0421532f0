"""An ONNX file computed in float64, by ONNX's own reference: what rounding errors are told from.

The reference is NumPy and has no kernel in common with what is compared with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.verifying.arrays import Array, Arrays
from tests.bench.unchecked import build_unchecked
from tests.made_up import channels_first, preset_images
from tests.matrix.results import CACHE, folder_of
from tests.matrix.stages import options_of, turned
from tests.plain_runs import run_onnx

GATES = 4


@dataclass(frozen=True)
class Reference:
    """Images [batch, height, width, 3], and what a preset's ONNX file makes of them.

    `exact` is float64, channels last as a TensorFlow.js model has them; `noise` how far ONNX
    Runtime's float32 is from it, in parts of the range.
    """

    images: Array
    exact: Array
    noise: float


def exact_of(name: str, cache: Path = CACHE, batch: int = 1) -> Reference:
    """The reference of a preset, kept beside its ONNX file, which is built where it is absent."""
    folder = folder_of(name, cache)
    preset = options_of(name).preset(name)
    onnx_file, _ = build_unchecked(name, folder)
    file = folder / f"exact{batch}.npz"
    if not file.is_file() or file.stat().st_mtime < onnx_file.stat().st_mtime:
        images = preset_images(preset, batch)
        given = {_input_of(onnx_file): channels_first(images)}
        exact = in_float64(onnx_file, given)[preset.output]
        rounded = run_onnx(onnx_file, [given])[0][preset.output]
        if preset.is_detector:
            exact, rounded = turned(exact), turned(rounded)
        np.savez(file, images=images, exact=exact, rounded=rounded)
    with np.load(file) as kept:
        return Reference(kept["images"], kept["exact"], apart(kept["rounded"], kept["exact"]))


def _input_of(onnx_file: Path) -> str:
    import onnx

    return str(onnx.load(str(onnx_file), load_external_data=False).graph.input[0].name)


def in_float64(file: Path, inputs: Arrays) -> Arrays:
    """The outputs of an ONNX file for float inputs, by name, every sum in float64.

    Its float32 constants are taken as they are. Raises what the reference does where it lacks an
    operator.
    """
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(str(file))
    for graph in _graphs(model.graph):
        for tensor in graph.initializer:
            _widen(tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    _widen(attribute.t)
                is_type = node.op_type == "Cast" and attribute.name == "to"
                if is_type and attribute.i == onnx.TensorProto.FLOAT:
                    attribute.i = onnx.TensorProto.DOUBLE
        for value in (*graph.input, *graph.output, *graph.value_info):
            kind = value.type.tensor_type
            if kind.elem_type == onnx.TensorProto.FLOAT:
                kind.elem_type = onnx.TensorProto.DOUBLE
    evaluator = ReferenceEvaluator(model, new_ops=[_lstm()])
    wide = {name: array.astype(np.float64) for name, array in inputs.items()}
    found = evaluator.run(None, wide)
    outputs = dict(zip(evaluator.output_names, found, strict=True))
    narrow = [name for name, array in outputs.items() if array.dtype == np.float32]
    assert not narrow, f"the reference computed {narrow} in float32"
    return outputs


def _lstm() -> Any:
    """LSTM of one direction or two, without peepholes and with zero states to begin with.

    The reference has those of one direction alone.
    """
    from onnx.reference.op_run import OpRun

    class LSTM(OpRun):
        op_domain = ""

        def _run(self, x: Array, w: Array, r: Array, b: Array, *more: Any, **_: Any) -> Any:
            assert all(each is None or not np.any(each) for each in more[1:]), "states are not zero"
            hidden = r.shape[-1]
            states = np.zeros((len(x), len(w), x.shape[1], hidden), x.dtype)
            for direction in range(len(w)):
                h = c = np.zeros((x.shape[1], hidden), x.dtype)
                bias = b[direction][: GATES * hidden] + b[direction][GATES * hidden :]
                steps = range(len(x))
                for t in reversed(steps) if direction else steps:
                    gates = x[t] @ w[direction].T + h @ r[direction].T + bias
                    i, o, f, z = np.split(gates, GATES, axis=1)
                    c = c / (1 + np.exp(-f)) + np.tanh(z) / (1 + np.exp(-i))
                    h = np.tanh(c) / (1 + np.exp(-o))
                    states[t, direction] = h
            return states, h[None], c[None]

    return LSTM


def _graphs(graph: object) -> Iterator[object]:
    """A graph and those in its nodes."""
    yield graph
    for node in graph.node:  # type: ignore[attr-defined]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g)


def _widen(tensor: object) -> None:
    """float32 -> float64, in place."""
    from onnx import TensorProto, numpy_helper

    if tensor.data_type == TensorProto.FLOAT:  # type: ignore[attr-defined]
        wide = numpy_helper.to_array(tensor).astype(np.float64)  # type: ignore[arg-type]
        tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))  # type: ignore[attr-defined]


def apart(values: Array, exact: Array) -> float:
    """The largest difference of any element, in parts of the exact values' range."""
    return float(np.abs(values.astype(np.float64) - exact).max() / (np.ptp(exact) or 1.0))
