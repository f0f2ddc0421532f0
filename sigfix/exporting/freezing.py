"""One signature of a SavedModel as a frozen graph whose nodes carry the signature's names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.framework import graph_pb2, node_def_pb2
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow.python.framework import convert_to_constants

from sigfix.describing.libraries import how_to_load, with_libraries
from sigfix.describing.scopes import plain_name
from sigfix.errors import ConversionError, UsageError, first_line
from sigfix.exporting.freezing_v1 import frozen_by_v1
from sigfix.exporting.function_states import (
    can_be_threaded,
    converted,
    state_key,
    threaded_states,
    variable_names,
    variables_of,
)
from sigfix.exporting.gradients import forgotten_gradients
from sigfix.exporting.inlining import inline_calls
from sigfix.exporting.refusing import refuse_resources
from sigfix.exporting.state import STATELESS, drop_assignments
from sigfix.exporting.state_threading import State
from sigfix.exporting.tables import captured_tables, fill_tables
from sigfix.memory import release
from sigfix.model import DEFAULT_SERVING_KEY, Shape
from sigfix.optimising.graph.graph import Graph, from_graph_def, node_of, placeholder_of
from sigfix.optimising.graph.setting_aside import is_large
from sigfix.quoting import quote, quote_path

IMPORT_SCOPE = "model"
STATE_IO = "--state io   # what it keeps becomes inputs and outputs"


@dataclass(frozen=True)
class FrozenSignature:
    """A frozen graph; `inputs` and `outputs` map signature keys to node names.

    `states` are variables that are inputs and outputs of it.
    """

    graph: Graph
    inputs: dict[str, str]
    outputs: dict[str, str]
    signature: Any
    unused_inputs: tuple[str, ...]
    states: tuple[State, ...] = ()


def freeze(
    model: Path,
    signature: str,
    tags: Sequence[str] | None = None,
    shapes: Mapping[str, Shape] | None = None,
    states: bool = False,
) -> FrozenSignature:
    """Load a SavedModel (this runs its code) and freeze one signature.

    `shapes` are those that the signature has for its inputs: they say more than the placeholders
    of a graph where somebody has set them. With `states` the variables that the signature reads
    and writes become inputs and outputs of it.

    Raises `UsageError` where it has no such signature, `ConversionError` where TensorFlow cannot
    freeze it.
    """
    with forgotten_gradients():
        definition, inputs, outputs, kept = _frozen(model, signature, tags, states)
    release()
    if states and not kept:
        raise ConversionError(
            "--state io: TensorFlow 2 does not load this model, and TensorFlow 1 keeps its "
            "variables to itself."
        )
    inputs = {key: _narrowed(spec, (shapes or {}).get(key)) for key, spec in inputs.items()}
    return replace(with_signature_names(definition, inputs, outputs), states=kept)


def _narrowed(spec: tf.TensorSpec, shape: Shape) -> tf.TensorSpec:
    """A spec with what a signature's shape says beyond it."""
    try:
        merged = spec.shape.merge_with(tf.TensorShape(shape))
    except ValueError:  # they contradict each other: the graph is what runs
        return spec
    return tf.TensorSpec(merged, spec.dtype, spec.name)


Frozen = tuple[Any, dict[str, tf.TensorSpec], dict[str, str], tuple[State, ...]]


def _frozen(model: Path, signature: str, tags: Sequence[str] | None, states: bool) -> Frozen:
    """The frozen GraphDef, its inputs (called as their nodes), output tensors by key, and states.

    Nothing that is returned keeps the loaded model or TensorFlow's own graph alive.
    """
    try:
        loaded = with_libraries(
            lambda: tf.saved_model.load(str(model), tags=None if tags is None else list(tags))
        )
    except Exception as error:  # TensorFlow raises a different kind for every fault
        try:
            return (*frozen_by_v1(model, signature, tags or ()), ())
        except ConversionError:
            raise
        except Exception:  # what the usual loader says is better known
            raise ConversionError(
                f"TensorFlow cannot load {model}: {first_line(error)}",
                how_to_load(str(error)) or f"sigfix inspect {quote_path(model)}",
            ) from error
    if signature not in loaded.signatures and tags is not None:
        with contextlib.suppress(KeyError):
            return (*frozen_by_v1(model, signature, tags), ())
    if signature not in loaded.signatures:
        known = ", ".join(f"'{k}'" for k in loaded.signatures) or "none"
        raise UsageError(
            f"expected a signature '{signature}' in {model}, found: {known}.",
            f"sigfix convert {quote_path(model)} --tfjs --signature NAME"
            if loaded.signatures
            else f"sigfix repair {quote_path(model)}",
        )
    function = loaded.signatures[signature]
    refuse_resources(function)
    try:
        # What `convert_variables_to_constants_v2` does, but for its last step: it makes a function
        # of the frozen graph, and copies every weight six times for that.
        variables = converted(function, states)
        threaded = threaded_states(variables, function) if states else ()
        definition, _ = convert_to_constants._replace_variables_by_constants(variables)
    except ConversionError:
        raise
    except Exception as error:  # TensorFlow raises several kinds here
        with contextlib.suppress(Exception):
            return (*frozen_by_v1(model, signature, tags or ()), ())
        raise ConversionError(
            f"TensorFlow could not freeze '{signature}': {first_line(error)}"
        ) from error
    outputs = [*(str(tensor.name) for tensor in function.outputs), *(t.result for t in threaded)]
    inline_calls(definition, [node_of(name) for name in outputs])
    try:
        drop_assignments(definition, variable_names(function), outputs, model)
    except ConversionError as error:
        if error.hint == STATELESS and can_be_threaded(function):
            of = "" if signature == DEFAULT_SERVING_KEY else f" --signature {quote(signature)}"
            error.hint = f"sigfix convert {quote_path(model)} --tfjs{of} {STATE_IO}"
        raise
    fill_tables(definition, captured_tables(function), model)
    keys = list(function._arg_keywords)
    inputs = {
        key: tf.TensorSpec(tensor.shape, tensor.dtype, tensor.op.name)
        for key, tensor in zip(keys, function.inputs, strict=False)
    }
    results = zip(sorted(function.structured_outputs), function.outputs, strict=True)
    named = {key: str(tensor.name) for key, tensor in results}
    kept = []
    held = variables_of(function)
    for item in threaded:
        start = held[item.variable].numpy()
        key = state_key(str(held[item.variable].name), {*inputs, *named})
        kept.append(State(key, f"{key}_next", start, item.variable))
        inputs[key] = tf.TensorSpec(start.shape, start.dtype, item.node)
        named[f"{key}_next"] = item.result
    return definition, inputs, named, tuple(kept)


