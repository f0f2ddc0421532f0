"""What is not converted to TensorFlow.js, and what to do instead."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sigfix.describing.suppression import WAY_ON
from sigfix.describing.targets import UNREAD, find_target, library_of
from sigfix.errors import ConversionError
from sigfix.exporting.tensorflowjs_parts import operator_lists

_HINTS = {
    "CombinedNonMaxSuppression": WAY_ON,
    "Parse": "the model takes serialised tf.Examples: export it with an input for each feature (an "
    "Estimator: build_raw_serving_input_receiver_fn), or, where the model has a function that "
    "takes the features, sigfix repair MODEL --function NAME",
    "SimpleML": "@tensorflow/tfjs-tfdf runs a TF-DF model in TensorFlow.js; YDF runs it by itself, "
    "in Python and in JavaScript",
    "XlaCallModule": "what it computes is a compiled module (StableHLO): export it again with JAX "
    "0.4, jax2tf.convert(..., native_serialization=False), which newer ones ignore",
}
"""Beginnings of operators -> the way on."""
_OTHERWISE = (
    "leave the part that uses it out of the signature (sigfix repair --output), or compute it in "
    "JavaScript"
)


def unknown_operators(definition: Any) -> set[str]:
    """A GraphDef's operators that are in none of the tensorflowjs package's own lists.

    Of those that are, the ones that only another package registers in TF.js are among them.
    """
    target = find_target("tfjs")
    known = {item["tfOpName"] for item in operator_lists()} - UNREAD
    own = {str(node.op) for node in definition.node}
    inside = {str(n.op) for function in definition.library.function for n in function.node_def}
    return (own | inside) - known | {name for name in own if library_of(name, target)}


def refuse_unknown_operators(definition: Any) -> None:
    """Raise `ConversionError` for operators that TensorFlow.js has not."""
    unknown = unknown_operators(definition)
    if unknown:
        names = sorted(unknown)
        raise ConversionError(
            "TensorFlow.js has no operator for " + ", ".join(names) + ".", hint_for(names)
        )


def refuse_resources(function: Any) -> None:
    """Refuse a function with resources that only another package has in TensorFlow.js."""
    definition = function.graph.as_graph_def()
    library = {item.signature.name for item in definition.library.function}
    nodes = [
        *definition.node, *(node for item in definition.library.function for node in item.node_def)
    ]  # fmt: skip
    refuse_operators({str(node.op) for node in nodes} - library)


def refuse_operators(operators: Collection[str]) -> None:
    """Refuse operators that TensorFlow.js has in another package only."""
    libraries = sorted(name for name in operators if library_of(name, find_target("tfjs")))
    if libraries:
        raise ConversionError(
            f"TensorFlow.js has no operator for {', '.join(libraries)}.", hint_for(libraries)
        )


def hint_for(names: Collection[str]) -> str:
    """What to do about operators that TensorFlow.js has not."""
    return next(
        (hint for start, hint in _HINTS.items() if any(name.startswith(start) for name in names)),
        _OTHERWISE,
    )
