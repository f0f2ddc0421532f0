"""Run an ONNX file in this process, beside the conversion of what it is compared with.

The job is `{"file", "inputs_list"}` (see `onnx_runtime.run`), the answer `{"outputs_list"}`.
"""

from __future__ import annotations

from typing import Any

from sigfix.processes import Answer, do_job
from sigfix.verifying import onnx_runtime


def work(job: dict[str, Any]) -> Answer:
    """What ONNX Runtime computes from each set of inputs."""
    return {"outputs_list": onnx_runtime.run(job["file"], job["inputs_list"])}


if __name__ == "__main__":
    do_job(work)
