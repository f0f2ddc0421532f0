"""What a rule and a finding are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from sigfix.quoting import quote, quote_path


class Severity(Enum):
    """How bad a finding is: `error` means that the model cannot be used as it is."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def weight(self) -> int:
        """3 for an error, 2 for a warning, 1 for a note."""
        return {"error": 3, "warning": 2, "note": 1}[self.value]


class Fixable(Enum):
    """Whether `sigfix repair` can mend it: always, given the right option, or never."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"


@dataclass(frozen=True)
class Rule:
    """One kind of fault. `code` is stable; the texts are what `sigfix explain` says.

    Commands in them are in backticks. `advice` is what an inspection says of a finding that no
    command mends: one line, without a command of sigfix, since none was found that works.
    """

    code: str
    name: str
    severity: Severity
    fixable: Fixable
    what: str
    why: str
    causes: str
    example: str
    fix: str
    advice: str

    @property
    def family(self) -> str:
        """The letters of the code: SIG, SPC, CON, BEH or TGT."""
        return self.code.rstrip("0123456789")

    @property
    def anchor(self) -> str:
        """Its heading on the findings page, as GitHub and mkdocs name it in an address."""
        return f"{self.code}-{self.name}".lower()


@dataclass(frozen=True)
class Finding:
    """A rule that a model breaks: where, in which words, and the command that mends it.

    `location` names the part of the model (`signature serving_default, input x`), '' for all of
    it. `fixable` can be less than the rule's where this model leaves no way. `command` is '' where
    no command mends it. `count` is how many the finding stands for, where they are many.
    """

    code: str
    severity: Severity
    message: str
    location: str = ""
    evidence: tuple[str, ...] = ()
    fixable: Fixable = Fixable.NEVER
    command: str = ""
    count: int = 1


class Command(str):
    """A command as text, and the `options` of `sigfix repair` that it was made of."""

    options: tuple[str, ...]


def repair_command(path: Path, *options: str) -> Command:
    """`sigfix repair PATH OPTIONS`, quoted for a shell; a path is never taken for an option."""
    command = Command(" ".join(["sigfix repair", quote_path(path), *map(quote, options)]))
    command.options = options
    return command
