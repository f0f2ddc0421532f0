"""Load a Keras file in this process, which was started for nothing else: export it, or run it.

Started through `processes.run_process`. `answer` is `{"inputs", "outputs"}` after an
export, `{"runs": [...]}` after a run, `{"error"}` where Keras refused.
"""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path
from typing import Any


def main(job_path: str) -> None:
    """Do the job and write `answer.pickle` beside it."""
    place = Path(job_path)
    job = pickle.loads(place.read_bytes())
    answer: dict[str, Any]
    try:
        model = _load(job)
        answer = _export(model, job["export"]) if job.get("export") else _run(model, job["cases"])
    except Exception as error:  # said by the parent
        answer = {"error": f"{type(error).__name__}: {error}"}
    place.with_name("answer.pickle").write_bytes(pickle.dumps(answer))


def _load(job: dict[str, Any]) -> Any:
    if job["keras2"]:
        import tf_keras

        return tf_keras.models.load_model(job["file"], compile=False)
    import keras

    return keras.models.load_model(job["file"], compile=False, safe_mode=not job["trust"])


def _name(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z_]+", "_", text.split(":")[0]).strip("_")


def _unique(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, unique = 0, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found


def _names(model: Any) -> tuple[list[str], list[str]]:
    """Input layers' and output layers' names, unique, in the model's order."""
    inputs = _unique([_name(item.name) for item in model.inputs])
    named = getattr(model, "output_names", None)
    named = named or [item._keras_history.operation.name for item in model.outputs]
    return inputs, _unique([_name(item) for item in named])


def _call(model: Any, values: list[Any]) -> list[Any]:
    """The model at inference; its outputs flat, in the order of `output_names`."""
    result = model(values if len(values) > 1 else values[0], training=False)
    if isinstance(result, dict):
        return [result[name] for name in result]
    return list(result) if isinstance(result, (list, tuple)) else [result]


def _trackable(model: Any) -> Any:
    """What TensorFlow can save with all variables: of Keras 3, a module that lists them.

    A Keras 3 model that was loaded from a file does not hand all of its own to TensorFlow.
    """
    import tensorflow as tf

    if not any(hasattr(item, "_value") and hasattr(item, "path") for item in model.variables):
        return model
    module = tf.Module()
    module.layers = list(model.layers)
    module.weights = [item.value for item in model.variables]
    return module


def _export(model: Any, target: str) -> dict[str, Any]:
    import tensorflow as tf

    inputs, outputs = _names(model)
    specs = {
        name: tf.TensorSpec([None, *item.shape[1:]], item.dtype, name=name)
        for name, item in zip(inputs, model.inputs, strict=True)
    }

    def serve(**tensors: Any) -> dict[str, Any]:
        results = _call(model, [tensors[name] for name in inputs])
        return dict(zip(outputs, results, strict=True))

    signature = tf.function(serve).get_concrete_function(**specs)
    tf.saved_model.save(_trackable(model), target, signatures={"serving_default": signature})
    return {"inputs": inputs, "outputs": outputs}


def _run(model: Any, cases: list[list[dict[str, Any]]]) -> dict[str, Any]:
    import numpy as np

    inputs, outputs = _names(model)
    runs = []
    for case in cases:
        found: dict[str, Any] = {"attempt": None, "failures": []}
        for index, given in enumerate(case):
            try:
                repeats = [
                    {
                        name: np.asarray(value)
                        for name, value in zip(
                            outputs, _call(model, [given[key] for key in inputs]), strict=True
                        )
                    }
                    for _ in range(2)
                ]
            except Exception as error:
                found["failures"].append(f"{type(error).__name__}: {error}")
                continue
            found = {"attempt": index, "outputs": repeats}
            break
        runs.append(found)
    return {"runs": runs}


if __name__ == "__main__":
    main(sys.argv[1])
