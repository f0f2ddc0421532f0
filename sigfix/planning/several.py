"""Several new signatures in one run, each with the options that are about it.

An option that names an input or output is for every new signature that has it; one that none of
them has is an error.
"""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.model import Function, MetaGraph
from sigfix.planning import signatures as existing
from sigfix.planning.building import plan_signature
from sigfix.planning.choices import Choices, NewSignature
from sigfix.planning.edits import AddSignature, AliasSignature, Edit
from sigfix.planning.flatten import FlatTensor, flat_inputs, flat_outputs, literal_arguments
from sigfix.planning.functions import find_function, signature_function
from sigfix.planning.graphs import graph_inputs, signature_tensors


def plan_signatures(meta_graph: MetaGraph, choices: Choices, before: list[Edit]) -> list[Edit]:
    """The edits that make the wanted signature, and those of `choices.signatures`."""
    if not choices.signatures:
        return plan_signature(meta_graph, choices, before)
    wanted = list(choices.signatures)
    if choices.function or choices.from_key or choices.outputs:
        own = NewSignature(choices.key, choices.function, choices.from_key, choices.outputs)
        wanted.append(own)
    if choices.preset is not None:
        raise BlockedError("--preset is for one signature.", "repair the others in a second run")
    names = [_names(meta_graph, new, choices, before) for new in wanted]
    _refuse_unknown(choices, set().union(*names))
    edits: list[Edit] = []
    for new, known in zip(wanted, names, strict=True):
        edits += plan_signature(meta_graph, _restricted(choices, new, known), before)
    made = [item.key for item in edits if isinstance(item, (AddSignature, AliasSignature))]
    twice = next((key for key in made if made.count(key) > 1), None)
    if twice is not None:
        raise BlockedError(f"Signature {twice} would be made twice.")
    return edits


def _names(
    meta_graph: MetaGraph, new: NewSignature, choices: Choices, before: list[Edit]
) -> set[str]:
    """Everything that an option may call an input, argument or output of a new signature."""
    if new.function is not None:
        if meta_graph.objects is None:
            return set()  # refused where it is built
        return _names_of(meta_graph, find_function(meta_graph.objects, new.function))
    keys = new.from_key or ((new.key,) if meta_graph.signature(new.key) else ())
    found: set[str] = set()
    for key in keys:
        old = existing.key_before(key, before)
        function = signature_function(meta_graph, old)
        if function is not None:
            found |= _names_of(meta_graph, function)
        else:
            inputs, outputs = signature_tensors(existing.require(meta_graph, old))
            found |= _called([*inputs, *outputs])
    if not keys:
        tensors = [tensor for _, tensor in new.outputs]
        found = _called(graph_inputs(meta_graph, tensors, choices))
    return found | {name for name, _ in new.outputs}


def _names_of(meta_graph: MetaGraph, function: Function) -> set[str]:
    library = meta_graph.graph.function_by_name
    found: set[str] = set()
    for trace in function.traces:
        if trace.name not in library:
            continue
        try:
            found |= _called(flat_inputs(function, trace, library[trace.name]))
            found |= _called(flat_outputs(trace, library[trace.name]))
        except BlockedError:
            continue  # this trace cannot be called, another may
        found |= {item.path for item in literal_arguments(function, trace)}
    return found


def _called(tensors: list[FlatTensor]) -> set[str]:
    found = {tensor.name for tensor in tensors} | {tensor.path for tensor in tensors}
    return found | {tensor.spec.name for tensor in tensors}


def _refuse_unknown(choices: Choices, known: set[str]) -> None:
    new = known | {name for _, name in choices.rename} | {item.name for item in choices.append}
    asked = [("--input", item.target or item.name, known) for item in choices.inputs]
    asked += [("--bind", name, known) for name, _ in choices.bind]
    asked += [("--rename", old, known) for old, _ in choices.rename]
    asked += [("--drop-output", name, new) for name in choices.drop_outputs]
    asked += [("--append", item.output, new) for item in choices.append]
    asked += [("--layout", name, known) for name in choices.layout_of]
    if choices.normalize is not None and choices.normalize.input is not None:
        asked.append(("--normalize", choices.normalize.input, known))
    for option, name, names in asked:
        if name not in names:
            raise BlockedError(
                f"{option}: none of the signatures has {name}.",
                "there are: " + ", ".join(sorted(item for item in known if item)),
            )


def _restricted(choices: Choices, new: NewSignature, known: set[str]) -> Choices:
    """The choices for one of the signatures."""
    rename = tuple(pair for pair in choices.rename if pair[0] in known)
    names = known | {name for _, name in rename}
    append = []
    for item in choices.append:
        if item.output in names:
            append.append(item)
            names = names | {item.name}
    layout_of = tuple(name for name in choices.layout_of if name in known)
    normalize = choices.normalize
    if normalize is not None and normalize.input is not None and normalize.input not in known:
        normalize = None
    return replace(
        choices,
        key=new.key,
        function=new.function,
        from_key=new.from_key,
        outputs=new.outputs,
        signatures=(),
        inputs=tuple(item for item in choices.inputs if (item.target or item.name) in known),
        bind=tuple(pair for pair in choices.bind if pair[0] in known),
        rename=rename,
        drop_outputs=tuple(name for name in choices.drop_outputs if name in names),
        append=tuple(append),
        normalize=normalize,
        layout_of=layout_of,
        layout=None if choices.layout_of and not layout_of else choices.layout,
    )
