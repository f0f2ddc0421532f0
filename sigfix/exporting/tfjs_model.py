"""Write an optimised graph as a TensorFlow.js graph model, and read its weights back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.python.framework import tensor_util

from sigfix.errors import ParityError
from sigfix.exporting.compacting import compact, in_order
from sigfix.exporting.element_types import narrow_types
from sigfix.exporting.refusing import refuse_unknown_operators
from sigfix.exporting.tables import take_initializer
from sigfix.exporting.tensorflowjs_parts import part
from sigfix.exporting.weight_files import write_weights
from sigfix.optimising.graph.graph import Graph, node_of, without_value

# Quantising a bias or a scale saves nothing and costs accuracy.
SMALLEST_QUANTISED = 256
KEPT_WIDER = 0.05

_MISSTORED = "nothing was written; this is a fault of sigfix or of tensorflowjs"

Array = np.ndarray[Any, Any]


def quantised_weights(graph: Graph, dtype: str | None) -> dict[str, str]:
    """The constants that are not stored as float32, by name, each with its type.

    These are float32 matrices and kernels. Whole numbers stay as they are: masks, permutations
    and transforms are exact only as they are. Of uint8 the smallest tensors are excepted, which
    every value passes through: depthwise kernels and the first layers, in which uint8 changes the
    map of db_mobilenet_v3_large more than in all of its large kernels. float16 for a twentieth of
    the weights keeps two of three words that would be read differently.
    """
    if dtype is None:
        return {}
    sizes = {}
    for node in graph.nodes.values():
        if node.op != "Const" or node.attr["dtype"].type != 1:  # DT_FLOAT
            continue
        value = graph.constant(node.name)
        if value is None or value.size < SMALLEST_QUANTISED or value.size == max(value.shape):
            continue
        if (value != np.round(value)).any():
            sizes[str(node.name)] = value.size
    chosen = dict.fromkeys(sizes, dtype)
    if dtype == "uint8":
        left = KEPT_WIDER * sum(sizes.values())
        for name in sorted(sizes, key=lambda n: sizes[n]):
            left -= sizes[name]
            if left < 0:
                break
            chosen[name] = "float16"
    return chosen


def dequantised(graph: Graph, types: Mapping[str, str]) -> dict[str, Array]:
    """What TF.js will see of the weights that are stored as `types` says, by node name."""
    weights = {}
    quantization = part("quantization")
    for name, own in types.items():
        stored, scale = quantization.quantize_weights(graph.constant(name), np.dtype(own).type)
        weights[name] = quantization.dequantize_weights(stored, scale, np.float32)
    return weights


def write_model(
    graph: Graph,
    signature: Any,
    destination: Path,
    types: Mapping[str, str] | None = None,
    metadata: dict[str, Any] | None = None,
) -> None:
    """Write `model.json` and weight shards of at most 4 MiB into an existing directory.

    `types` are of the constants that are not stored as they are; see `quantised_weights`.
    """
    definition = graph.graph_def(values=False)
    refuse_unknown_operators(definition)
    initializer = take_initializer(definition)
    nodes = _constants(graph, definition) | _of_functions(definition)
    nodes |= _constants(graph, initializer)
    for each in (definition, initializer):
        narrow_types(each)
    weights = ((n, tensor_util.MakeNdarray(node.attr["value"].tensor)) for n, node in nodes.items())
    topology = compact(MessageToDict(definition))
    tables = {"modelInitializer": compact(MessageToDict(initializer))} if initializer.node else {}
    model = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": f"TensorFlow.js Converter v{part('version').version}",
        "signature": in_order(MessageToDict(signature)),
        **({"userDefinedMetadata": metadata} if metadata else {}),
        "modelTopology": topology,
        **tables,
        "weightsManifest": write_weights(weights, destination, types or {}),
    }
    text = json.dumps(model, separators=(",", ":"), ensure_ascii=False)
    (destination / "model.json").write_text(text, "utf-8")


def _constants(graph: Graph, definition: Any) -> dict[str, Any]:
    """The constants of a part of `graph` by name, with the values that the part leaves out."""
    return {n.name: graph.nodes[n.name] for n in definition.node if n.op == "Const"}


def _of_functions(definition: Any) -> dict[str, Any]:
    """The constants of a GraphDef's functions, taken out of it.

    They are called as their function and themselves from then on: weights have one name each.
    """
    found = {}
    for function in definition.library.function:
        own = {node.name for node in function.node_def if node.op == "Const"}

        def renamed(reference: str, own: set[str] = own, of: str = function.signature.name) -> str:
            if node_of(reference) not in own:
                return reference
            control = "^" if reference.startswith("^") else ""
            return f"{control}{of}/{reference.removeprefix('^')}"

        for node in function.node_def:
            node.input[:] = map(renamed, node.input)
            if node.op == "Const":
                node.name = renamed(node.name)
                found[node.name] = copy.deepcopy(node)
                node.CopyFrom(without_value(node))
        for key, reference in function.ret.items():
            function.ret[key] = renamed(reference)
    return found


def refuse_misstored(graph: Graph, types: Mapping[str, str], stored: Mapping[str, Array]) -> None:
    """Check that quantised weights, read back, are within a step of what `graph` has.

    A step is the range of a tensor divided by the numbers that its type can tell apart, or of a
    float16 half the distance of two neighbours. Raises `ParityError` that names the tensor.
    """
    for name, own in types.items():
        exact, found = graph.constant(name), stored.get(name)
        if exact is None or found is None or found.shape != exact.shape:
            raise ParityError(f"The weights of '{name}' were not stored.", _MISSTORED)
        if own == "float16":
            step = np.maximum(np.abs(exact) * 2.0**-11, 2.0**-24)
        else:
            # Zero is stored exactly, for which the range is moved by up to half a step.
            low, high = min(float(exact.min()), 0.0), max(float(exact.max()), 0.0)
            step = np.full_like(exact, 1.01 * (high - low) / np.iinfo(own).max)
        if not (np.abs(found - exact) <= step).all():
            worst = float(np.abs(found - exact).max())
            raise ParityError(
                f"The weights of '{name}' were stored as {own} with a difference of {worst:.2g}, "
                f"more than the {float(step.max()):.2g} that rounding makes.",
                _MISSTORED,
            )
