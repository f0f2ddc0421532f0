"""What a row of the table of messages is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownMessage:
    """An error message of another program, in any text that `pattern` is found in.

    `codes` are the findings that can be behind it, the likeliest first; none where it is no fault
    that `sigfix inspect` could find in a model. `advice` says what to do, with commands in
    backticks. `of_tensorflow` narrows it to messages whose first group is an operator that
    TensorFlow has (True) or has not (False).
    """

    tool: str
    pattern: str
    codes: tuple[str, ...]
    meaning: str
    advice: str = ""
    of_tensorflow: bool | None = None
