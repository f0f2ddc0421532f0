"""Run a TensorFlow.js graph model in Node.js, as its users would call it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigfix.errors import NotVerifiedError, ParityError, first_line
from sigfix.processes import ending_pipe
from sigfix.temporary import temporary_folder
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.runnable import more_time
from sigfix.verifying.runners import node as nodejs
from sigfix.verifying.runners.tensor_files import read_tensor, write_tensor

TIME_LIMIT_SECONDS = 900.0
RUNNER = nodejs.WEB / "runner.mjs"

_UNKNOWN_NAME = re.compile("not part of graph|is not found in the graph|Missing the following")
_ODD_ANSWER = "The program that runs TensorFlow.js in Node.js answered in another form"
_NO_KERNEL = re.compile(r"Kernel '(\w+)' not registered for backend '(\w+)'")


@dataclass(frozen=True)
class KernelTime:
    """What one kind of kernel took in one execution."""

    name: str
    calls: int
    ms: float


@dataclass(frozen=True)
class TfjsRun:
    """What a model computed in TensorFlow.js.

    `outputs` has one dictionary (by signature key) for each set of inputs. `mode` is `execute`,
    or `executeAsync` where the model has control flow or dynamic operators. `backend` is the one
    that ran, and `missing_kernel` the operator that the requested backend does not have where
    that is another one. `times_ms` are the timed executions, values read back, after a warm-up.
    `fast` is what it computed with the kernels of `web/kernels`, where these were asked for; what
    they cannot run is as in `outputs`.
    """

    outputs: list[Arrays]
    mode: str
    backend: str
    tfjs_version: str
    load_ms: float
    times_ms: tuple[float, ...] = ()
    kernels: tuple[KernelTime, ...] = ()
    missing_kernel: str = ""
    fast: list[Arrays] | None = None


def run(
    model_dir: Path,
    inputs_list: Sequence[Arrays],
    outputs: Sequence[str],
    backend: str = "wasm",
    repeat: int = 0,
    *,
    profile: bool = False,
    kernels: bool = False,
    time_limit: float = TIME_LIMIT_SECONDS,
) -> TfjsRun:
    """Run `model_dir` (model.json and weight shards) once for each of `inputs_list`.

    Inputs and `outputs` are keys of the model's signature. Dtypes that TensorFlow.js lacks are
    given as the converter maps them (int64 as int32). `backend` is `wasm` (one thread) or `cpu`;
    where wasm has no kernel for an operator of the model, the cpu backend runs it, unless times
    are asked for. `repeat` times that many executions of the first inputs after three others;
    `profile` measures one more by kernel. `kernels` runs everything once more with the kernels of
    `web/kernels`. `time_limit` is in seconds.

    Raises `NotVerifiedError` where the check cannot be made (no Node.js, no packages, out of time
    or memory) and `ParityError` where TensorFlow.js cannot load or run the model.
    """
    node = nodejs.find_node()
    packages = nodejs.packages_directory(node)
    with temporary_folder() as folder:
        runs = [
            {
                "inputs": [
                    write_tensor(name, array, folder / f"input_{number}_{position}.bin")
                    for position, (name, array) in enumerate(arrays.items())
                ]
            }
            for number, arrays in enumerate(inputs_list)
        ]
        request = {
            "packages": str(packages),
            "model": str(Path(model_dir).resolve()),
            "runs": runs,
            "outputs": list(outputs),
            "output_dir": str(folder),
            "repeat": repeat,
            "profile": profile,
            "kernels": kernels,
            "watch": True,
        }
        result = _start(node, {**request, "backend": backend}, folder, time_limit)
        missing = _NO_KERNEL.search(str(result.get("error")))
        if missing and backend == "wasm" and not (repeat or profile):
            result = _start(node, {**request, "backend": "cpu"}, folder, time_limit)
            found = replace(_read_result(model_dir, result), missing_kernel=missing.group(1))
        else:
            found = _read_result(model_dir, result)
    _check_whole(found, len(inputs_list), outputs)
    return found


def _check_whole(found: TfjsRun, runs: int, outputs: Sequence[str]) -> None:
    """Raise `NotVerifiedError` where the answer leaves out a run or an output."""
    answers = (found.outputs, found.fast if found.fast is not None else found.outputs)
    if any(len(a) != runs or any(set(one) != set(outputs) for one in a) for a in answers):
        raise NotVerifiedError(f"{_ODD_ANSWER}: it leaves out what was asked for.")


def _start(
    node: nodejs.Node, request: dict[str, Any], folder: Path, time_limit: float
) -> dict[str, Any]:
    (folder / "request.json").write_text(json.dumps(request), "utf-8")
    result = folder / "result.json"
    result.unlink(missing_ok=True)
    try:
        with ending_pipe() as pipe:
            done = subprocess.run(
                [node.program, *node.flags, RUNNER, folder / "request.json"],
                stdin=pipe,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=time_limit,
            )
    except subprocess.TimeoutExpired as error:
        raise NotVerifiedError(
            f"TensorFlow.js ({request['backend']}) did not finish within {time_limit:g} s.",
            more_time(time_limit),
        ) from error
    except OSError as error:
        raise NotVerifiedError(f"{node.program} could not be started: {error.strerror}.") from error
    try:
        read = json.loads(result.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        last = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        raise NotVerifiedError(
            f"Node.js {node.version} ended without a result (exit status {done.returncode}): "
            + (" ".join(last)[:300] or "it printed nothing")
        ) from error
    if not isinstance(read, dict):
        raise NotVerifiedError(f"{_ODD_ANSWER}.")
    return read


def _read_result(model_dir: Path, result: dict[str, Any]) -> TfjsRun:
    """The answer as it is, or the error that it says; half an answer is none."""
    error = result.get("error")
    if error is not None:
        reason = " ".join(str(error).split())[:600].rstrip(".")
        if result.get("stage") == "load":
            raise ParityError(f"TensorFlow.js cannot load {model_dir}: {reason}.")
        if result.get("stage") == "run":
            known = _known_names(model_dir) if _UNKNOWN_NAME.search(reason) else ""
            raise ParityError(f"TensorFlow.js cannot run {model_dir}: {reason}.{known}")
        if result.get("stage") == "kernels":
            raise ParityError(
                f"TensorFlow.js runs {model_dir}, but not with sigfix's kernels: {reason}."
            )
        raise NotVerifiedError(f"TensorFlow.js did not start: {reason}.")
    try:
        return TfjsRun(
            outputs=_answers(result["runs"]),
            mode=result["mode"],
            backend=result["backend"],
            tfjs_version=result["tfjs"],
            load_ms=result["load_ms"],
            times_ms=tuple(result["times_ms"]),
            kernels=tuple(KernelTime(**kernel) for kernel in result["kernels"]),
            fast=None if result["fast_runs"] is None else _answers(result["fast_runs"]),
        )
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as reason:
        raise NotVerifiedError(f"{_ODD_ANSWER}: {first_line(reason)}.") from reason


def _answers(runs: Any) -> list[Arrays]:
    return [{entry["name"]: read_tensor(entry) for entry in one["outputs"]} for one in runs]


def _known_names(model_dir: Path) -> str:
    """Say which names the signature in model.json has (a file that TF.js has just read)."""
    model = json.loads((Path(model_dir) / "model.json").read_text("utf-8"))
    signature = (model.get("userDefinedMetadata") or {}).get("signature") or model.get("signature")
    if not signature:
        return " model.json has no signature."
    inputs, outputs = (", ".join(signature.get(side) or {}) for side in ("inputs", "outputs"))
    return f" Its signature has the inputs {inputs or 'none'} and the outputs {outputs or 'none'}."
