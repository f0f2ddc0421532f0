"""Check and simplify an ONNX file in this process, which was started for nothing else.

It runs beside TensorFlow's import in the process that asked, and its copies of the weights end
with it. The job is `{"file", "folder", "checked"}` and the fields of
`pipeline.simplifying.OnnxChoice`, the answer has those of `SimplifiedOnnx`, whose files may lie in
`folder`. The file `checked` appears once nothing is left that would be refused here.
"""

from __future__ import annotations

from typing import Any

import onnx

from sigfix.importing import onnx_graph
from sigfix.importing.onnx_opening import open_onnx
from sigfix.importing.preflight import check_early, check_simplified, is_in_question
from sigfix.processes import Answer, do_job


def work(job: dict[str, Any]) -> Answer:
    """Write the model that is to be traced, and say what ONNX Runtime is to compare it with."""
    preset, characters = job["preset"], job["characters"]
    opened = open_onnx(job["file"], job["folder"], job["sizes"], job["bound"])
    model, finished = opened.model, opened.reference
    if preset is not None:
        changed = onnx_graph.finish(model, preset, finished, job["normalize"])
        if characters is not None:
            onnx_graph.check_vocabulary(model, preset, characters, finished)
        if changed:
            finished = job["folder"] / "finished.onnx"
            onnx.save(model, finished)
        onnx_graph.fix_dimensions(model, {"input": (None, 3, preset.height, preset.width)})
    check_early(model, lambda: onnx_graph.read_onnx(job["file"]))
    if not is_in_question(model):
        job["checked"].touch()
    inputs = {v.name: onnx_graph.shape_of(v) for v in onnx_graph.graph_inputs(model)}
    from sigfix.importing.onnx_simplification import simplify  # its packages take their time

    simplified, path = simplify(model), job["folder"] / "simplified.onnx"
    check_simplified(simplified, lambda: onnx_graph.read_onnx(job["file"]))
    onnx.save(simplified, path)
    job["checked"].touch()
    return {
        "finished": finished,
        "model": path,
        "inputs": tuple(inputs),
        "outputs": tuple(o.name for o in model.graph.output),
        "notes": opened.notes,
        "channels_last": tuple(n for n, shape in inputs.items() if job["nhwc"] and len(shape) == 4),
    }


if __name__ == "__main__":
    do_job(work)
