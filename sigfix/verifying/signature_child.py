"""Run one callable of one SavedModel in this process, which was started for nothing else.

Started by `signature_runs`; reads a job from the pickle that its argument names and writes the
answer beside it. A fresh process sees only what is on disk, and can be stopped.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any


def main(job_path: str) -> None:
    """Run the job and write `answer.pickle` beside it."""
    place = Path(job_path)
    job = pickle.loads(place.read_bytes())
    answer: dict[str, Any]
    try:
        answer = {"runs": [_run(job, call) for call in job["calls"]]}
    except Exception as error:  # whatever the model does is an answer, said by the parent
        answer = {"error": f"{type(error).__name__}: {error}"}
    place.with_name("answer.pickle").write_bytes(pickle.dumps(answer))


def _run(job: dict[str, Any], call: dict[str, Any]) -> list[dict[str, Any]]:
    """One callable over all cases: for each, the first attempt that it accepts."""
    runner = {"function": _function, "signature": _signature, "session": _session}[call["kind"]]
    function = runner(job, call)
    return [_first_accepted(function, case, call["repeat"]) for case in call["cases"]]


def _first_accepted(function: Any, case: list[dict[str, Any]], repeat: int) -> dict[str, Any]:
    failures = []
    for index, inputs in enumerate(case):
        try:
            return {"attempt": index, "outputs": [function(inputs) for _ in range(repeat)]}
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
    return {"attempt": None, "failures": failures}


def _load(job: dict[str, Any]) -> Any:
    import tensorflow as tf

    return tf.saved_model.load(job["model"], tags=job["tags"])


def _tensor(value: Any, spec: Any) -> Any:
    import tensorflow as tf

    return tf.constant(value, dtype=spec.dtype)


def _function(job: dict[str, Any], call: dict[str, Any]) -> Any:
    """Trace number `trace` of the function at the end of `parts`, called with flat tensors."""
    import tensorflow as tf

    model = _load(job)
    found = model
    for part in call["parts"]:
        found = found[part] if _is_mapping(found, part) else getattr(found, part)
    if hasattr(found, "_list_all_concrete_functions_for_serialization"):
        found = found._list_all_concrete_functions_for_serialization()[call["trace"]]

    def run(inputs: dict[str, Any]) -> list[Any]:
        specs = found.inputs[: len(inputs)]
        flat = [_tensor(inputs[str(index)], spec) for index, spec in enumerate(specs)]
        result = found._call_flat(flat, found.captured_inputs)
        return [item.numpy() for item in tf.nest.flatten(result, expand_composites=True)]

    run.model = model  # type: ignore[attr-defined]  # the functions hold variables weakly
    return run


def _is_mapping(value: Any, key: str) -> bool:
    if isinstance(value, (list, tuple)) or (hasattr(value, "__getitem__") and key.isdigit()):
        return False
    return hasattr(value, "keys") and key in value


def _signature(job: dict[str, Any], call: dict[str, Any]) -> Any:
    """A signature through `tf.saved_model.load(...).signatures`."""
    model = _load(job)
    if call["key"] not in model.signatures:
        raise KeyError(f"tf.saved_model.load sees no signature {call['key']}")
    function = model.signatures[call["key"]]
    specs = function.structured_input_signature[1]

    def run(inputs: dict[str, Any]) -> dict[str, Any]:
        fed = {name: _tensor(value, specs[name]) for name, value in inputs.items()}
        results = function(**fed)
        return {key: part.numpy() for name in results for key, part in _parts(name, results[name])}

    run.model = model  # type: ignore[attr-defined]
    return run


def _parts(name: str, value: Any) -> list[tuple[str, Any]]:
    """A tensor under its name; a sparse or other composite one by component."""
    import tensorflow as tf

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


def _session(job: dict[str, Any], call: dict[str, Any]) -> Any:
    """Tensors of the top-level graph through the v1 loader, as TensorFlow Serving does it.

    `key` names a signature; without it inputs and `fetches` are tensor names. A file is a frozen
    GraphDef.
    """
    import tensorflow as tf

    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph)
    with graph.as_default():
        if Path(job["model"]).is_file():
            definition = tf.compat.v1.GraphDef.FromString(Path(job["model"]).read_bytes())
            tf.import_graph_def(definition, name="")
            return _session_runner(session, {}, call["fetches"])
        loaded = tf.compat.v1.saved_model.loader.load(session, job["tags"] or [], job["model"])
    feeds: dict[str, str] = {}
    fetches = call.get("fetches")
    if "key" in call:
        signature = loaded.signature_def[call["key"]]
        feeds, fetches = _tensor_names(signature.inputs), _tensor_names(signature.outputs)
    return _session_runner(session, feeds, fetches)


def _session_runner(session: Any, feeds: dict[str, str], fetches: Any) -> Any:
    def run(inputs: dict[str, Any]) -> dict[str, Any]:
        named = {feeds.get(name, name): value for name, value in inputs.items()}
        result: dict[str, Any] = session.run(fetches, named)
        return result

    return run


if __name__ == "__main__":
    main(sys.argv[1])
