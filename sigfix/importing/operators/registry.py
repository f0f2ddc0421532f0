"""Which function expresses which ONNX operator, at which versions of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.errors import ConversionError, first_line
from sigfix.importing.preflight_sizes import CONSTANTS, size_reason
from sigfix.importing.refusal_reasons import computed
from sigfix.importing.static_values import as_array


class DynamicSizeError(ConversionError):
    """A size has to be known that is dynamic; `onnx_to_graph` says which option fixes it."""


@dataclass(frozen=True)
class Node:
    """One ONNX node: its attributes, the operator's since-version, and how it is named.

    `inner(graph, inputs)` emits a graph that is one of its attributes, whose nodes read what is
    around the node too, and returns that graph's outputs.
    """

    operator: str
    since_version: int
    name: str
    attributes: dict[str, Any]
    output_count: int
    inner: Callable[[Any, Sequence[Any]], list[Any]] | None = None

    def text(self, attribute: str, default: str) -> str:
        """A string attribute (ONNX stores bytes)."""
        value = self.attributes.get(attribute, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def by_axis(self, attribute: str, axes: int, default: int = 1) -> list[int]:
        """A number for each axis of a window, such as `strides`; exporters may leave them out."""
        return list(self.attributes.get(attribute) or [default] * axes)

    def refuse(self, reason: str, hint: str | None = None) -> ConversionError:
        """The error for a form of the operator that is not supported."""
        where = f" (node {self.name})" if self.name else ""
        return ConversionError(f"ONNX {self.operator}{where}: {reason}.", hint)

    def fault(self, error: Exception) -> ConversionError:
        """The error for what TensorFlow, or an operator's own code, raised on this node."""
        return self.refuse(f"TensorFlow does not express it ({first_line(error)})")

    def refuse_dynamic(self, reason: str) -> ConversionError:
        """The error for a size that has to be known, and is dynamic."""
        return DynamicSizeError(self.refuse(reason).message)

    def constant(self, tensor: Any, what: str) -> np.ndarray[Any, Any]:
        """The value of an input that must not depend on the model's inputs."""
        value = as_array(tensor)
        if value is None:
            raise self.refuse(computed(what))
        return value

    def fixed(self, tensor: Any, place: int) -> np.ndarray[Any, Any]:
        """The value of the input at `place`, which the operator never takes but as a constant."""
        return self.constant(tensor, CONSTANTS[self.operator][place])


Operator = Callable[..., Any]

# (operator, since-version) -> function; read by the table of supported operators.
OPERATORS: dict[tuple[str, int], Operator] = {}


def onnx_operator(name: str, *since_versions: int) -> Callable[[Operator], Operator]:
    """Register `function(node, *inputs)` for an operator at the given since-versions.

    Omitted optional inputs arrive as None. The function returns one tensor or a tuple. Any other
    since-version is refused by `preflight.py`.
    """

    def register(function: Operator) -> Operator:
        for version in since_versions:
            OPERATORS[name, version] = function
        return function

    return register


def expressed(node: Node, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """A node's outputs, by the function of its operator.

    Raises `DynamicSizeError` for sizes that `preflight_sizes.py` says are needed, and what the
    function raises.
    """
    shapes = [None if i is None or i.shape.rank is None else list(i.shape) for i in inputs]
    reason = size_reason(node.operator, node.attributes, shapes)
    if reason is not None:
        raise node.refuse_dynamic(reason)
    made = OPERATORS[node.operator, node.since_version](node, *inputs)
    return made if isinstance(made, tuple) else (made,)
