"""What a Keras configuration would run or open when Keras builds the model: a walk, by allow-list.

Keras builds a model by looking up names: of classes, of functions, of modules, of TensorFlow's
operations. What is not one of Keras' own building blocks is named here, at any depth, whatever
wraps it. Nothing is imported, and no version that the file claims is believed: the rules hold for
Keras 2 and Keras 3 together.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

NAMESPACES = frozenset({
    "", "activations", "constraints", "dtype_policies", "engine", "initializers", "layers",
    "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "quantizers", "random",
    "regularizers",
})  # fmt: skip
"""The parts of Keras whose classes are building blocks; '' is `keras` itself."""

FUNCTIONS = frozenset({
    "activations", "constraints", "initializers", "losses", "metrics", "ops", "regularizers",
})  # fmt: skip
"""The parts of Keras whose functions are building blocks: `keras.models.load_model` is none."""

PYTHON = "Python code"
UNKNOWN = "a class that no Keras has"
"""Keras looks among its own for a class without a module: loading such a file fails."""

RUNNING = {
    "Lambda": PYTHON,
    "__lambda__": PYTHON,
    "TorchModuleWrapper": "a pickled PyTorch module",
    "JaxLayer": PYTHON,
    "FlaxLayer": PYTHON,
    "TFSMLayer": "another SavedModel",
    "TensorFlowOpLayer": "an operator of its own",
}
"""Keras' own classes that run what the file brings along, or name another file."""

VOCABULARIES = frozenset({"vocabulary", "idf_weights"})
"""Configurations of lookup layers; as a text each is the path of a file to read."""

LAMBDA_TYPES = ("function_type", "output_shape_type", "mask_type")
"""How Keras 2 marks a value of a Lambda layer as code (`lambda`) or as a name (`function`)."""

_CLASS = re.compile(r"_?[A-Z]\w*")
_FUNCTION = re.compile(r"[a-z_]\w*")
_SPECIAL = re.compile(r"__[a-z_]+__")

TENSOR_CLASSES = frozenset({"RaggedTensor", "SparseTensor", "Tensor"})
TENSOR_PARTS = frozenset({
    "__operators__", "bitwise", "dtypes", "image", "linalg", "math", "nn", "quantization",
    "ragged", "random", "signal", "sparse", "strings",
})  # fmt: skip
TENSOR_FUNCTIONS = frozenset({
    "abs", "acos", "acosh", "add", "add_n", "argmax", "argmin", "argsort", "asin", "asinh", "atan",
    "atan2", "atanh", "batch_to_space", "bitcast", "boolean_mask", "broadcast_to",
    "broadcast_dynamic_shape", "case", "cast", "clip_by_global_norm", "clip_by_norm",
    "clip_by_value", "complex", "concat", "constant", "convert_to_tensor", "cos", "cosh", "cumsum",
    "divide", "dynamic_partition", "dynamic_stitch", "edit_distance", "einsum", "ensure_shape",
    "equal", "exp", "expand_dims", "extract_volume_patches", "eye", "fill", "fingerprint", "floor",
    "floordiv", "floormod", "gather", "gather_nd", "greater", "greater_equal",
    "histogram_fixed_width",
    "identity", "identity_n", "less", "less_equal", "linspace", "logical_and", "logical_not",
    "logical_or", "matmul", "maximum", "meshgrid", "minimum", "multiply", "negative", "norm",
    "not_equal", "one_hot", "ones", "ones_like", "pad", "pow", "range", "rank", "realdiv",
    "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min",
    "reduce_prod", "reduce_sum", "repeat", "reshape", "reverse", "reverse_sequence", "roll",
    "round", "saturate_cast", "scalar_mul", "scatter_nd", "searchsorted", "sequence_mask", "shape",
    "shape_n", "sigmoid", "sign", "sin", "sinh", "size", "slice", "sort", "space_to_batch",
    "space_to_batch_nd", "split", "sqrt", "square", "squeeze", "stack", "stop_gradient",
    "strided_slice", "subtract", "switch_case", "tan", "tanh", "tensor_scatter_nd_add",
    "tensor_scatter_nd_max", "tensor_scatter_nd_min", "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update", "tensordot", "tile", "timestamp", "transpose", "truediv",
    "truncatediv", "truncatemod", "unique", "unique_with_counts", "unravel_index",
    "unsorted_segment_sum", "unstack", "vectorized_map", "where", "zeros", "zeros_like",
})  # fmt: skip
"""TensorFlow functions that only compute: what a Keras 2 model made of `tf.` calls may name."""


def code_in(config: Any) -> list[str]:
    """Each part of a configuration that is more than Keras' own building blocks, once, in order.

    `Lambda 'outer/inner/lambda' (Python code)`: what it is, the layers that it lies in, and what
    building or running it would do.
    """
    found: list[str] = []
    for what, place, why in _walk(config):
        text = f"{what} '{place}' ({why})" if place else f"{what} ({why})"
        if text not in found:
            found.append(text)
    return found


