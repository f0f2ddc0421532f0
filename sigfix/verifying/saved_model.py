"""Run a signature of a SavedModel with TensorFlow, loaded from disk.

Loading a SavedModel restores its variables and runs its initialisers: it executes the model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.errors import MissingExtraError, NotVerifiedError, UnreadableModelError, UsageError
from sigfix.verifying.inputs import Arrays

DEFAULT_SIGNATURE = "serving_default"

_STACK = ("Graph execution error", "Detected at node", "File ", "<stack traces", "[[{{node")


def run(
    model_dir: Path,
    inputs_list: Sequence[Arrays],
    signature: str = DEFAULT_SIGNATURE,
    tags: Sequence[str] | None = None,
) -> list[Arrays]:
    """Call `signature` of `model_dir` for each of `inputs_list`, through TensorFlow's own loader.

    Arrays are by signature key; strings are `object` arrays of bytes.

    Raises `MissingExtraError` without TensorFlow, `UnreadableModelError` where TensorFlow does
    not load the model, `UsageError` for a signature it does not see, and `NotVerifiedError` where
    it cannot run the signature with these inputs.
    """
    try:
        import tensorflow as tf
    except ImportError as error:
        raise MissingExtraError("Running a SavedModel", "tf", str(error)) from error
    try:
        loaded = tf.saved_model.load(str(model_dir), tags=None if tags is None else list(tags))
    except Exception as error:  # TensorFlow raises a different kind for every fault
        raise UnreadableModelError(
            f"TensorFlow cannot load {model_dir}: {_reason(error)}"
        ) from error
    if signature not in loaded.signatures:
        names = ", ".join(sorted(loaded.signatures)) or "none"
        raise UsageError(
            f"{model_dir} has no signature {signature!r}; TensorFlow sees: {names}.",
            "choose one with --signature, or make one with sigfix repair",
        )
    function = loaded.signatures[signature]
    # `loaded` has to live on: the function holds its variables by weak references only.
    return [_call(tf, function, inputs, model_dir, signature) for inputs in inputs_list]


def _call(tf: Any, function: Any, inputs: Arrays, model_dir: Path, signature: str) -> Arrays:
    try:
        outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
    except Exception as error:
        raise NotVerifiedError(
            f"TensorFlow cannot run {signature!r} of {model_dir} with the test inputs: "
            f"{_reason(error)}",
            "give inputs that the model takes with --inputs FILE.npz",
        ) from error
    composite = [name for name, value in outputs.items() if not isinstance(value, tf.Tensor)]
    if composite:
        raise NotVerifiedError(
            f"The outputs {', '.join(composite)} of {signature!r} are not plain tensors."
        )
    return {name: np.asarray(value.numpy()) for name, value in outputs.items()}


def _reason(error: Exception) -> str:
    """Return what TensorFlow says went wrong, without where in its own stack it noticed."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith(_STACK)]
    return re.sub(r"\s*\[Op:[^]]*\]", "", " ".join(said))[:300] or type(error).__name__
