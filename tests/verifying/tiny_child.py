"""The child of `tiny_runner`: answers `y = x * factor`, or does what `fault` says.

`noise` is by kernels: what is added to the answer where the run's setting has these, and `swaps`
the place of a number that changes places with the next one; `ran` is what it says of how it ran.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np

from sigfix.verifying.runners.answering import Function, work


def load(job: dict[str, Any]) -> list[Function]:
    """One function a call."""
    model = job["model"]
    fault, kernels = model["fault"], model.get("kernels", "plain")
    if kernels in model.get("lacks", ()):
        raise RuntimeError(f"no {kernels} kernels here")
    _at_start(fault)
    job["details"].update(model.get("ran", {}))
    added = model.get("noise", {}).get(kernels, 0.0)
    answered = [0]

    def run(fed: dict[str, Any]) -> dict[str, Any]:
        answered[0] += 1
        _at_call(fault, answered[0])
        value = np.asarray(fed["x"] * model.get("factor", 1))
        if "dtype" in model:
            value = value.astype(model["dtype"])
        step = value.dtype.type(added)
        value = np.concatenate([value.ravel()[:1] + step, value.ravel()[1:]]).reshape(value.shape)
        if kernels in model.get("swaps", {}):
            place = model["swaps"][kernels]
            value[[place, place + 1]] = value[[place + 1, place]]
        if fault == "random":
            value = value + answered[0]
        return {} if fault == "answers nothing" else {"y": value}

    return [run] * (len(job["calls"]) - (fault == "lost call"))


def _at_start(fault: str) -> None:
    if fault == "raises while loading":
        raise OSError("no such weights\nand a second line")
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "exits without an answer":
        os._exit(0)
    if fault == "prints and exits":
        print("out of paper", flush=True)
        os._exit(3)
    if fault == "never answers":
        time.sleep(600)


def _at_call(fault: str, number: int) -> None:
    if fault == "killed at the second call" and number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "raises at the second call" and number == 2:
        raise ValueError("x is not what it was")
    if fault == "never returns":
        time.sleep(600)


if __name__ == "__main__":
    work(load)
