"""What inspections come to: the exit code and the notes, without keeping one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sigfix.cli.settings import FailOn
from sigfix.paths import RemotePath
from sigfix.quoting import printable, quote_path
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.report import Inspection


class Outcome:
    """`targets` and `fail_on` as they were asked for."""

    def __init__(self, targets: tuple[str, ...], fail_on: FailOn) -> None:
        self._targets = targets
        self._fail_on = fail_on
        self._inspected = self._failed = self._unread = 0
        self._stops = self._fails = False
        self._first_unread = ""
        self._unchecked: list[str] = []

    def watch(self, inspections: Iterable[Inspection]) -> Iterator[Inspection]:
        """The same inspections, each counted as it passes."""
        for item in inspections:
            self._add(item)
            yield item

    def _add(self, item: Inspection) -> None:
        from sigfix.diagnosis import Severity

        self._inspected += 1
        never = self._fail_on is FailOn.NEVER
        if item.failure is not None:
            self._failed += 1
            self._stops |= not (item.failure.ignored or (never and bool(item.failure.code)))
        if not never:
            least = Severity(self._fail_on.value).weight
            self._fails |= any(found.severity.weight >= least for found in item.findings)
        if isinstance(item.path, RemotePath) and item.failure is None:
            self._first_unread = self._first_unread or str(item.path)
            self._unread += 1
        if self._targets and item.other is not None and item.other.kind in ("onnx", "keras"):
            self._unchecked.append(_unchecked(item, self._targets))

    @property
    def exit_code(self) -> int:
        """2 where a path could not be read, 1 where a finding is bad enough, else 0.

        A path without a model is a finding, too: `--ignore` and `--fail-on never` pass it, as long
        as another path was read.
        """
        if self._failed == self._inspected or self._stops:
            return 2
        return int(self._fails)

    def notes(self) -> list[str]:
        """What to say beside the report."""
        notes = list(self._unchecked)
        if self._unread:
            what, it, its, copy = f"{self._first_unread} was", "it", "its", "the copy"
            if self._unread > 1:
                what = f"{plural(self._unread, 'model')} at URLs were"
                it, its, copy = "them", "their", "the copies"
            notes.append(
                f"{what} read without {its} weights, and no command names {it}: copy {it} here, "
                f"and inspect {copy}, for what repairs {it}"
            )
        if self._inspected > 1 and self._failed == self._inspected:
            notes.append("Nothing was inspected: none of the paths could be read.")
        return [f"note: {printable(note)}\n" for note in notes]


def _unchecked(item: Inspection, targets: tuple[str, ...]) -> str:
    """A file whose operators are not TensorFlow's, so that no table has them."""
    assert item.other is not None
    way = f"sigfix convert {quote_path(item.path)} --tfjs   # says what cannot be converted"
    way = item.other.unusable or way
    return f"{item.path} was not checked against {' and '.join(targets)}: {way}"
