"""Be a child process of sigfix, the real one, whose answer then meets with a fault.

The job is `{"module", "job", "fault"}`: the module that is really run, its job, and a key of
`FAULTS`, or of `saved_faults.FAULTS` where the fault is in a file that it wrote.
"""

from __future__ import annotations

import os
import pickle
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sigfix import processes

Answer = dict[str, Any]


def as_it_is(answer: Answer) -> Answer:
    return answer


def lost(answer: Answer) -> Answer:
    os._exit(0)


def killed(answer: Answer) -> Answer:
    os.kill(os.getpid(), signal.SIGKILL)
    return answer


def truncated(answer: Answer) -> Answer:
    written = pickle.dumps(answer)
    Path(sys.argv[1]).with_name("answer.pickle").write_bytes(written[: len(written) // 2])
    os._exit(0)


def nothing(answer: Answer) -> Answer:
    return {"cases": []}


def no_dictionary(answer: Answer) -> Answer:
    return {}


def a_case_less(answer: Answer) -> Answer:
    return {**answer, "cases": answer["cases"][:-1]}


def no_outputs(answer: Answer) -> Answer:
    return _outputs(answer, lambda outputs: {})


def an_output_less(answer: Answer) -> Answer:
    return _outputs(answer, lambda outputs: dict(list(outputs.items())[:-1]))


def swapped(answer: Answer) -> Answer:
    def swap(outputs: dict[Any, Any]) -> dict[Any, Any]:
        names = sorted(outputs)
        return {name: outputs[other] for name, other in zip(names, reversed(names), strict=True)}

    return _outputs(answer, swap)


def off_by_a_hundredth(answer: Answer) -> Answer:
    return _values(answer, lambda value: value + np.float32(0.01) * np.ptp(value))


def zeros(answer: Answer) -> Answer:
    return _values(answer, np.zeros_like)


def empty(answer: Answer) -> Answer:
    return _values(answer, lambda value: value[:0])


def not_a_number(answer: Answer) -> Answer:
    return _values(answer, lambda value: np.full_like(value, np.nan))


def raises(answer: Answer) -> Answer:
    raise RuntimeError("planted")


FAULTS: dict[str, Callable[[Answer], Answer]] = {
    function.__name__: function
    for function in (
        as_it_is, lost, killed, truncated, nothing, no_dictionary, a_case_less, no_outputs,
        an_output_less, swapped, off_by_a_hundredth, zeros, empty, not_a_number, raises,
    )
}  # fmt: skip


def _outputs(answer: Answer, change: Callable[[dict[Any, Any]], dict[Any, Any]]) -> Answer:
    """Every dictionary of outputs, of the last call alone where there are several."""
    cases = []
    for case in answer["cases"]:
        *others, last = case["outputs"]
        cases.append({**case, "outputs": (*others, tuple(change(dict(one)) for one in last))})
    return {**answer, "cases": cases}


def _values(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """The first output of each dictionary."""

    def changed(outputs: dict[Any, Any]) -> dict[Any, Any]:
        first = sorted(outputs)[0]
        return {**outputs, first: change(np.asarray(outputs[first]))}

    return _outputs(answer, changed)


def main() -> None:
    place = Path(sys.argv[1])
    planted = pickle.loads(place.read_bytes())
    place.write_bytes(pickle.dumps(planted["job"]))
    fault, real = planted["fault"], processes.do_job

    def answer(work: Callable[[Any], Answer], job: Any) -> Answer:
        found = work(job)
        if fault in FAULTS:
            return FAULTS[fault](found)
        from tests.planting import saved_faults

        saved_faults.FAULTS[fault](job, found)
        return found

    processes.do_job = lambda work: real(lambda job: answer(work, job))
    runpy.run_module(planted["module"], run_name="__main__")


if __name__ == "__main__":
    main()
