"""Which functions of the object graph somebody can call, and which of them is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sigfix.describing.effects import RANDOM, conduct
from sigfix.describing.running import of_functions
from sigfix.describing.training import function_marks, is_doubtful, name_words
from sigfix.model import (
    CompositeSpec,
    Function,
    MetaGraph,
    ObjectGraph,
    TensorSpec,
    Value,
    leaves,
)

KERAS_BOOKKEEPING = {
    "call_and_return_all_conditional_losses": "Keras' own, returns losses too",
    "call_and_return_conditional_losses": "Keras' own, returns losses too",
    "_default_save_signature": "Keras' own copy of the call",
    "_update_step_xla": "Keras' own, a training step",
    "regularization_losses": "Keras' own, returns losses",
}
RESOURCE_METHODS = frozenset({"_create_resource", "_initialize", "_destroy_resource"})
USUAL_NAMES = ("__call__", "serve", "predict", "call", "forward", "infer", "inference", "step")
_PREDICTING = frozenset({
    "predict", "predictions", "prediction", "classify", "segment", "detect", "embed", "encode",
    "transcribe", "recognise", "recognize", "infer", "inference", "forward", "score",
})  # fmt: skip
"""Words in the name of what a model is for."""
_HELPING = frozenset({
    "preprocess", "postprocess", "pre", "post", "norm", "normalize", "normalise", "denormalize",
    "denormalise", "augment", "augmentation", "cost", "loss", "losses", "reset", "preprocessing",
    "postprocessing",
})  # fmt: skip
"""Words in the name of what is done before or after it, or beside it."""
_HOUSEKEEPING = frozenset({
    "initial", "init", "initialize", "initialise", "reset", "save", "restore", "checkpoint",
})  # fmt: skip
"""Words in the name of what is called before, between or after calls of the model."""


def last_name(function: Function) -> str:
    """The function's own name, without the objects that it lies in."""
    return function.path.rpartition(".")[2]


def is_internal(function: Function) -> bool:
    """Whether a function is Keras's or a resource's machinery, not the model's interface."""
    name = last_name(function)
    return (
        name in KERAS_BOOKKEEPING
        or name in RESOURCE_METHODS
        or "keras_api" in function.path.split(".")
    )


def callable_functions(objects: ObjectGraph) -> list[Function]:
    """The functions somebody can call: traced ones, without their traces and resource methods."""
    paths = {function.path for function in objects.functions if not function.is_bare}
    return [
        function
        for function in objects.functions
        if function.traces
        and last_name(function) not in RESOURCE_METHODS
        and function.path.rpartition(".")[0] not in paths
        and not function.path.startswith(("signatures.", "keras_api."))
    ]


def offered(functions: list[Function]) -> list[Function]:
    """Callable functions without Keras's and a resource's machinery, where there are others.

    Where the root has none of its own, Keras 3's copy of the whole model's call goes before what
    its layers have.
    """
    own = [item for item in functions if not is_internal(item)]
    whole = [item for item in functions if item.path == "_default_save_signature"]
    if whole and all("." in item.path for item in own):
        return whole
    return own or functions


WITHOUT_TRACES = "Keras saved the layers and their weights without their graphs (save_traces=False)"


def saved_without_traces(meta: MetaGraph) -> bool:
    """Whether it is a model of Keras 2 whose layers have no traces at all."""
    objects = meta.objects
    if objects is None or objects.root is None:
        return False
    is_keras = objects.root.identifier.startswith("_tf_keras_")
    return is_keras and not any(function.traces for function in objects.functions)


def way_without_traces(path: str) -> str:
    """What its author can do: Keras alone knows how the layers compute."""
    return (
        f"in Python: tf_keras.models.load_model('{path}').save('whole'), with custom_objects=... "
        "for classes of your own, saves the graphs, too"
    )


def function_behind(meta: MetaGraph, key: str) -> Function | None:
    """The function of the object graph that a signature is a flat call of, where there is one.

    `tf.saved_model.save` makes such a call for each signature, and names what is nested by itself.
    """
    objects = meta.objects
    node = None if objects is None else objects.signature_ids.get(key)
    if objects is None or node is None:
        return None
    library = meta.graph.function_by_name
    names = [name for name in objects.nodes[node].concrete_functions if name in library]
    called = {called for name in names for item in library[name].nodes for called in item.functions}
    found = [
        item
        for item in callable_functions(objects)
        if not item.is_bare and any(trace.name in called for trace in item.traces)
    ]
    return found[0] if len(found) == 1 and len(found[0].traces) == 1 else None


@dataclass(frozen=True)
class Competing:
    """The functions that could be the signature, the likeliest first, and those left out, why."""

    functions: tuple[Function, ...]
    training: Mapping[str, tuple[str, ...]]


def competing(meta: MetaGraph, functions: list[Function]) -> Competing:
    """Which of callable functions could be the model's signature.

    Functions of the root compete with each other; those of submodules are parts of the whole
    and only count where the root has none. Keras' bookkeeping, functions without a tensor
    argument (`vocab_size`) and those that return none (`warm_up`) count where nothing else does;
    training and evaluation never, unless it is their name alone that tells of it: those are in
    `training` too.
    """
    functions = offered(functions)
    functions = [item for item in functions if _gives_tensors(item)] or functions
    functions = [item for item in functions if _takes_tensors(item)] or functions
    training: dict[str, tuple[str, ...]] = {}
    for depth in sorted({item.path.count(".") for item in functions}):
        there = [item for item in functions if item.path.count(".") == depth]
        marks = function_marks(meta, there)
        training.update(marks)
        plain = [item for item in there if item.path not in marks]
        left = plain + [
            item for item in there if is_doubtful(last_name(item), marks.get(item.path, ()))
        ]
        if left:
            left.sort(key=lambda item: (item.path in marks, *_likeliness(meta, item)))
            return Competing(tuple(left), training)
    return Competing((), training)


def is_housekeeping(name: str) -> bool:
    """Whether a name tells of a state that is made, reset, stored or restored."""
    return bool(name_words(name) & _HOUSEKEEPING)


def _takes_tensors(function: Function) -> bool:
    return any(_has_tensors(trace.args, trace.kwargs) for trace in function.traces)


def _gives_tensors(function: Function) -> bool:
    return any(_has_tensors(trace.output) for trace in function.traces)


def _has_tensors(*structures: Value) -> bool:
    return any(
        isinstance(leaf, (TensorSpec, CompositeSpec))
        for structure in structures
        for _, leaf in leaves(structure)
    )


def _likeliness(meta: MetaGraph, function: Function) -> tuple[bool, int, bool, int, str]:
    """A sort key: no housekeeping, a usual name, not random, a name of prediction or no helper."""
    name = last_name(function)
    usual = USUAL_NAMES.index(name) if name in USUAL_NAMES else len(USUAL_NAMES)
    library = meta.graph.function_by_name
    traces = [trace.name for trace in function.traces if trace.name in library]
    random = usual == len(USUAL_NAMES) and conduct(of_functions(meta, traces)).kind == RANDOM
    words = name_words(name)
    tells = 0 if words & _PREDICTING else 2 if words & _HELPING else 1
    return is_housekeeping(name), usual, random, tells, function.path
