"""Run a TensorFlow.js graph model as one side of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sigfix.errors import ParityError
from sigfix.verifying.feeding import AsTheyAre, Feed
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import (
    TFJS,
    Call,
    CannotRunError,
    CaseRun,
    Finish,
    Run,
    Runnable,
    Setting,
)
from sigfix.verifying.runners import tfjs
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes
from sigfix.wording import plural

SETTINGS = (Setting("TensorFlow.js on its cpu backend", details={"backend": "cpu"}),)
WITH_KERNELS = "sigfix's kernels"
"""The second call of a model; it is left out where the kernels cannot be used."""
MOST_ATTEMPTS = 6
"""Node.js is started for each: a model that refuses so many takes made-up inputs at all."""


def tfjs_model(folder: Path, outputs: Sequence[str], feed: Feed = AsTheyAre()) -> Runnable:  # noqa: B008
    """A TensorFlow.js directory, of which `outputs` are read; plain, and with sigfix's kernels."""
    details = {"outputs": tuple(outputs)}
    calls = (Call(details, feed), Call(details, feed, WITH_KERNELS))
    return Runnable(TFJS, folder.resolve(), calls, TFJS)


@contextmanager
def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> Iterator[Finish]:
    """See `running.started`. Node.js is started once the cases are known."""

    def finish(later: Sequence[Case | Given] | None) -> Run:
        asked = cases if later is None else later
        assert asked is not None
        if all(isinstance(case, Given) for case in asked):
            return _together(runnable, asked, repeat, setting, seconds)
        runs = [_first_accepted(runnable, case, repeat, setting, seconds) for case in asked]
        return Run(tuple(runs))

    yield finish


def _together(
    runnable: Runnable,
    cases: Sequence[Case | Given],
    repeat: int,
    setting: Setting,
    seconds: float,
) -> Run:
    """All cases in one process: each has one set of inputs."""
    call = runnable.calls[0]
    given = [next(case.attempts()) for case in cases]
    fed = [in_tfjs_dtypes(call.feed(inputs)) for inputs in given for _ in range(repeat)]
    backend = str(setting.details.get("backend", "wasm"))
    try:
        ran = tfjs.run(
            runnable.path,
            fed,
            list(call.details["outputs"]),
            backend,
            kernels=True,
            time_limit=seconds,
        )
    except ParityError as error:
        raise CannotRunError(error.message, error.hint) from error
    if len(ran.outputs) != len(fed):
        raise CannotRunError(
            f"{TFJS} ({runnable.path}) answered {len(ran.outputs)} of "
            f"{plural(len(fed), 'call')}: nothing "
            "can be said of it."
        )
    ways = (ran.outputs, ran.outputs if ran.fast is None else ran.fast)
    answers = [
        tuple(tuple(way[at : at + repeat]) for way in ways) for at in range(0, len(fed), repeat)
    ]
    runs = zip(given, answers, strict=True)
    how = {"backend": ran.backend, "mode": ran.mode}
    left_out = (WITH_KERNELS,) if ran.fast is None else ()
    made = tuple(CaseRun(inputs, answer) for inputs, answer in runs)
    return Run(made, details=how, left_out=left_out)


def _first_accepted(
    runnable: Runnable, case: Case | Given, repeat: int, setting: Setting, seconds: float
) -> CaseRun:
    failure = "no input could be made up"
    for number, inputs in enumerate(case.attempts()):
        if number == MOST_ATTEMPTS:
            break
        try:
            return _together(runnable, [Given(inputs)], repeat, setting, seconds).cases[0]
        except CannotRunError as error:
            failure = failure if number else error.message
    raise CannotRunError(failure)
