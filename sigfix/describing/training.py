"""What belongs to training or evaluation, with the evidence: names, labels, losses, optimisers."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sigfix.describing.running import Run, of_functions, of_signature
from sigfix.describing.training_graph import (
    LOSS_OPERATORS,
    NO_SIDES,
    Sides,
    is_gradient,
    is_optimiser,
    readers_of,
    training_sides,
)
from sigfix.model import Function, MetaGraph, Shape, Signature, Trace, leaves, node_of, tensors

LABEL_NAMES = frozenset({
    "label", "labels", "target", "targets", "y_true", "ground_truth", "groundtruth", "gt",
})  # fmt: skip
_STEPS = frozenset({
    "train", "training", "trainer", "fit", "eval", "evaluate", "evaluation", "validate",
    "validation", "learn", "backward", "backprop", "optimizer", "optimiser", "optimize",
    "optimise",
})  # fmt: skip
"""Words in the name of what trains or evaluates a model."""
_LOSSES = frozenset({"loss", "losses", "gradient", "gradients", "grad", "grads"})
_METRICS = frozenset({
    "cost", "accuracy", "acc", "auc", "precision", "recall", "f1", "metric", "metrics", "mse",
    "mae", "rmse", "nll", "perplexity",
})  # fmt: skip
"""Words in the name of an output that is a metric where it is a scalar."""
_PLAIN = frozenset({
    "and", "apply", "batch", "calc", "calculate", "compute", "do", "fn", "func", "function", "get",
    "local", "model", "on", "one", "op", "run", "single", "step", "test", "total", "update",
    "value", "values", "with",
})  # fmt: skip
"""Words in names that say nothing of what a function is for."""
_ASSIGNING = frozenset({
    "Assign", "AssignAdd", "AssignSub", "AssignVariableOp", "AssignAddVariableOp",
    "AssignSubVariableOp",
})  # fmt: skip
_TRAINING_METHOD = re.compile(r"/(train|eval)$|/supervised/")
_BY_NAME = ", which is no scalar"
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def name_words(name: str) -> frozenset[str]:
    """The words in a name, in lower case: `trainStep_2` is train, step, 2."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def names_step(name: str) -> bool:
    """Whether a signature's or function's name tells of training, evaluation, or what they make.

    Keras's `call_and_return_conditional_losses` returns the model's results beside the losses.
    """
    words = name_words(name)
    if "conditional" in words:
        return False
    telling = (_STEPS | _LOSSES | {"metrics"}) - {"gradient"}  # `gradient_boosting` is a model
    return bool(words & telling) or {"test", "step"} <= words


def is_doubtful(name: str, marks: Iterable[str]) -> bool:
    """Whether nothing but a name tells of training, and of something else too: `train_delay`.

    No label, scalar loss, optimiser or gradient speaks for it, so it proves nothing.
    """
    told = list(marks)
    words = {word for word in name_words(name) if not word.isdecimal()}
    named = any(mark.startswith("its name ") for mark in told)
    alone = all(mark.startswith("its name ") or mark.endswith(_BY_NAME) for mark in told)
    return named and alone and bool(words - _STEPS - _LOSSES - _METRICS - _PLAIN)


def names_label(name: str) -> bool:
    """Whether an input's name is that of a label: `labels`, `class_labels`."""
    lowered = name.lower()
    return lowered in LABEL_NAMES or lowered.endswith(tuple(f"_{item}" for item in LABEL_NAMES))


def names_loss(name: str, shape: Shape) -> bool:
    """Whether an output is a loss, its gradients or a metric by its name, which is a scalar."""
    words = name_words(name)
    if {"train", "op"} <= words or (words <= _LOSSES | {"total", "train"} and words & _LOSSES):
        return True
    return not shape and bool(words & (_LOSSES | _METRICS))


def signature_marks(meta: MetaGraph, signatures: Iterable[Signature]) -> dict[str, tuple[str, ...]]:
    """Key -> what makes the signature one for training or evaluation; the others are left out."""
    sides = training_sides(meta, readers_of(meta)) if meta.objects is None else NO_SIDES
    by_runs = _can_train(meta)
    found = {}
    for signature in signatures:
        marks = [*_said(signature), *_shown(signature, sides)]
        if by_runs:
            shapes = [item.spec.shape for item in signature.outputs if item.encoding == "dense"]
            marks += run_marks(of_signature(meta, signature.key), shapes)
        if marks:
            found[signature.key] = tuple(dict.fromkeys(marks))
    return found


