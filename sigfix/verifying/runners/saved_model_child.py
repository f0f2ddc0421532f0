"""Run callables of one SavedModel in this process, which was started for nothing else.

A fresh process sees only what is on disk, and can be stopped. `model` is `{"tags"}`, and `double`
to compute in float64; a call is `{"kind": "function", "parts", "trace"}`, `{"kind": "signature",
"key"}` (with `held`, nodes of variables by key), `{"kind": "session"}` with `key` or `fetches`, or
`{"kind": "either", "key"}`. A session's `asked` is the key of a signature that the usual loader is
asked for, too: its refusal is a note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from sigfix.describing.libraries import with_libraries
from sigfix.verifying.failures import shortened
from sigfix.verifying.runners.answering import Function, ModelError, work
from sigfix.verifying.runners.graph_child import graph_function
from sigfix.verifying.runners.loaders import REFUSED, V1_LOADER
from sigfix.verifying.runners.operators import named
from sigfix.verifying.runners.tensorflow_settings import in_effect


def load(job: dict[str, Any]) -> list[Function]:
    """The callables of a job, in the order of its calls."""
    runners = {
        "function": _function, "signature": _signature, "session": _session, "either": _either
    }  # fmt: skip
    loaded: list[Any] = []

    def model() -> Any:
        if not loaded:
            tags = job["model"]["tags"]
            loaded.append(with_libraries(lambda: tf.saved_model.load(job["path"], tags=tags)))
        return loaded[0]

    found = [runners[call["kind"]](model, job, call) for call in job["calls"]]
    for call in job["calls"]:
        if "asked" in call:
            _ask(model, job, call["asked"])
    job["details"].update(in_effect())
    return found


def _ask(model: Any, job: dict[str, Any], key: str) -> None:
    """Note it where the usual loader does not take a signature that the v1 loader runs."""
    try:
        _signature(model, job, {"key": key})
    except Exception as error:  # TensorFlow raises a different kind for every fault
        _note_refusal(job, error)


def _note_refusal(job: dict[str, Any], error: Exception) -> None:
    why = shortened(f"{type(error).__name__}: {error}")
    job["notes"].append(f"{REFUSED} {job['path']} ({why}): it was run through {V1_LOADER}")


def _tensor(value: Any, spec: Any) -> Any:
    return tf.constant(value, dtype=spec.dtype)


def _function(model: Any, job: dict[str, Any], call: Mapping[str, Any]) -> Function:
    """Trace number `trace` of the function at the end of `parts`, called with flat tensors."""
    loaded = model()
    found = concrete_function(loaded, call["parts"], call["trace"])
    if job["model"].get("double"):
        names = [str(index) for index in range(len(found.inputs))]
        return _by_rows(_in_double(found, names, None), call.get("rows", ()))

    def run(inputs: dict[str, Any]) -> dict[Any, Any]:
        specs = found.inputs[: len(inputs)]
        flat = [_tensor(inputs[str(index)], spec) for index, spec in enumerate(specs)]
        result = _called(found, lambda: found._call_flat(flat, found.captured_inputs))
        flat_result = tf.nest.flatten(result, expand_composites=True)
        return {index: item.numpy() for index, item in enumerate(flat_result)}

    run.model = loaded  # type: ignore[attr-defined]  # the functions hold variables weakly
    return _by_rows(run, call.get("rows", ()))


def _by_rows(run: Function, names: Sequence[str]) -> Function:
    """A function called for each row of its inputs `names` alone, and the results one batch."""
    if not names:
        return run

    def run_rows(inputs: dict[str, Any]) -> dict[Any, Any]:
        count = len(inputs[names[0]])
        each = [
            run({**inputs, **{name: inputs[name][row : row + 1] for name in names}})
            for row in range(count)
        ]
        return {
            key: np.concatenate([result[key] for result in each]) if np.ndim(value) else value
            for key, value in each[0].items()
        }

    return run_rows


def concrete_function(model: Any, parts: list[str], trace: int) -> Any:
    """Trace number `trace` of the function at the end of `parts`; a bare one is its own."""
    found = model
    for part in parts:
        found = found[part] if _is_mapping(found, part) else getattr(found, part)
    if hasattr(found, "_list_all_concrete_functions_for_serialization"):
        found = found._list_all_concrete_functions_for_serialization()[trace]
    return found


def _is_mapping(value: Any, key: str) -> bool:
    """Whether `key` is looked up in a dict; an object may have a function called `keys`."""
    return isinstance(value, Mapping) and key in value


def _signature(model: Any, job: dict[str, Any], call: Mapping[str, Any]) -> Function:
    """A signature through `tf.saved_model.load(...).signatures`."""
    loaded = model()
    if call["key"] not in loaded.signatures:
        raise KeyError(f"tf.saved_model.load sees no signature {call['key']}")
    function = loaded.signatures[call["key"]]
    specs = function.structured_input_signature[1]
    if job["model"].get("double"):
        keys = list(function._arg_keywords)
        return _in_double(function, keys, sorted(function.structured_outputs))

    held = _variables(function, call.get("held", {}))

    def run(inputs: dict[str, Any]) -> dict[str, Any]:
        fed = {name: _tensor(value, specs[name]) for name, value in inputs.items()}
        results = _called(function, lambda: function(**fed))
        parts = [part for name in results for part in _parts(name, results[name])]
        return {key: value.numpy() for key, value in (*parts, *held.items())}

    run.model = loaded  # type: ignore[attr-defined]
    return run


def _variables(function: Any, held: Mapping[str, str]) -> dict[str, Any]:
    """The variables that stand at these nodes of a function."""
    variables = {id(variable.handle): variable for variable in function.graph.variables}
    captured = {str(inside.op.name): id(outside) for outside, inside in function.graph.captures}
    return {key: variables[captured[node]] for key, node in held.items()}


def _either(model: Any, job: dict[str, Any], call: Mapping[str, Any]) -> Function:
    """A signature through the usual loader, or, where that does not take it, through the v1's."""
    try:
        return _signature(model, job, call)
    except Exception as error:  # TensorFlow raises a different kind for every fault
        try:
            found = _session(model, job, call)
        except Exception:  # what the usual loader says is better known
            raise error from None
        _note_refusal(job, error)
        return found


