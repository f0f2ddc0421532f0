"""Hostile ONNX files on their way into TensorFlow, and Keras files up to where Keras loads them.

Nothing of a model is compared or answers anything: ONNX graphs are checked, simplified (which
computes constants) and traced, Keras files planned and staged.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sigfix import processes
from sigfix.errors import ConversionError, ProcessError, SigfixError
from sigfix.pipeline import simplifying
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.repair import RepairOptions, repair
from sigfix.pipeline.simplifying import OnnxChoice
from sigfix.planning import Choices
from sigfix.reading import read_any
from sigfix.reading.folder import refuse_strangers
from tests.fuzzing.forks import Lost, in_fork
from tests.fuzzing.watching import Expired

SECONDS, MEMORY = 20, 3 << 30
"""Of one file: work, and bytes beyond what there is. Larger models take some hundredths of it."""


def _in_child(job: dict[str, Any]) -> Any:
    """What the process that opens and simplifies ONNX files answers, done in a fork.

    It may end as it likes (onnx is native code), and the commands say so; only not late.
    """
    from sigfix.importing.onnx_child import work

    try:
        return in_fork(lambda: work(job), SECONDS, MEMORY)
    except SigfixError:
        raise
    except Lost as lost:
        if lost.seconds > SECONDS - 1:
            raise Expired(f"more than {SECONDS} s of work in a process") from lost
        raise ProcessError(str(lost)) from lost
    except Exception as error:
        last = traceback.format_exception_only(error)[-1].strip()
        raise ProcessError(f"the process ended with 1: {last}") from error


def open_and_simplify(path: Path, temporary: Path) -> None:
    """What the commands do with an ONNX file before TensorFlow is needed."""
    refuse_strangers(path, read_any(path).problems)
    try:
        _in_child({"file": path, "folder": temporary, **vars(OnnxChoice())})
    except ProcessError as error:
        raise ConversionError(f"the ONNX model could not be simplified: {error}") from error
    finally:
        for made in temporary.iterdir():
            made.unlink()


@contextmanager
def _in_this_process() -> Iterator[None]:
    """Let what is started beside TensorFlow's import be a fork, which has onnx already."""

    class Child:
        def __init__(self, job: dict[str, Any]) -> None:
            self.job = job

        def answer(self) -> Any:
            return _in_child(self.job)

    @contextmanager
    def started(module: str, job: dict[str, Any]) -> Iterator[Child]:
        yield Child(job)

    kept = simplifying.started
    simplifying.started = started  # type: ignore[assignment]
    try:
        yield
    finally:
        simplifying.started = kept


def convert_onnx(path: Path, out: Path) -> None:
    """`convert --tfjs --no-verify` of an ONNX file, all of it."""
    with _in_this_process():
        convert(path, out / "tfjs", ConvertOptions(verify=False))


def repair_onnx(path: Path, out: Path, choices: Choices) -> None:
    """`repair --no-verify` of an ONNX file, all of it."""
    with _in_this_process():
        repair(path, out / "imported", choices, RepairOptions(verify=False))


def repair_keras(path: Path, out: Path, choices: Choices) -> None:
    """`repair --no-verify` of a Keras file, but for what Keras does in a child process."""

    def no_process(module: str, job: dict[str, Any], seconds: float) -> dict[str, Any]:
        return {"error": "it is not loaded here"}

    kept = processes.run_process
    processes.run_process = no_process  # type: ignore[assignment]
    try:
        repair(path, out / "result", choices, RepairOptions(verify=False))
    finally:
        processes.run_process = kept
