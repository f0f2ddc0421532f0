"""A runner for tests: `y = x * factor` in a real child process, without TensorFlow.

`started` and `SETTINGS` are what a kind of `running.RUNNERS` has. The child does what the
runnable's details say: `factor`, `faults` (what goes wrong, see `tiny_child`), `outputs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import Call, Finish, Runnable, Setting
from sigfix.verifying.runners.answering import in_child
from tests.verifying.wrong_answers import ANSWERS, TRUNCATED

KIND = "tiny"
CHILD, WRONG = "tests.verifying.tiny_child", "tests.verifying.wrong_answers"
SETTINGS: tuple[Setting, ...] = (
    Setting("other kernels", details={"kernels": "other"}),
    Setting("no optimisations", {"TINY_SETTING": "1"}, {"kernels": "none"}),
)


def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> AbstractContextManager[Finish]:
    """See `running.started`."""
    wrong = runnable.details["fault"] in (*ANSWERS, TRUNCATED)
    return in_child(WRONG if wrong else CHILD, runnable, cases, repeat, setting, seconds)


def tiny(
    place: Path, *, calls: int = 1, title: str = "", fault: str = "", **details: Any
) -> Runnable:
    """A model with `calls` ways to call it."""
    ways = tuple(Call({"number": number}, title=title) for number in range(calls))
    model: Mapping[str, Any] = {"fault": fault, **details}
    return Runnable(KIND, place / "model", ways, "Tiny", model)
