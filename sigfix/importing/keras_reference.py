"""What a Keras model itself predicts, by name: the reference for what was exported of it.

A process of its own, started through `processes.run_process(CHILD, job, seconds)`. It shares
nothing with `keras_child` but the loading: inputs are handed over and outputs named by walking the
model's own structures here once more, so that an export that mixes them up is found out.

Job: `{"file", "keras2", "trust"}` as for `keras_child`, `cases` (a list of cases, each a list of
attempts, each input name -> array) and `repeats` (2 without it). Answer: `{"runs": [...]}`, one of
each case, in order:

- `{"attempt": index, "outputs": [name -> array, ...]}`: the first attempt that the model accepts,
  run `repeats` times (a model that answers differently each time is random or keeps state);
- `{"attempt": None, "failures": [text, ...]}` where it accepts none.

`{"error": text}` where the file cannot be loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError
from sigfix.importing.keras_loading import load_confined
from sigfix.processes import do_job

CHILD = "sigfix.importing.keras_reference"


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Load the file, and run every case."""
    folders = (Path(sys.argv[1]).parent,)
    try:
        model = load_confined(Path(job["file"]), job["keras2"], job["trust"], folders)
    except SigfixError:
        raise
    except Exception as error:  # said by the parent
        return {"error": f"{type(error).__name__}: {error}"}
    return {"runs": [_first_accepted(model, case, job.get("repeats", 2)) for case in job["cases"]]}


def _first_accepted(model: Any, case: list[dict[str, Any]], repeats: int) -> dict[str, Any]:
    failures = []
    for index, inputs in enumerate(case):
        try:
            outputs = [_predict(model, inputs) for _ in range(repeats)]
        except Exception as error:  # whatever the model makes of the inputs is an answer
            failures.append(f"{type(error).__name__}: {error}")
            continue
        return {"attempt": index, "outputs": outputs}
    return {"attempt": None, "failures": failures}


def _predict(model: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    declared = getattr(model, "input", None)  # a Sequential of Keras 3 has none
    if declared is None:
        (declared,) = model.inputs
    result = model(_arranged(declared, _Named(inputs)), training=False)
    layers = getattr(model, "output_names", None) or [
        tensor._keras_history.operation.name for tensor in model.outputs
    ]
    found: dict[str, Any] = {}
    for number, (keys, value) in enumerate(_parts(result)):
        plain = "".join(letter if _is_plain(letter) else " " for letter in keys or layers[number])
        name = "_".join(plain.split()).strip("_") or "tensor"
        taken = [name, *(f"{name}_{more}" for more in range(1, len(found) + 1))]
        found[next(item for item in taken if item not in found)] = np.asarray(value)
    return found


def _is_plain(letter: str) -> bool:
    return letter == "_" or (letter.isascii() and letter.isalnum())


class _Named:
    """The arrays by input layer; of layers with one name, the second takes `name_1`."""

    def __init__(self, arrays: dict[str, Any]) -> None:
        self.arrays = dict(arrays)

    def take(self, layer: str) -> Any:
        name = "_".join("".join(c if _is_plain(c) else " " for c in layer).split()).strip("_")
        choices = [key for key in self.arrays if key == name or key.startswith(f"{name}_")]
        return self.arrays.pop(min(choices, key=lambda key: (len(key), key)))


def _arranged(structure: Any, named: _Named) -> Any:
    """The arrays in the structure of the model's inputs."""
    import tensorflow as tf

    if isinstance(structure, dict):
        return {key: _arranged(structure[key], named) for key in sorted(structure)}
    if isinstance(structure, (list, tuple)):
        return [_arranged(item, named) for item in structure]
    return tf.constant(named.take(structure.name.split(":")[0]), dtype=structure.dtype)


def _parts(result: Any, keys: str = "") -> Iterator[tuple[str, Any]]:
    """(the keys that lead to it, '' without a dictionary; tensor), dictionaries by sorted key."""
    if isinstance(result, dict):
        for key in sorted(result):
            yield from _parts(result[key], f"{keys}_{key}" if keys else str(key))
    elif isinstance(result, (list, tuple)):
        for index, item in enumerate(result):
            yield from _parts(item, f"{keys}_{index}" if keys else "")
    else:
        yield keys, result


if __name__ == "__main__":
    do_job(work)
