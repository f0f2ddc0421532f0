"""What was read of rendered documents, counted -> a part of docs/browser.md."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.documents.counting import equal, pairs, words_of
from tests.documents.reading import BACKENDS
from tests.documents.rendering import WORDS, Document
from tests.environments import ROOT
from tests.matrix.machine import describe_machine

PAGE, PART = ROOT / "docs" / "browser.md", "documents"
DOCTR = "docTR"
SAME_AIM, RECALL_AIM = 0.99, 0.95


@dataclass(frozen=True)
class Reading:
    """A page as docTR exports it, and the milliseconds that it took."""

    page: dict[str, Any]
    ms: float


@dataclass(frozen=True)
class Count:
    """Words over all documents.

    `same` are those that docTR reads, in one place with one text; `most` is how many docTR or the
    other found, page by page, whichever are more; `found` and `right` are those of the truth.
    """

    same: int
    most: int
    found: int
    right: int
    truth: int

    @property
    def sameness(self) -> float:
        """The part of the words that are docTR's."""
        return self.same / max(self.most, 1)

    @property
    def recall(self) -> float:
        """The part of the truth that is read right."""
        return self.right / max(self.truth, 1)


Readings = Mapping[str, Sequence[Reading]]


def count(documents: Sequence[Document], doctr: Sequence[Reading], own: Sequence[Reading]) -> Count:
    """One reader's words beside docTR's and the truth."""
    same = most = found = right = 0
    for document, one, other in zip(documents, doctr, own, strict=True):
        theirs, ours = words_of(one.page), words_of(other.page)
        same += equal(theirs, ours)
        most += max(len(theirs), len(ours))
        found += len(pairs(document.words, ours))
        right += equal(document.words, ours)
    return Count(same, most, found, right, sum(len(document.words) for document in documents))


def unlike(documents: Sequence[Document], readings: Readings) -> list[str]:
    """Who reads otherwise than docTR, a line each."""
    counts = _counts(documents, readings)
    return [
        f"{name}: {counted.same} of {counted.most} words are docTR's, less than {SAME_AIM:.0%}"
        for name, counted in counts.items()
        if counted.sameness < SAME_AIM
    ]


def unread(documents: Sequence[Document], readings: Readings) -> list[str]:
    """Who reads too little of what was written, a line each: where docTR does, the models do."""
    counts = _counts(documents, readings)
    return [
        f"{name}: {counted.right} of {counted.truth} words are read right, less than "
        f"{RECALL_AIM:.0%}"
        for name, counted in counts.items()
        if counted.recall < RECALL_AIM
    ]


def _counts(documents: Sequence[Document], readings: Readings) -> dict[str, Count]:
    return {name: count(documents, readings[DOCTR], own) for name, own in readings.items()}


def part(documents: Sequence[Document], readings: Readings) -> str:
    """The part of the page."""
    counts = _counts(documents, readings)
    lines = [
        "Written by `python -m tests.documents`. " + describe_machine()[0],
        describe_machine()[-1],
        "",
        f"{len(documents)} rendered documents of {WORDS[0]} to {WORDS[1]} words (paragraphs,",
        "columns, tables, forms, receipts; grey, blurred and noisy paper), none of which the",
        "sample models were trained on, read by a bundle of both sample models in headless",
        "Chromium, and by docTR's `ocr_predictor` in Python with the same weights. A word is",
        f"docTR's where text and place (IoU at least 0.5) are; the aim is {SAME_AIM:.0%}. Found",
        "and read right are those of the words that were written, capitals, accents and marks",
        f"included; the aim is {RECALL_AIM:.0%} read right, and what the sample models miss",
        "themselves is in docTR's row. WebGL and WebGPU are computed in software here: their times",
        "say nothing of a graphics card.",
        "",
        "| read by | as docTR reads them | found | read right | a document, median |",
        "|---|---|---|---|---|",
    ]
    for name, counted in counts.items():
        time = statistics.median(reading.ms for reading in readings[name])
        lines.append(
            f"| {name} | {counted.same} of {counted.most} ({counted.sameness:.2%}) | "
            f"{counted.found / counted.truth:.2%} | {counted.right} of {counted.truth} "
            f"({counted.recall:.2%}) | {f'{time / 1e3:.1f} s' if name != DOCTR else ''} |"
        )
    absent = [name for name in BACKENDS if name not in readings]
    if absent:
        lines += ["", f"Not measured: {', '.join(absent)}."]
    return "\n".join(lines)
