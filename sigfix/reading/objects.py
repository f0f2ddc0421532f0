"""SavedObjectGraph -> `model.ObjectGraph`."""

from __future__ import annotations

from collections import deque
from typing import Any

from sigfix.model import (
    LONGEST_PATH,
    DictValue,
    Function,
    NamedTupleValue,
    ObjectGraph,
    ObjectNode,
    Trace,
    TupleValue,
    Value,
    Variable,
)
from sigfix.reading.protos import dtype_name
from sigfix.reading.shapes import read_shape
from sigfix.reading.values import read_value


def shortest_paths(message: Any) -> dict[int, str]:
    """Node id -> shortest dotted path from the root, breadth first; what is unreachable is absent.

    The children of `signatures` are left for last: a function that the model has under a name
    of its own is better known by that.
    """
    paths = {0: ""} if len(message.nodes) else {}
    for skip_signatures in (True, False):
        queue = deque(paths)
        while queue:
            node_id = queue.popleft()
            if skip_signatures and paths[node_id] == "signatures":
                continue
            for child in message.nodes[node_id].children:
                if child.node_id in paths or not 0 <= child.node_id < len(message.nodes):
                    continue
                prefix = paths[node_id]
                if len(prefix) + len(child.local_name) > LONGEST_PATH:
                    continue
                paths[child.node_id] = (
                    f"{prefix}.{child.local_name}" if prefix else (child.local_name)
                )
                queue.append(child.node_id)
    return paths


def _read_trace(name: str, message: Any) -> Trace:
    args: Value = TupleValue(())
    kwargs: Value = DictValue(())
    if message.HasField("canonicalized_input_signature"):
        whole = read_value(message.canonicalized_input_signature)
        if isinstance(whole, TupleValue) and len(whole.items) == 2:
            args, kwargs = whole.items
        else:
            args = TupleValue((whole,))
    return Trace(
        name=name,
        args=args if isinstance(args, TupleValue) else TupleValue((args,)),
        kwargs=kwargs if isinstance(kwargs, DictValue) else DictValue(()),
        output=read_value(message.output_signature),
        bound_inputs=tuple(message.bound_inputs),
    )


def _strings(value: Value | None) -> tuple[str, ...]:
    if not isinstance(value, TupleValue):
        return ()
    return tuple(str(getattr(item, "value", "")) for item in value.items)


def _argument_specification(message: Any) -> dict[str, Any]:
    """The Python argument names and defaults of a FunctionSpec (an `inspect.FullArgSpec`)."""
    if not message.HasField("fullargspec"):
        return {}
    spec = read_value(message.fullargspec)
    if not isinstance(spec, NamedTupleValue):
        return {}
    fields = dict(spec.items)
    names = _strings(fields.get("args"))
    if message.is_method and names:
        names = names[1:]
    defaults = fields.get("defaults")
    keyword_defaults = fields.get("kwonlydefaults")
    signature = read_value(message.input_signature) if message.HasField("input_signature") else None
    found: dict[str, Any] = {
        "argument_names": names,
        "defaults": defaults.items if isinstance(defaults, TupleValue) else (),
        "keyword_only": _strings(fields.get("kwonlyargs")),
        "keyword_defaults": (
            keyword_defaults.items if isinstance(keyword_defaults, DictValue) else ()
        ),
        "input_signature": signature if isinstance(signature, TupleValue) else None,
    }
    for name in ("varargs", "varkw"):
        found[name] = getattr(fields.get(name), "value", None) or ""
    return found


def _read_function(
    path: str, node_id: int, message: Any, traces: dict[str, Trace]
) -> Function | None:
    kind = message.WhichOneof("kind")
    if kind == "function":
        saved = message.function
        names = tuple(dict.fromkeys(saved.concrete_functions))
        return Function(
            path=path,
            node_id=node_id,
            traces=tuple(traces[name] for name in names if name in traces),
            **_argument_specification(saved.function_spec),
        )
    if kind == "bare_concrete_function":
        bare = message.bare_concrete_function
        name = bare.concrete_function_name
        found = _argument_specification(bare.function_spec)
        found["argument_names"] = tuple(bare.argument_keywords) or found.get("argument_names", ())
        return Function(
            path=path,
            node_id=node_id,
            traces=(traces[name],) if name in traces else (),
            is_bare=True,
            positional_count=bare.allowed_positional_arguments,
            **found,
        )
    return None


def _read_node(node_id: int, message: Any) -> ObjectNode:
    kind = message.WhichOneof("kind") or ""
    identifier, metadata, asset = "", "", -1
    concrete: tuple[str, ...] = ()
    if kind == "user_object":
        identifier, metadata = message.user_object.identifier, message.user_object.metadata
    elif kind == "constant":
        identifier = message.constant.operation
    elif kind == "captured_tensor":
        identifier = message.captured_tensor.name
    elif kind == "asset":
        asset = message.asset.asset_file_def_index
    elif kind == "function":
        concrete = tuple(message.function.concrete_functions)
    elif kind == "bare_concrete_function":
        concrete = (message.bare_concrete_function.concrete_function_name,)
    return ObjectNode(
        node_id=node_id,
        kind=kind,
        children=tuple((child.local_name, child.node_id) for child in message.children),
        identifier=identifier,
        metadata=metadata,
        asset_index=asset,
        concrete_functions=concrete,
        slots=tuple(slot.slot_variable_node_id for slot in message.slot_variables),
        restorers=tuple(item.restore_function for item in message.saveable_objects.values()),
    )


def read_objects(message: Any) -> ObjectGraph:
    """A SavedObjectGraph.

    Functions below `signatures` are not listed, for they are the signatures; nor are the children
    of functions, which are their traces once more.
    """
    paths = shortest_paths(message)
    traces = {
        name: _read_trace(name, message.concrete_functions[name])
        for name in sorted(message.concrete_functions)
    }
    functions, variables = [], []
    of_functions = {
        child.node_id
        for item in message.nodes
        if item.WhichOneof("kind") == "function"
        for child in item.children
    }
    for node_id, item in enumerate(message.nodes):
        path = paths.get(node_id, "")
        if item.WhichOneof("kind") == "variable":
            saved = item.variable
            variables.append(
                Variable(
                    name=saved.name,
                    dtype=dtype_name(saved.dtype),
                    shape=read_shape(saved.shape),
                    trainable=saved.trainable,
                    path=path,
                    node_id=node_id,
                )
            )
        elif path and not path.startswith("signatures.") and node_id not in of_functions:
            function = _read_function(path, node_id, item, traces)
            if function is not None:
                functions.append(function)
    return ObjectGraph(
        nodes=tuple(_read_node(index, item) for index, item in enumerate(message.nodes)),
        paths=paths,
        functions=tuple(sorted(functions, key=lambda item: (item.path.count("."), item.path))),
        variables=tuple(variables),
        traces=traces,
    )
