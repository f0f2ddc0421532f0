"""Models to plan on, built without TensorFlow, and what their plans are asked for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sigfix.planning import Choices, Plan, plan
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.commands import choices_of
from sigfix.planning.edits import AddSignature
from sigfix.reading import read
from tests.models import Call, Dtype, Model, Tensor, flat_tensors

T = TypeVar("T")
FLOAT = Dtype("float32")
X = ("x", "float32", (None, 3))
"""A TensorSpec of the argument that a function has unless told otherwise."""


@dataclass(frozen=True)
class Traced:
    """A function of the object graph: its arguments, and those of each of its traces."""

    traces: Sequence[Sequence[Any]] = ((X,),)
    arguments: Sequence[str] = ("x",)
    defaults: Sequence[Any] = ()
    output: Any = ("y", "float32", (None, 3))


def of_functions(functions: Mapping[str, Traced]) -> Model:
    """A TF2 model with these functions at their paths (`encoder.embed`), and no signature.

    The traces of `encoder.embed` are called `encoder_embed_0` and so on.
    """
    model = Model(empty=True)
    model.object_node("user_object").user_object.identifier = "_generic_user_object"
    for path, function in functions.items():
        *owners, name = path.split(".")
        holder = model.meta.object_graph_def.nodes[0]
        for owner in owners:
            holder = child_of(model, holder, owner)
        node = model.function_object(function.arguments, function.defaults)
        holder.children.add(local_name=name, node_id=last_id(model))
        for number, args in enumerate(function.traces):
            trace = f"{path.replace('.', '_')}_{number}"
            node.function.concrete_functions.append(trace)
            model.trace(trace, args, output=function.output)
    return model


def child_of(model: Model, holder: Any, name: str) -> Any:
    """The child object of that name, made where there is none."""
    known = {child.local_name: child.node_id for child in holder.children}
    if name in known:
        return model.meta.object_graph_def.nodes[known[name]]
    made = model.object_node("user_object")
    holder.children.add(local_name=name, node_id=last_id(model))
    return made


def last_id(model: Model) -> int:
    """The id of the object that was added last."""
    return len(model.meta.object_graph_def.nodes) - 1


def sign(
    model: Model,
    key: str,
    inputs: Mapping[str, Tensor],
    outputs: Mapping[str, Tensor],
    *,
    attached: bool = True,
) -> Any:
    """Add a signature as TF2 saves it: a function of keywords, and a call of it in the graph.

    Inputs and outputs are TensorSpecs by name. Unless `attached`, the object graph has no word of
    it, as where somebody edited the signature map alone.
    """
    trace = f"signature_{key}"
    model.trace(trace, (), inputs, output=dict(outputs))
    names = [f"{key}_{name}" for name in sorted(inputs)]
    for name, (_, dtype, shape) in zip(names, flat_tensors(dict(inputs)), strict=True):
        model.node(name, "Placeholder", dtype=Dtype(dtype), shape=shape)
    model.node(
        f"call_{key}", "StatefulPartitionedCall", names, f=Call(trace),
        Tout=[Dtype(dtype) for _, dtype, _ in flat_tensors(dict(outputs))],
    )  # fmt: skip
    if attached:
        holder = child_of(model, model.meta.object_graph_def.nodes[0], "signatures")
        bare = model.object_node("bare_concrete_function").bare_concrete_function
        bare.concrete_function_name = trace
        bare.argument_keywords.extend(sorted(inputs))
        holder.children.add(local_name=key, node_id=last_id(model))
    return model.signature(
        key,
        {name: (f"{key}_{name}:0", *inputs[name][1:]) for name in inputs},
        {
            name: (f"call_{key}:{index}", *outputs[name][1:])
            for index, name in enumerate(sorted(outputs))
        },
    )


def planned(model: Model, folder: Path, **choices: Any) -> Plan:
    """The plan for a model, which its own JSON gives back."""
    found = plan(read(model.write(folder / "m")), Choices(**choices))
    assert read_plan(write_plan(found), "plan") == found
    return found


def added(model: Model, folder: Path, **choices: Any) -> AddSignature:
    """The one edit of a plan, which builds a signature."""
    found = planned(model, folder, **choices)
    assert found.verdict == "repairable", found.reason
    (edit,) = found.edits
    assert isinstance(edit, AddSignature)
    return edit


def refused(model: Model, folder: Path, **choices: Any) -> tuple[str, str]:
    """Why a plan is blocked, and its hint; it edits nothing."""
    found = planned(model, folder, **choices)
    assert (found.verdict, found.edits, found.candidates) == ("blocked", (), ())
    return found.reason, found.hint


def asked(model: Model, folder: Path, **choices: Any) -> tuple[str, list[str], str]:
    """What a plan leaves to the user: why, the ways to choose, and the hint; it edits nothing.

    Where nothing was chosen before, no way leads back to the same question.
    """
    found = planned(model, folder, **choices)
    assert (found.verdict, found.edits) == ("ambiguous", ())
    ways = [item.choose for item in found.candidates]
    for way in [] if choices else ways:
        then = plan(read(folder / "m"), choices_of(shlex.split(way)))
        assert way not in [item.choose for item in then.candidates], "asked again"
    return found.reason, ways, found.hint


def edit_of(found: Plan, kind: type[T]) -> T:
    """The one edit of that kind."""
    (edit,) = (edit for edit in found.edits if isinstance(edit, kind))
    return edit
