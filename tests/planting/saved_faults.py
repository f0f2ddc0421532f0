"""Faults in the file that a process of sigfix wrote: a SavedModel, or a simplified ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.planting import onnx_faults
from tests.planting.child import Answer

Job = dict[str, Any]


def other_weights(job: Job, answer: Answer) -> None:
    def change(model: Any, signature: Any) -> Any:
        variable = signature.variables[0]
        variable.assign(variable * np.float32(1.01))
        return signature

    _changed(job, answer, change, "other_weights")


def outputs_swapped(job: Job, answer: Answer) -> None:
    def change(model: Any, signature: Any) -> Any:
        import tensorflow as tf

        def serve(**fed: Any) -> dict[str, Any]:
            found = signature(**fed)
            return dict(zip(sorted(found), (found[n] for n in sorted(found)[::-1]), strict=True))

        _, specs = signature.structured_input_signature
        return tf.function(serve).get_concrete_function(**specs)

    _changed(job, answer, change, "outputs_swapped")


def cut_short(job: Job, answer: Answer) -> None:
    """The file ends in the middle, as on a full disk."""
    file = Path(answer["model"] if "model" in answer else job["export"])
    file = file / "saved_model.pb" if file.is_dir() else file
    written = file.read_bytes()
    file.write_bytes(written[: len(written) // 2])


FAULTS: dict[str, Callable[[Job, Answer], None]] = {
    function.__name__: function for function in (other_weights, outputs_swapped, cut_short)
}


def _changed(
    job: Job, answer: Answer, change: Callable[[Any, Any], Any], fault_of_onnx: str
) -> None:
    if "model" in answer:
        import onnx

        model = onnx.load(answer["model"])
        onnx_faults.FAULTS[fault_of_onnx](model)
        onnx.save(model, answer["model"])
        return
    import tensorflow as tf

    model = tf.saved_model.load(job["export"])
    (key,) = model.signatures
    changed = change(model, model.signatures[key])
    tf.saved_model.save(model, job["export"], signatures={key: changed})
