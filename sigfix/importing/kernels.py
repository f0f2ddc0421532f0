"""Which TensorFlow operators have a kernel for a processor, at which dtypes.

TensorFlow accepts many dtypes while a graph is built that no kernel of its own computes, and
says so only when the graph runs.
"""

from __future__ import annotations

import functools
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import kernels

NO_KERNEL = frozenset(("Placeholder", "Const", "NoOp"))
"""What needs none: a caller's tensor, a value, nothing."""


@functools.cache
def _constraints(operator: str) -> tuple[dict[str, frozenset[int]], ...]:
    """For each kernel of the operator on a processor: type attribute -> the types it takes."""
    return tuple(
        {c.name: frozenset(c.allowed_values.list.type) for c in kernel.constraint}
        for kernel in kernels.get_registered_kernels_for_op(operator).kernel
        if kernel.device_type in ("CPU", "DEFAULT") and not kernel.label
    )


def missing_kernel(operation: Any) -> str:
    """The operator and the dtypes that no kernel computes, or '' where there is one."""
    if operation.type in NO_KERNEL:
        return ""
    found = {}
    for attribute in operation.op_def.attr:
        if attribute.type == "type":
            found[attribute.name] = operation.get_attr(attribute.name).as_datatype_enum
    for constraint in _constraints(operation.type):
        if all(found.get(name) in types for name, types in constraint.items() if name in found):
            return ""
    shown = ", ".join(tf.dtypes.as_dtype(kind).name for kind in found.values())
    return f"{operation.type} of {shown}" if shown else str(operation.type)
