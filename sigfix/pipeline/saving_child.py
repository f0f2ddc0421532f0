"""Load a SavedModel and save it anew, in this process, which was started for nothing else.

Started through `processes.run_process`. The job is `{"path", "tags", "calls", "save"}`: for each
call, by the key of a signature that is made of it, `parts` lead to a function, and `trace` is the
number of its trace. The answer is `{"saved"}`, the signatures, or `{"error"}` where TensorFlow
refused.
"""

from __future__ import annotations

from typing import Any

from sigfix.errors import first_line
from sigfix.processes import do_job


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Load the model, make a signature of each call, and save it to the folder `job["save"]`."""
    import tensorflow as tf

    try:
        model = tf.saved_model.load(job["path"], tags=job["tags"])
        made = {key: _flat_call(model, call) for key, call in job["calls"].items()}
        signatures = {**getattr(model, "signatures", {}), **made}
        tf.saved_model.save(model, job["save"], signatures=signatures)
    except Exception as error:  # said by the parent
        return {"error": f"{type(error).__name__}: {first_line(error)}"}
    return {"saved": sorted(signatures)}


def _flat_call(model: Any, call: dict[str, Any]) -> Any:
    """A concrete function of plain tensors, by position, that calls a trace of a function."""
    import tensorflow as tf

    from sigfix.verifying.runners.saved_model_child import concrete_function

    found = concrete_function(model, call["parts"], call["trace"])
    count = len(found.inputs) - len(found.captured_inputs)
    specs = {
        f"input_{index}": tf.TensorSpec(tensor.shape, tensor.dtype, name=f"input_{index}")
        for index, tensor in enumerate(found.inputs[:count])
    }

    def flat(**given: Any) -> dict[str, Any]:
        tensors = [given[f"input_{index}"] for index in range(count)]
        result = found._call_flat(tensors, found.captured_inputs)
        leaves = tf.nest.flatten(result, expand_composites=True)
        return {f"output_{index}": leaf for index, leaf in enumerate(leaves)}

    return tf.function(flat).get_concrete_function(**specs)


if __name__ == "__main__":
    do_job(work)
