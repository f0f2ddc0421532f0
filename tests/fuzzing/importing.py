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
from sigfix.pipeline import prepare
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.repair import RepairOptions, repair
from sigfix.planning import Choices
from sigfix.reading import read_any
from sigfix.reading.folder import refuse_strangers


def open_and_simplify(path: Path, temporary: Path) -> None:
    """What `convert` does with an ONNX file in a child process, before TensorFlow is needed.

    That child may end as it likes, and `convert` says so.
    """
    from sigfix.importing.onnx_child import work

    refuse_strangers(path, read_any(path).problems)
    job = {"file": path, "folder": temporary, "nhwc": False, "preset": None, "characters": None,
           "normalize": False, "sizes": {}}  # fmt: skip
    try:
        work(job)
    except SigfixError:
        raise
    except Exception as error:
        raise ConversionError(f"the ONNX model could not be simplified: {_last(error)}") from error
    finally:
        for made in temporary.iterdir():
            made.unlink()


def _last(error: Exception) -> str:
    """What `processes` takes from a child that an error ended: the last line of its traceback."""
    return traceback.format_exception_only(error)[-1].strip()


@contextmanager
def _in_this_process() -> Iterator[None]:
    """Let what `convert` starts beside TensorFlow's import run in this process."""
    from sigfix.importing.onnx_child import work

    class Child:
        def __init__(self, job: dict[str, Any]) -> None:
            self.job = job

        def answer(self) -> Any:
            try:
                return work(self.job)
            except SigfixError:
                raise
            except Exception as error:
                raise ProcessError(f"the process ended with 1: {_last(error)}") from error

    @contextmanager
    def started(module: str, job: dict[str, Any]) -> Iterator[Child]:
        yield Child(job)

    kept = prepare.started
    prepare.started = started  # type: ignore[assignment]
    try:
        yield
    finally:
        prepare.started = kept


def convert_onnx(path: Path, out: Path) -> None:
    """`convert --tfjs --no-verify` of an ONNX file, all of it."""
    with _in_this_process():
        convert(path, out / "tfjs", ConvertOptions(verify=False))


def repair_onnx(path: Path, out: Path, choices: Choices) -> None:
    """`repair --no-verify` of an ONNX file, all of it."""
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
