"""Export a Keras file as a SavedModel, in this process, which was started for nothing else.

Started through `processes.run_process`. The job is `{"file", "keras2", "trust", "export"}`; the
answer is `{"inputs", "outputs"}`, the signature's names, or `{"error"}` where Keras refused. What
the model computes is told by `keras_reference`, which shares no code with this.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError
from sigfix.importing.keras_loading import load_confined
from sigfix.processes import do_job


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Load the file and save it to the folder `job["export"]`."""
    target = Path(job["export"])
    target.mkdir(exist_ok=True)
    folders = (Path(sys.argv[1]).parent, target)
    try:
        model = load_confined(Path(job["file"]), job["keras2"], job["trust"], folders)
        return _export(model, str(target), _tree(job["keras2"]))
    except SigfixError:
        raise
    except Exception as error:  # said by the parent
        return {"error": f"{type(error).__name__}: {error}"}


def _tree(keras2: bool) -> Any:
    """What flattens structures as the model's own Keras does."""
    if keras2:
        import tensorflow as tf

        return tf.nest
    import keras

    return keras.tree


def _name(text: str) -> str:
    return re.sub(r"[^0-9A-Za-z_]+", "_", text).strip("_") or "tensor"


def _unique(names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        number, unique = 0, name
        while unique in found:
            number += 1
            unique = f"{name}_{number}"
        found.append(unique)
    return found


def _layer_names(model: Any) -> list[str]:
    """The layer behind each output, flat."""
    named = getattr(model, "output_names", None)
    return list(named or [item._keras_history.operation.name for item in model.outputs])


def _output_names(model: Any, result: Any, tree: Any) -> list[str]:
    """A name for each tensor of `result`, in the order in which `tree` flattens it.

    By the keys that lead to it where the model returns dictionaries, else by its layer.
    """
    count = len(tree.flatten(result))
    numbered = tree.pack_sequence_as(result, list(range(count)))
    layers = _layer_names(model)
    names = [""] * count
    pending: list[tuple[tuple[str, ...], Any]] = [((), numbered)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, int):
            names[item] = "_".join(path) or (layers[item] if item < len(layers) else "output")
        elif isinstance(item, dict):
            pending += [((*path, str(key)), value) for key, value in item.items()]
        else:
            below = [(*path, str(index)) if path else () for index in range(len(item))]
            pending += zip(below, item, strict=True)
    return _unique([_name(name) for name in names])


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


def _all_layers(model: Any) -> list[Any]:
    """The layers of a model, and those inside of them."""
    return list(model._flatten_layers())


def _export(model: Any, target: str, tree: Any) -> dict[str, Any]:
    import tensorflow as tf

    inputs = _unique([_name(item.name.split(":")[0]) for item in model.inputs])
    # A state has a row for each of a batch, so that a model that keeps one has the batch it had.
    keeps = any(getattr(layer, "stateful", False) for layer in _all_layers(model))
    specs = {
        name: tf.TensorSpec([item.shape[0] if keeps else None, *item.shape[1:]], item.dtype, name)
        for name, item in zip(inputs, model.inputs, strict=True)
    }
    outputs: list[str] = []

    def serve(**tensors: Any) -> dict[str, Any]:
        structure = model.input if hasattr(model, "input") else model.inputs[0]  # a Sequential
        fed = tree.pack_sequence_as(structure, [tensors[name] for name in inputs])
        result = model(fed, training=False)
        outputs[:] = _output_names(model, result, tree)
        return dict(zip(outputs, tree.flatten(result), strict=True))

    signature = tf.function(serve).get_concrete_function(**specs)
    tf.saved_model.save(_trackable(model), target, signatures={"serving_default": signature})
    return {"inputs": inputs, "outputs": outputs}


if __name__ == "__main__":
    do_job(work)
