"""From the names and layouts that are compared to those of one callable, and back.

The inputs of a comparison have the names of one side. What the other side takes may be called
otherwise, lie otherwise (channels first), or be what casts and normalisations make of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from sigfix.errors import NotVerifiedError
from sigfix.planning.edits import AddSignature, positions
from sigfix.planning.steps import Activation, Cast, Normalize, Step, Transpose
from sigfix.verifying.arrays import Array, Arrays, numpy_dtype


class Feed(Protocol):
    """Makes a callable's own inputs of those that are compared; it travels to the process."""

    def __call__(self, inputs: Arrays) -> Arrays:
        """The callable's inputs by its own names."""
        ...


@dataclass(frozen=True)
class AsTheyAre:
    """The callable takes the inputs as they are; `without` leaves some out that it lacks."""

    without: tuple[str, ...] = ()

    def __call__(self, inputs: Arrays) -> Arrays:
        """All inputs but those of `without`."""
        return {name: value for name, value in inputs.items() if name not in self.without}


@dataclass(frozen=True)
class Renamed:
    """The callable has other names; `orders` are transposes of the inputs to its layout.

    Both are by the callable's own names: `names` -> the name that is compared.
    """

    names: Mapping[str, str]
    orders: Mapping[str, tuple[int, ...]]

    def __call__(self, inputs: Arrays) -> Arrays:
        """The inputs by the callable's names, transposed where it wants them so."""
        fed = {own: inputs[name] for own, name in self.names.items()}
        turned = {
            own: np.ascontiguousarray(np.asarray(fed[own]).transpose(order))
            for own, order in self.orders.items()
        }
        return fed | turned


@dataclass(frozen=True)
class ThroughSteps:
    """What a planned signature puts before its source: casts, transposes, normalisation.

    `head` is the function that is fed (by flat position, as text), None for the graph (by tensor).
    """

    edit: AddSignature
    head: int | None = None

    def __call__(self, inputs: Arrays) -> Arrays:
        """The source's own inputs, constants of the plan included."""
        fed = list(self._targets(inputs))
        if self.head is None:
            return dict(fed)
        return {
            str(position): value
            for target, value in fed
            for number, position in positions(target)
            if number == self.head
        }

    def _targets(self, inputs: Arrays) -> Any:
        for item in self.edit.inputs:
            value = np.asarray(inputs[item.name])
            for step in item.steps:
                value = stepped(value, step)
            yield item.target, value
        for bound in self.edit.bound:
            constant = bound.value.encode() if isinstance(bound.value, str) else bound.value
            shape = tuple(size or 1 for size in bound.shape or ())
            yield bound.target, np.full(shape, constant, numpy_dtype(bound.dtype))


@dataclass(frozen=True)
class BehindParsers:
    """What a signature is fed whose parser of tf.Examples is cut off: what stood in front made it.

    `graph` is that part as a GraphDef, run by TensorFlow with its tensors `feeds` (by compared
    name); `fetches` are the tensors for the signature's inputs, `kept` the inputs that it shares
    with the source, by its own name.
    """

    graph: bytes
    feeds: Mapping[str, str]
    fetches: Mapping[str, str]
    kept: Mapping[str, str]

    def __call__(self, inputs: Arrays) -> Arrays:
        """The signature's own inputs."""
        import tensorflow as tf  # in the process that runs the signature, which has it

        definition = tf.compat.v1.GraphDef.FromString(self.graph)
        with tf.Graph().as_default() as graph, tf.compat.v1.Session(graph=graph) as session:
            tf.import_graph_def(definition, name="")
            known = {node.name for node in definition.node}
            fed = {
                tensor: inputs[name]
                for name, tensor in self.feeds.items()
                if tensor.partition(":")[0] in known
            }
            found = session.run(dict(self.fetches), fed)
        return {**found, **{own: inputs[name] for own, name in self.kept.items()}}


def expected_outputs(edit: AddSignature, outputs: Mapping[Any, Any]) -> Arrays:
    """What a planned signature should return, from what its source returned.

    `outputs` are by graph tensor, or by (head, flat position) where the source are functions.
    Raises `NotVerifiedError` where one is not among them.
    """
    expected = {}
    for item in edit.outputs:
        place = positions(item.source)[0] if edit.heads else item.source
        if place not in outputs:
            raise NotVerifiedError(f"The source did not answer what {item.name} is made of.")
        value = outputs[place]
        for step in item.steps:
            value = stepped(np.asarray(value), step)
        expected[item.name] = value
    return expected


def stepped(value: Array, step: Step) -> Array:
    """One step of a plan, computed in NumPy: the graph's own operators are what is checked."""
    if isinstance(step, Cast):
        return np.asarray(value.astype(numpy_dtype(step.dtype)))
    if isinstance(step, Transpose):
        return np.transpose(value, step.permutation)
    if isinstance(step, Normalize):
        mean, std = (np.asarray(item, value.dtype) for item in (step.mean, step.std))
        scaled = (value * np.asarray(step.scale, value.dtype) - mean) / std
        return np.asarray(scaled.astype(value.dtype))
    assert isinstance(step, Activation)
    if step.kind == "argmax":
        return np.asarray(np.argmax(value, -1))
    if step.kind == "sigmoid":
        return np.asarray((1 / (1 + np.exp(-value.astype("float64")))).astype(value.dtype))
    shifted = np.exp(value.astype("float64") - value.max(-1, keepdims=True))
    return np.asarray((shifted / shifted.sum(-1, keepdims=True)).astype(value.dtype))
