"""The two sides of a run in a child process: cases go there, answers come back.

The job is `{"cases", "repeat", "feeds", "titles", ...}`; where `cases` is None the child waits for
them in a file, so that it can load its model while somebody else finds out what to feed. The
answer is `{"cases": [...], "notes": [...], "details": {...}}`, each case `{"inputs", "outputs"}`
or `{"failures"}`.
"""

from __future__ import annotations

import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sigfix import processes
from sigfix.errors import ProcessError, SigfixError
from sigfix.verifying.failures import shortened
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import (
    CannotRunError,
    CaseRun,
    Finish,
    RefusedError,
    Run,
    Runnable,
    Setting,
    more_time,
)


class ModelError(Exception):
    """What a model's own software said, in the words that are passed on: `Type: message`."""


LATER = "cases.pickle"
_PAUSE_SECONDS = 0.02

Function = Callable[[dict[str, Any]], Mapping[Any, Any]]
"""Takes a callable's own inputs, returns its outputs by its own names."""


@contextmanager
def in_child(
    module: str,
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
    explain: Callable[[str], str] = shortened,
) -> Iterator[Finish]:
    """Start `module` on a runnable. `explain` turns the software's message into a sentence."""
    job = {
        "path": str(runnable.path),
        "model": {**runnable.details, **setting.details},
        "calls": [dict(call.details) for call in runnable.calls],
        "feeds": [call.feed for call in runnable.calls],
        "titles": [call.title for call in runnable.calls],
        "cases": cases,
        "repeat": repeat,
    }
    with processes.started(module, job, environment=setting.environment) as child:

        def finish(later: Sequence[Case | Given] | None) -> Run:
            if later is not None:
                place = child.place / LATER
                place.with_suffix(".unfinished").write_bytes(pickle.dumps(list(later)))
                place.with_suffix(".unfinished").replace(place)
            try:
                answer = child.answer(seconds)
            except CannotRunError:
                raise
            except SigfixError as error:
                late = isinstance(error, ProcessError) and error.reason.startswith("stopped after")
                raise CannotRunError(
                    f"{runnable.title} ({runnable.path}) did not run: {error.message}",
                    more_time(seconds) if late else error.hint,
                ) from error
            return _read(answer, runnable, explain)

        yield finish


def _read(answer: processes.Answer, runnable: Runnable, explain: Callable[[str], str]) -> Run:
    what = f"{runnable.title} ({runnable.path})"
    if "error" in answer:
        raise CannotRunError(f"{what} cannot be run: {explain(str(answer['error']))}")
    try:
        cases = [dict(case) for case in answer["cases"]]
        refused = next((case["failures"] for case in cases if "outputs" not in case), None)
        runs = () if refused is not None else tuple(_case_run(case) for case in cases)
    except (KeyError, TypeError, ValueError) as error:
        raise CannotRunError(
            f"{what} gave an answer that cannot be read: {_said(error)}"
        ) from error
    if refused is not None:
        why = str(refused[0]) if refused else "no input could be made up"
        accepted = [dict(case["inputs"]) for case in cases if "outputs" in case]
        raise RefusedError(f"{what} refuses the inputs: {explain(why)}", accepted)
    return Run(runs, tuple(answer.get("notes", ())), dict(answer.get("details", {})))


def _case_run(case: Mapping[str, Any]) -> CaseRun:
    outputs = tuple(tuple(dict(one) for one in repeats) for repeats in case["outputs"])
    return CaseRun(dict(case["inputs"]), outputs)


def work(load: Callable[[dict[str, Any]], Sequence[Function]]) -> None:
    """Be the child: `load` the job's callables, and answer its cases with them.

    What `load` adds to the job's `notes` and `details` is told with them. Whatever the model raises
    is an answer, said by the parent.
    """

    def answered(job: dict[str, Any]) -> processes.Answer:
        notes: list[str] = []
        job["notes"] = notes
        details: dict[str, str] = {}
        job["details"] = details
        try:
            functions = load(job)
            cases = job["cases"] if job["cases"] is not None else _awaited()
            answers = [_first_accepted(job, functions, case) for case in cases]
            return {"cases": answers, "notes": notes, "details": details}
        except SigfixError:
            raise
        except Exception as error:
            return {"error": _said(error)}

    processes.do_job(answered)


def _awaited() -> Sequence[Case | Given]:
    file = Path(sys.argv[1]).with_name(LATER)
    while not file.is_file():
        time.sleep(_PAUSE_SECONDS)
    found: Sequence[Case | Given] = pickle.loads(file.read_bytes())
    return found


def _first_accepted(
    job: dict[str, Any], functions: Sequence[Function], case: Case | Given
) -> dict[str, Any]:
    """What all calls return for the first attempt that all of them accept."""
    failures: list[str] = []
    attempts = case.attempts()
    while True:
        try:
            inputs = next(attempts)
        except StopIteration:
            return {"failures": failures}
        through = ""
        try:
            outputs = []
            for function, feed, title in zip(functions, job["feeds"], job["titles"], strict=True):
                through = f"through {title}: " if title else ""
                fed = feed(inputs)
                outputs.append(tuple(dict(function(fed)) for _ in range(job["repeat"])))
            return {"inputs": inputs, "outputs": tuple(outputs)}
        except Exception as error:
            failures.append(through + _said(error))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ModelError) else f"{type(error).__name__}: {error}"