def _called(function: Any, call: Any) -> Any:
    try:
        return call()
    except tf.errors.OpError as error:
        raise ModelError(named(error, function.graph.as_graph_def())) from error


def _in_double(function: Any, keys: list[str], outputs: list[str] | None) -> Function:
    """A concrete function as a frozen graph in float64."""
    frozen = convert_to_constants.convert_variables_to_constants_v2(function)
    inputs = {key: t.name for key, t in zip(keys, frozen.inputs, strict=False)}
    names: list[Any] = list(range(len(frozen.outputs))) if outputs is None else list(outputs)
    fetches = {key: tensor.name for key, tensor in zip(names, frozen.outputs, strict=True)}
    return graph_function(frozen.graph.as_graph_def(), inputs, fetches, double=True)


def _parts(name: str, value: Any) -> list[tuple[str, Any]]:
    """A tensor under its name; a sparse or other composite one by component."""
    if isinstance(value, tf.SparseTensor):
        parts = ("indices", "values", "dense_shape")
        return [(f"{name}_{part}", getattr(value, part)) for part in parts]
    if tf.is_tensor(value) and not isinstance(value, tf.Tensor):
        found = tf.nest.flatten(value, expand_composites=True)
        return [(f"{name}_component_{index}", part) for index, part in enumerate(found)]
    return [(name, value)]


def _tensor_names(infos: Any) -> dict[str, str]:
    """The graph tensors of a SignatureDef's inputs or outputs, named as `_parts` does."""
    found = {}
    for name, info in infos.items():
        encoding = info.WhichOneof("encoding")
        if encoding == "coo_sparse":
            for part in ("indices", "values", "dense_shape"):
                found[f"{name}_{part}"] = getattr(info.coo_sparse, f"{part}_tensor_name")
        elif encoding == "composite_tensor":
            for index, part in enumerate(info.composite_tensor.components):
                found[f"{name}_component_{index}"] = part.name
        else:
            found[name] = info.name
    return found


def _session(model: Any, job: dict[str, Any], call: Mapping[str, Any]) -> Function:
    """Tensors of the top-level graph through the v1 loader, as TensorFlow Serving does it.

    `key` names a signature; without it inputs and `fetches` are tensor names. A file is a frozen
    GraphDef.
    """
    if job["model"].get("double"):
        raise ValueError("the v1 loader's graph is not computed in float64")
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph)
    with graph.as_default():
        if Path(job["path"]).is_file():
            definition = tf.compat.v1.GraphDef.FromString(Path(job["path"]).read_bytes())
            tf.import_graph_def(_needed(definition, call["fetches"]), name="")
            return _session_runner(session, {}, call["fetches"])
        load = tf.compat.v1.saved_model.loader.load
        tags = job["model"]["tags"] or []
        loaded = with_libraries(lambda: load(session, tags, job["path"]))
    feeds: dict[str, str] = {}
    fetches = call.get("fetches")
    if "key" in call:
        signature = loaded.signature_def[call["key"]]
        feeds, fetches = _tensor_names(signature.inputs), _tensor_names(signature.outputs)
    return _session_runner(session, feeds, fetches)


def _needed(definition: Any, fetches: Mapping[str, str]) -> Any:
    """The part of a GraphDef that tensors depend on, and all that can be fed.

    The rest may have operators that TensorFlow does not have.
    """
    names = {tensor.partition(":")[0] for tensor in fetches.values()}
    names |= {node.name for node in definition.node if node.op.startswith("Placeholder")}
    return tf.compat.v1.graph_util.extract_sub_graph(definition, sorted(names))


def _session_runner(session: Any, feeds: dict[str, str], fetches: Any) -> Function:
    def run(inputs: dict[str, Any]) -> dict[str, Any]:
        fed = {feeds.get(name, name): value for name, value in inputs.items()}
        try:
            result: dict[str, Any] = session.run(fetches, fed)
        except tf.errors.OpError as error:
            raise ModelError(named(error, session.graph.as_graph_def())) from error
        return result

    return run


if __name__ == "__main__":
    work(load)
