"""ONNX models of one node, run by ONNX Runtime and by sigfix's import."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

# Control flow, and operators whose output's size depends on values.
ASYNCHRONOUS = {
    "If", "StatelessIf", "While", "StatelessWhile", "Switch", "Merge", "Enter", "Exit",
    "LoopCond", "NextIteration", "TensorListReserve", "Where", "NonMaxSuppressionV2",
    "NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5", "ListDiff",
}  # fmt: skip
# What freezing takes out of a graph, or what only an output stands for.
HARMLESS = {"NoOp", "Placeholder", "StopGradient"}


def require_packages() -> None:
    """Skip the calling module where a package is absent."""
    absent = [n for n in ("tensorflow", "onnx", "onnxslim", "onnxruntime") if not find_spec(n)]
    if absent:
        pytest.skip(f"needs {', '.join(absent)}", allow_module_level=True)


@dataclass(frozen=True)
class Fed:
    """An input fed at run time; `lowest` and `highest` bound its values. Axis 0 is dynamic."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    lowest: float = -3.0
    highest: float = 3.0
    dynamic: bool = True

    def values(self, random: np.random.Generator) -> np.ndarray[Any, Any]:
        if self.dtype == "bool":
            return random.random(self.shape) < 0.5
        drawn = random.uniform(self.lowest, self.highest, self.shape)
        return drawn.astype(self.dtype)


@dataclass(frozen=True)
class Case:
    """One node: its inputs are fed, constant (an array) or left out (None)."""

    operator: str
    inputs: tuple[Any, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    opset: int = 17
    outputs: int = 1

    def __str__(self) -> str:
        shown = ",".join(f"{k}={v}" for k, v in self.attributes.items() if not hasattr(v, "dims"))
        shapes = ";".join(
            "-" if i is None else "x".join(map(str, i.shape)) or "scalar" for i in self.inputs
        )
        return f"{self.operator}-{self.opset}-{shapes}-{shown}".replace(" ", "")


def model_of(case: Case) -> Any:
    """The case as a checked onnx.ModelProto with inputs x0, x1... and outputs y0, y1..."""
    import onnx
    from onnx import helper, numpy_helper

    names, initializers, fed = [], [], []
    for index, value in enumerate(case.inputs):
        name = "" if value is None else f"x{index}"
        names.append(name)
        if isinstance(value, np.ndarray):
            initializers.append(numpy_helper.from_array(value, name))
        elif value is not None:
            kind = helper.np_dtype_to_tensor_dtype(np.dtype(value.dtype))
            shape = list(value.shape)
            if value.dynamic and shape:
                shape[0] = "batch"
            fed.append(helper.make_tensor_value_info(name, kind, shape))
    while names and not names[-1]:
        names.pop()
    outputs = [f"y{i}" for i in range(case.outputs)]
    node = helper.make_node(case.operator, names, outputs, name="n", **case.attributes)
    infos = [helper.make_empty_tensor_value_info(o) for o in outputs]
    graph = helper.make_graph([node], "g", fed, infos, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)])
    model.ir_version = 8
    return onnx.shape_inference.infer_shapes(model)


def inputs_of(case: Case, seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    return {f"x{i}": v.values(random) for i, v in enumerate(case.inputs) if isinstance(v, Fed)}


def onnx_runtime_outputs(model: Any, inputs: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    # Its own optimisations change what some operators compute in the last digits.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def traced(model: Any) -> Any:
    """The concrete function of the model: inputs by name in ONNX's layout, outputs by name.

    Through the graph that `repair` and `convert` write: TensorFlow's operators mean other things
    while a `tf.function` is traced (`==` of two tensors, for one).
    """
    import tensorflow as tf
    from tensorflow.python.eager import context

    from sigfix.importing.onnx_to_graph import trace_onnx

    graph = trace_onnx(model)
    for body in graph.graph.library.function:
        # A loop's functions would go from this process with the graph that was traced, whenever
        # Python collects it.
        context.context().add_function_def(body)
    present = {node.name for node in graph.graph.node}

    def serve(**tensors: Any) -> dict[str, Any]:
        fed = {f"{name}:0": tensor for name, tensor in tensors.items() if name in present}
        results = tf.import_graph_def(graph.graph, fed, list(graph.outputs.values()), name="")
        return {o.name: result for o, result in zip(model.graph.output, results, strict=True)}

    return tf.function(serve, autograph=False).get_concrete_function(**graph.inputs)


def refuse_foreign_operators(function: Any) -> None:
    """Fail where a graph has an operator that TensorFlow.js does not run under `execute`."""
    from sigfix.describing.targets import missing_kernels, tfjs_table

    kinds = {o.type for o in function.graph.get_operations()} - HARMLESS
    known = tfjs_table().kernels_of
    foreign = {k for k in kinds if k not in known or k in ASYNCHRONOUS}
    foreign |= {k for k in kinds if missing_kernels(k, "wasm")}
    if foreign:
        raise RuntimeError(f"TensorFlow.js does not run {', '.join(sorted(foreign))}")


def is_own_fault(error: Exception) -> bool:
    """Whether a refusal hides a mistake in an operator's own code."""
    mistakes = (NameError, AttributeError, KeyError, IndexError, AssertionError)
    return isinstance(error.__cause__, mistakes)


def sigfix_outputs(model: Any, inputs: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    import tensorflow as tf

    function = traced(model)
    refuse_foreign_operators(function)
    results = function(**{k: tf.constant(v) for k, v in inputs.items()})
    return {name: value.numpy() for name, value in results.items()}