def tfjs_name(key: str, taken: set[str]) -> str:
    """A signature key as a node name that TensorFlow accepts and nobody else has."""
    name = re.sub(r"[^A-Za-z0-9_.\\/-]", "_", key)
    if not re.match(r"[A-Za-z0-9.]", name):
        name = f"x{name}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def tensor_info(tensor: Any) -> Any:
    """A graph tensor as a SignatureDef describes it."""
    return meta_graph_pb2.TensorInfo(
        name=tensor.name,
        dtype=tensor.dtype.as_datatype_enum,
        tensor_shape=tensor.shape.as_proto(),
    )


def _use_default(node: Any) -> None:
    """Make a placeholder with a default, which no input of the signature feeds, that default."""
    node.op = "Identity"
    node.attr["T"].CopyFrom(node.attr["dtype"])
    for name in ("dtype", "shape"):
        node.attr.pop(name, None)


def with_signature_names(
    definition: Any, inputs: dict[str, tf.TensorSpec], outputs: dict[str, str]
) -> FrozenSignature:
    """Import a frozen graph below placeholders and identities with the signature's names.

    `inputs` and `outputs` are by signature key: specs called as their nodes (or as an output
    of theirs, `node:1`), and tensors.
    """
    present = {n.name for n in definition.node}
    aside = {n.name: n for n in definition.node if is_large(n)}
    light = graph_pb2.GraphDef(library=definition.library)
    light.versions.producer = definition.versions.producer
    light.node.extend(placeholder_of(n) if n.name in aside else n for n in definition.node)
    given = {node_of(spec.name) for spec in inputs.values()}
    for node in light.node:
        node.attr.pop("_class", None)  # a place beside another node, even beside a replaced input
        node.ClearField("experimental_debug_info")
        if node.op == "PlaceholderWithDefault" and node.name not in given:
            _use_default(node)
    signature = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/predict")
    taken: set[str] = {IMPORT_SCOPE}
    names: dict[str, dict[str, str]] = {"inputs": {}, "outputs": {}}
    with tf.Graph().as_default() as graph:
        fed = {}
        for key, spec in inputs.items():
            name = names["inputs"][key] = tfjs_name(key, taken)
            placeholder = tf.compat.v1.placeholder(spec.dtype, spec.shape, name=name)
            signature.inputs[key].CopyFrom(tensor_info(placeholder))
            if node_of(spec.name) in present:
                fed[spec.name if ":" in spec.name else f"{spec.name}:0"] = placeholder
        try:
            results = tf.import_graph_def(light, fed, list(outputs.values()), name=IMPORT_SCOPE)
        except Exception as error:  # TensorFlow raises several kinds here
            raise ConversionError(
                f"TensorFlow does not accept the frozen graph: {first_line(error)}",
                "the model's own graph is at fault, or made for another TensorFlow; sigfix inspect "
                "names what is known to be wrong with it",
            ) from error
        for key, tensor in zip(outputs, results, strict=True):
            name = names["outputs"][key] = tfjs_name(key, taken)
            named = tf.identity(tensor, name=name)
            signature.outputs[key].CopyFrom(tensor_info(named))
    frozen = from_graph_def(
        graph.as_graph_def(), tuple(names["inputs"].values()), tuple(names["outputs"].values())
    )
    for name, node in aside.items():
        constant = node_def_pb2.NodeDef()
        constant.CopyFrom(node)
        constant.name = f"{IMPORT_SCOPE}/{name}"
        constant.ClearField("experimental_debug_info")
        frozen.nodes[constant.name] = constant
    frozen.named = {
        name: plain_name(name.removeprefix(f"{IMPORT_SCOPE}/")) for name in frozen.nodes
    }
    used = frozen.reachable()
    unused = tuple(key for key, name in names["inputs"].items() if name not in used)
    frozen.prune()
    return FrozenSignature(frozen, names["inputs"], names["outputs"], signature, unused)
