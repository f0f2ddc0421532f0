"""Expected failures: what is wrong, where, and what to do next.

Anything raised on purpose is a `SigfixError`; the command line turns it into one
message and its exit code. Any other exception is a bug in sigfix.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from sigfix.extras import install_command


class SigfixError(Exception):
    """An expected failure.

    `message` says what is wrong and where, `hint` what to do next (usually a command).
    `exit_code` is 2 when sigfix could not do its job (usage, unreadable input, a missing
    package) and 1 when it did, and the model is not right.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[Any, ...]:
        """Come back from a child process as it was, whatever its own `__init__` takes."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[SigfixError], arguments: tuple[Any, ...], state: Any) -> SigfixError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(state)
    return error


class UsageError(SigfixError):
    """Options that contradict each other, or a value that cannot be understood."""


class UnreadableModelError(SigfixError):
    """The input is not a model that sigfix can read: absent, truncated, of another kind.

    `code` is the finding that `sigfix explain` knows this fault by.
    """

    def __init__(self, message: str, hint: str | None = None, code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code


class OutputError(SigfixError):
    """The result cannot be written: destination exists, no permission, disk full."""


class MissingExtraError(SigfixError):
    """A package that a command needs is not installed; the hint names a Python that can have it."""

    def __init__(self, what: str, extra: str, cause: str | None = None) -> None:
        detail = f" ({cause})" if cause else ""
        super().__init__(
            f"{what} needs packages that are not installed{detail}.",
            install_command(extra),
        )


class WeightsUnavailableError(SigfixError):
    """Pretrained weights could not be fetched from `url`.

    `file` is what they are called there, and `option` takes a file in their place.
    """

    def __init__(self, message: str, url: str, file: str, option: str = "--weights") -> None:
        super().__init__(message)
        self.url = url
        self.file = file
        self.option = option
        self.hint = self.way_on(f"{option} {file}")

    def way_on(self, command: str) -> str:
        """What to do without a network: a command that ends in `--weights FILE`."""
        return (
            f"download {self.url} where there is a network, and: {command}\n"
            f"       ({self.option} random tries the tool without any)"
        )


class OtherPresetError(UsageError):
    """Weights are those of the preset `found`, and `asked` was to be built."""

    def __init__(self, message: str, asked: str, found: str) -> None:
        super().__init__(message, f"--preset {found}")
        self.asked = asked
        self.found = found


class BlockedError(SigfixError):
    """The model was read, but the evidence does not allow what was asked for."""

    exit_code = 1


class ConversionError(SigfixError):
    """The model uses something that the target format cannot express."""

    exit_code = 1


class ParityError(SigfixError):
    """The result was computed and differs from the source, or nothing could be compared."""

    exit_code = 1


class ProcessError(SigfixError):
    """A process that sigfix started gave no whole answer: lost, killed, out of time or memory.

    `reason` is the clause that says why, for a message that says what the process was for.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"A process that sigfix started did not do its work: {reason}.")
        self.reason = reason


class NotVerifiedError(SigfixError):
    """A check could not run: nothing is known about the result, neither good nor bad.

    Nothing is published then, so the exit code is that of a model that is not right.
    """

    exit_code = 1


class FaultError(SigfixError):
    """A fault of sigfix itself: an exception that nobody expected, in one message."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            f"sigfix failed with {type(error).__name__}: {first_line(error).rstrip('.')}"
            f"{_place_of(error)}. This is a fault of sigfix.",
            "sigfix --debug COMMAND   # shows the traceback, which is worth a report",
        )


def _place_of(error: Exception) -> str:
    """` (file, line N, in function)`: the last of sigfix's own lines that led to an error."""
    package = Path(__file__).parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if package in Path(frame.filename).parents]
    if not own:
        return ""
    file = Path(own[-1].filename).relative_to(package.parent).as_posix()
    return f" ({file}, line {own[-1].lineno}, in {own[-1].name})"


def first_line(error: Exception, most: int = 300) -> str:
    """The first line of what another library says, or the kind of its error where it is silent."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:most] if lines else type(error).__name__
