"""ONNX's own backend node tests, as far as they are about what sigfix imports.

Counted are the tests of one node, at opset 18 or brought there, whose tensors TensorFlow.js can
hold: float32, integers that fit int32, bool. onnx's tests are written for its newest opset; one
is brought to opset 18 where ONNX's checker accepts it there and ONNX's reference implementation
computes, there, what the test expects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HIGHEST_OPSET = 18
HELD = {"float32", "int32", "int64", "bool"}
Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class NodeCase:
    """A model of one node, with what it is fed and what has to come out, by name."""

    name: str
    operator: str
    model: Any
    sets: tuple[tuple[Arrays, Arrays], ...]
    rtol: float
    atol: float


def cases(operators: set[str]) -> Iterator[NodeCase]:
    """The counted node tests of these operators."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    for test in load_model_tests(kind="node"):
        folder = Path(test.model_dir)
        model = onnx.load(folder / "model.onnx")
        nodes = model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in operators or nodes[0].domain:
            continue
        values = (*model.graph.input, *model.graph.output)
        if not all(v.type.HasField("tensor_type") for v in values):
            continue  # sequences and optionals
        sets = tuple(_read_set(model, p) for p in sorted(folder.glob("test_data_set_*")))
        if not all(is_held(a) for pair in sets for arrays in pair for a in arrays.values()):
            continue
        lowered = at_highest_opset(model, sets, test)
        if lowered is not None:
            yield NodeCase(
                test.name, nodes[0].op_type, lowered, sets, test.rtol, max(test.atol, 1e-6)
            )


def is_held(array: np.ndarray[Any, Any]) -> bool:
    if array.dtype == np.int64 and array.size:
        return bool(abs(array).max() < 2**31)
    return array.dtype.name in HELD


def _read_set(model: Any, place: Path) -> tuple[Arrays, Arrays]:
    import onnx

    read = []
    for kind, values in (("input", model.graph.input), ("output", model.graph.output)):
        files = [place / f"{kind}_{i}.pb" for i in range(len(values))]
        protos = [onnx.TensorProto.FromString(f.read_bytes()) for f in files]
        arrays = [onnx.numpy_helper.to_array(p) for p in protos]
        read.append({v.name: a for v, a in zip(values, arrays, strict=True)})
    return read[0], read[1]


def at_highest_opset(model: Any, sets: Any, test: Any) -> Any | None:
    import onnx
    from onnx.reference import ReferenceEvaluator

    if model.opset_import[0].version <= HIGHEST_OPSET:
        return model
    lowered = onnx.ModelProto.FromString(model.SerializeToString())
    lowered.opset_import[0].version = HIGHEST_OPSET
    try:
        onnx.checker.check_model(lowered, full_check=True)
        reference = ReferenceEvaluator(lowered)
        for inputs, expected in sets:
            found = reference.run(None, inputs)
            for value, wanted in zip(found, expected.values(), strict=True):
                np.testing.assert_allclose(value, wanted, rtol=test.rtol, atol=max(test.atol, 1e-6))
    except Exception:  # the checker and the reference raise many kinds
        return None
    return lowered


# Inputs that are attributes in all but name: sizes, axes, weights. Exported models have them as
# constants, and so has what is tested; the first input never is one.
WEIGHTED = {"BatchNormalization", "Conv", "ConvTranspose", "GRU", "Gemm", "LSTM", "RNN"}
PARAMETERS = {
    "Clip": (1, 2), "Compress": (1,), "CumSum": (1,), "DFT": (1, 2), "Dropout": (1, 2),
    "Expand": (1,), "STFT": (1, 2, 3),
    "OneHot": (1, 2), "Pad": (1, 2, 3), "Reshape": (1,), "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4), "Split": (1,), "Squeeze": (1,), "Tile": (1,), "TopK": (1,),
    "Trilu": (1,), "Unsqueeze": (1,), "Upsample": (1,),
}  # fmt: skip


def constants_of(case: NodeCase) -> set[str]:
    """Names of the inputs that are constants in exported models."""
    names = list(case.model.graph.node[0].input)
    if case.operator in WEIGHTED or case.operator.startswith("Reduce"):
        return set(names[1:])
    return {names[i] for i in PARAMETERS.get(case.operator, ()) if i < len(names)} - {""}


def with_constants(model: Any, constants: Arrays) -> Any:
    """The model with some inputs turned into initializers."""
    import onnx

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    kept = [onnx.ValueInfoProto.FromString(i.SerializeToString()) for i in copy.graph.input]
    del copy.graph.input[:]
    copy.graph.input.extend(i for i in kept if i.name not in constants)
    copy.graph.initializer.extend(
        onnx.numpy_helper.from_array(value, name) for name, value in constants.items()
    )
    return copy
