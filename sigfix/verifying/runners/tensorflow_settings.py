"""TensorFlow's two sets of CPU kernels, oneDNN's and its own, as settings of a run.

TensorFlow 2.16 and later switches oneDNN on by itself on x86 processors with AVX512-VNNI or newer,
and nowhere else. The two sets round differently, and each computes operators that the other
refuses (https://github.com/tensorflow/tensorflow: tensorflow/core/util/port.cc and util.cc).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from sigfix.verifying.failures import lacks_kernel
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import CannotRunError, Finish, Run, Runnable, Setting
from sigfix.verifying.runners.answering import in_child

VARIABLE = "TF_ENABLE_ONEDNN_OPTS"
ONEDNN = tuple(
    Setting(f"TensorFlow with {VARIABLE}={value}", {VARIABLE: value}) for value in ("1", "0")
)
SETTINGS = (*ONEDNN, Setting("TensorFlow in float64", details={"double": True}))


def in_effect() -> dict[str, str]:
    """`VARIABLE` as TensorFlow in this process has settled it, if by the processor alone.

    Empty where this TensorFlow does not say.
    """
    with suppress(ImportError, AttributeError):
        from tensorflow.python.util import _pywrap_util_port

        return {VARIABLE: str(int(_pywrap_util_port.IsMklEnabled()))}
    return {}


@contextmanager
def started(
    module: str,
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> Iterator[Finish]:
    """Start `module`, and once more with the other kernels where TensorFlow's own lack one."""
    with in_child(module, runnable, cases, repeat, setting, seconds) as first:

        def finish(later: Sequence[Case | Given] | None) -> Run:
            try:
                return first(later)
            except CannotRunError as error:
                if not lacks_kernel(error.message) or VARIABLE in setting.environment:
                    raise
                lack = error.message
            fed = cases if later is None else later
            for other in ONEDNN:
                both = replace(setting, environment={**setting.environment, **other.environment})
                with in_child(module, runnable, fed, repeat, both, seconds) as again:
                    try:
                        run = again(None)
                    except CannotRunError:
                        continue
                (value,) = other.environment.values()
                note = (
                    f"TensorFlow runs {runnable.path} on this machine only with "
                    f"{VARIABLE}={value}, so it was run with that: {lack}"
                )
                return replace(run, notes=(note, *run.notes))
            raise CannotRunError(
                f"{lack}. TensorFlow on this machine has no kernel for that, with "
                f"{VARIABLE}=1 or without.",
                "--no-verify   # does not run it",
            )

        yield finish