def _walk(config: Any) -> Iterator[tuple[str, str, str]]:
    """(what, names of the layers around it, why), without recursion: a file may nest deep."""
    pending: list[tuple[Any, tuple[str, ...]]] = [(config, ())]
    while pending:
        value, place = pending.pop()
        if isinstance(value, list):
            pending.extend((item, place) for item in reversed(value))
        elif isinstance(value, dict):
            place = (*place, *_own_name(value))
            what, why = _judge(value)
            if why:
                yield what, "/".join(place), why
            pending.extend((item, place) for item in reversed(value.values()))


def _own_name(item: dict[str, Any]) -> tuple[str, ...]:
    inner = item.get("config")
    name = inner.get("name") if isinstance(inner, dict) and "class_name" in item else None
    return (name,) if isinstance(name, str) else ()


def _judge(item: dict[str, Any]) -> tuple[str, str]:
    """What a dictionary of a configuration is, and what is wrong with it; '' where nothing is."""
    marks = [item[key] for key in LAMBDA_TYPES if key in item]
    if any(mark != "raw" for mark in marks):
        return "a function", PYTHON
    if "class_name" not in item:
        return ("a function", PYTHON) if _is_dumped(item.get("value")) else ("", "")
    name, inner = item["class_name"], item.get("config")
    if not isinstance(name, str):
        return "an object", "not a class of Keras"
    if name in RUNNING:
        return name, RUNNING[name]
    if name in ("function", "builtin_function_or_method"):
        return f"function {inner}", _why_not_function(item, inner)
    if name == "__typespec__":
        return name, "" if _root(item.get("module")) == "tensorflow" else "a class of its own"
    if _SPECIAL.fullmatch(name):
        return "", ""
    if not _is_building_block(item, name):
        return name, "a class that is not Keras' own"
    if "module" not in item and "config" in item and name not in _classes():
        return name, UNKNOWN
    return name, _why_not_class(name, inner if isinstance(inner, dict) else {})


def _is_dumped(value: Any) -> bool:
    """Whether it is a function as Keras dumps one: code, defaults, closure."""
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and all(item is None or isinstance(item, list) for item in value[1:])
    )


def _root(module: Any) -> str:
    return module.partition(".")[0] if isinstance(module, str) else ""


def _part(module: str) -> str | None:
    """The part of Keras that a module belongs to; None where it is not Keras'."""
    parts = module.split(".")
    if parts[0] not in ("keras", "tf_keras"):
        return None
    parts = [part for part in parts[1:] if part not in ("src", "api", "_v2", "_tf_keras", "keras")]
    return parts[0] if parts else ""


def _is_building_block(item: dict[str, Any], name: str) -> bool:
    """Whether a class is Keras' own. Without a module Keras looks among its own classes alone."""
    registered = item.get("registered_name")
    if not _CLASS.fullmatch(name) or (isinstance(registered, str) and ">" in registered):
        return False
    if registered is not None and not isinstance(registered, str):
        return False
    if "module" not in item:
        return True
    module = item["module"]
    if module is None:  # what Keras writes for classes that were registered
        return "registered_name" not in item
    return isinstance(module, str) and _part(module) in NAMESPACES


@cache
def _classes() -> frozenset[str]:
    """The classes of Keras 2 and 3 by name (tests/tools/keras_classes.py)."""
    text = Path(__file__).with_name("keras_classes.txt").read_text(encoding="ascii")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))


def _why_not_function(item: dict[str, Any], name: Any) -> str:
    module = item.get("module")
    known = isinstance(name, str) and _FUNCTION.fullmatch(name) is not None
    if module == "builtins":  # Keras looks among its own functions first, then among Python's
        known = known and not hasattr(builtins, str(name))
    elif module is not None:
        known = known and isinstance(module, str) and _part(module) in FUNCTIONS
    return "" if known else "a function that is not Keras' own"


def _why_not_class(name: str, config: dict[str, Any]) -> str:
    """What one of Keras' own classes would do beyond computing, with this configuration."""
    if any(isinstance(config.get(key), str) for key in VOCABULARIES):
        return "reads a file"
    if name in ("TFOpLambda", "SlicingOpLambda"):
        function = config.get("function")
        if not isinstance(function, str) or not _only_computes(function):
            return f"calls tf.{function}"
    if name == "ClassMethod" and config.get("cls_symbol") not in TENSOR_CLASSES:
        return f"calls tf.{config.get('cls_symbol')}"
    attribute = config.get("attr_name", config.get("method_name", ""))
    if name in ("ClassMethod", "InstanceMethod", "InstanceProperty") and (
        not isinstance(attribute, str) or attribute.startswith("_")
    ):
        return f"calls {attribute}"
    return ""


def _only_computes(function: str) -> bool:
    """Whether `tf.FUNCTION` computes from its arguments and does nothing else."""
    name = function.removeprefix("compat.v1.")
    part, dot, rest = name.partition(".")
    if not dot:
        return name in TENSOR_FUNCTIONS
    if part == "io":
        return rest.startswith(("decode_", "parse_"))
    if name.startswith("keras.backend."):
        return name.count(".") == 2
    return part in TENSOR_PARTS and "." not in rest