def _said(signature: Signature) -> list[str]:
    """What its names tell."""
    named = names_step(signature.key)
    marks = [f"input {item.key}" for item in signature.inputs if names_label(item.key)]
    marks += [
        f"output {item.key}{_BY_NAME if named and item.spec.shape else ''}"
        for item in signature.outputs
        if names_loss(item.key, item.spec.shape)
    ]
    if _TRAINING_METHOD.search(signature.method_name):
        marks.append(f"method name {signature.method_name}")
    if named:
        marks.append(f"its name {signature.key}")
    return marks


def _shown(signature: Signature, sides: Sides) -> list[str]:
    """Its inputs that are labels, and its outputs that are losses or metrics, by the graph."""
    return [
        f"{what} {item.key}"
        for what, items, nodes in (
            ("input", signature.inputs, sides.labels),
            ("output", signature.outputs, sides.nodes),
        )
        for item in items
        if any(node_of(name) in nodes for name in item.tensor_names)
    ]


def _can_train(meta: MetaGraph) -> bool:
    """Whether the MetaGraph holds anything that `run_marks` tells of."""
    return any(
        node.op in LOSS_OPERATORS
        or is_optimiser(node.op)
        or is_gradient(node.name)
        or "__backward_" in function
        for function, node in meta.graph.all_nodes()
    )


def holds_training(meta: MetaGraph) -> bool:
    """Whether a TF1 graph holds a training step, a loss's operator or labels and what reads them.

    Placeholders with a default are no labels here: savers have such ones.
    """
    nodes = [node for _, node in meta.graph.all_nodes()]
    if any(is_optimiser(node.op) or node.op in LOSS_OPERATORS for node in nodes):
        return True
    labels = training_sides(meta, readers_of(meta)).labels
    return any(meta.graph.by_name[name].op != "PlaceholderWithDefault" for name in labels)


def function_marks(meta: MetaGraph, functions: Iterable[Function]) -> dict[str, tuple[str, ...]]:
    """Path -> what makes the function one for training or evaluation; the others are left out.

    What not every trace does is no mark.
    """
    library, by_runs = meta.graph.function_by_name, _can_train(meta)
    found = {}
    for function in functions:
        *owners, name = function.path.split(".")
        marks = [f"its name {name}"] if names_step(name) else []
        if owners and name_words(owners[-1]) & (_LOSSES | _METRICS | {"optimizer"}):
            marks.append(f"it is of {owners[-1]}")
        marks += [f"argument {item}" for item in function.argument_names if names_label(item)]
        traces = [trace for trace in function.traces if trace.name in library]
        each = [_trace_marks(meta, trace, by_runs, names_step(name)) for trace in traces]
        marks += sorted(each, key=len)[0] if each else []
        if marks:
            found[function.path] = tuple(dict.fromkeys(marks))
    return found


def _trace_marks(meta: MetaGraph, trace: Trace, by_runs: bool, named: bool) -> list[str]:
    marks = [
        f"result {path[-1]}{_BY_NAME if named and getattr(leaf, 'shape', None) else ''}"
        for path, leaf in leaves(trace.output)
        if path and names_loss(str(path[-1]), getattr(leaf, "shape", None))
    ]
    if not by_runs:
        return marks
    results = [spec.shape for spec in tensors(trace.output)]
    return marks + run_marks(of_functions(meta, [trace.name]), results)


def run_marks(run: Run, results: Iterable[Shape]) -> list[str]:
    """What a run does that only training or evaluation does; `results` are its results' shapes.

    Gradients alone are no mark: models can be made of them (forces, saliency maps).
    """
    operators = {node.op for _, node in run.nodes}
    marks = [f"runs {name}" for name in sorted(operators) if is_optimiser(name)]
    if operators & _ASSIGNING and any(
        is_gradient(node.name) or "__backward_" in function for function, node in run.nodes
    ):
        marks.append("computes gradients and assigns variables")
    if any(shape == () for shape in results):
        marks += [f"returns a scalar of {name}" for name in sorted(operators & LOSS_OPERATORS)]
    return marks
