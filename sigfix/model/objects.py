"""The SavedObjectGraph: what `tf.saved_model.load` builds its Python objects from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sigfix.model.specs import DictValue, Shape, TupleValue, Value

LONGEST_PATH = 4096
"""Characters of an object's path; what is deeper is not followed, for paths of paths add up."""


@dataclass(frozen=True)
class Trace:
    """A concrete function: one set of input specs that a `tf.function` was traced for.

    `args` and `kwargs` are the canonicalised structured input signature, non-tensor values
    included. `bound_inputs` are object graph nodes (variables, tables, constants) appended to
    the function's inputs, in order.
    """

    name: str
    args: TupleValue
    kwargs: DictValue
    output: Value
    bound_inputs: tuple[int, ...] = ()


@dataclass(frozen=True)
class Function:
    """A callable in the object graph: a `tf.function`, or a bare concrete function.

    `path` is the shortest attribute path from the root (`__call__`, `encoder.embed`).
    `argument_names` has no `self`; `defaults` belong to the last of them, `keyword_defaults` to
    arguments of `keyword_only`. A function that was never called has no traces and cannot be run.
    """

    path: str
    node_id: int
    traces: tuple[Trace, ...]
    argument_names: tuple[str, ...] = ()
    defaults: tuple[Value, ...] = ()
    keyword_only: tuple[str, ...] = ()
    keyword_defaults: tuple[tuple[str, Value], ...] = ()
    varargs: str = ""
    varkw: str = ""
    is_bare: bool = False
    positional_count: int = 0
    input_signature: Value | None = None


@dataclass(frozen=True)
class Variable:
    """A variable: from the object graph (`path`, `node_id`), or a TF1 collection (`node_id` -1)."""

    name: str
    dtype: str
    shape: Shape
    trainable: bool = True
    path: str = ""
    node_id: int = -1


@dataclass(frozen=True)
class ObjectNode:
    """A node of the object graph.

    `kind` is the field that is set: user_object, asset, function, variable,
    bare_concrete_function, constant, resource, captured_tensor, or '' for none.
    `identifier` is the user object's registered name or the constant's graph node. `restorers` are
    the functions (by node id) that loading calls to restore what the object saved of itself.
    """

    node_id: int
    kind: str
    children: tuple[tuple[str, int], ...]
    identifier: str = ""
    metadata: str = ""
    asset_index: int = -1
    concrete_functions: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    restorers: tuple[int, ...] = ()


@dataclass(frozen=True)
class ObjectGraph:
    """All nodes by id (0 is the root), the shortest path of each, and the concrete functions."""

    nodes: tuple[ObjectNode, ...]
    paths: Mapping[int, str]
    functions: tuple[Function, ...]
    variables: tuple[Variable, ...]
    traces: Mapping[str, Trace] = field(default_factory=dict)

    @cached_property
    def signature_ids(self) -> Mapping[str, int]:
        """Signature -> the id of its object, as far as the ids are those of objects."""
        holders = [child for name, child in self.root.children if name == "signatures"] if (
            self.root
        ) else []  # fmt: skip
        known = range(len(self.nodes))
        return {
            key: child
            for holder in holders
            if holder in known
            for key, child in self.nodes[holder].children
            if child in known
        }

    @property
    def root(self) -> ObjectNode | None:
        """The root object, where there is one."""
        return self.nodes[0] if self.nodes else None
