"""Twenty documents by a bundle in Chromium, beside docTR's Python and the truth.

    python -m tests.documents [--count N] [--backends NAME ...] [--site FOLDER]

With both sample weights; two parts of docs/browser.md are written of it, what is read and what is
transferred. What was read is kept in .matrix/documents: a run that was cut off goes on
where it stopped; --fresh forgets it. WebGL and WebGPU are computed in software, minutes a document.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.documents.reading import (
    BACKENDS,
    Page,
    missing,
    read_in_browser,
    read_with_doctr,
)
from tests.documents.rendering import Document, documents
from tests.documents.sites import site_in
from tests.documents.table import DOCTR, PAGE, PART, Reading, part, unlike, unread
from tests.documents.transfer import TRANSFER, too_large
from tests.documents.transfer import part as transfer_of
from tests.matrix.results import CACHE
from tests.tools.marked import write_part

COUNT = 20


class Kept:
    """What was read, a file a document and a reader."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, reader: str, document: Document, page: Page, ms: float = 0.0) -> None:
        """Write it down."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{reader}-{document.seed}.json"
        file.write_text(json.dumps({"page": page, "ms": ms}), "utf-8")
        print(f"{reader}: {document.seed} ({ms / 1e3:.1f} s)", flush=True)

    def read(self, reader: str, document: Document) -> Reading | None:
        """What was written down, if anything was."""
        file = self.folder / f"{reader}-{document.seed}.json"
        return Reading(**json.loads(file.read_text("utf-8"))) if file.is_file() else None

    def lacking(self, reader: str, of: Sequence[Document]) -> list[Document]:
        """Documents that a reader has not read."""
        return [document for document in of if self.read(reader, document) is None]


def main() -> int:
    """Read, write the page; 1 where an aim is not met."""
    # Ended from outside it must not leave a browser that goes on computing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="python -m tests.documents")
    parser.add_argument("--count", type=int, default=COUNT, help="of documents")
    parser.add_argument("--backends", nargs="+", choices=list(BACKENDS), default=list(BACKENDS))
    parser.add_argument("--site", type=Path, help="a bundle that is there already")
    parser.add_argument("--fresh", action="store_true", help="forget what was read before")
    parser.add_argument("--cache", type=Path, default=CACHE / "documents")
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args()
    if absent := missing():
        parser.error(f"examples/weights lacks {', '.join(absent)}")
    if given.fresh:
        shutil.rmtree(given.cache, ignore_errors=True)
    chosen, kept = documents(given.count), Kept(given.cache)
    for document, page_read in zip(
        lacking := kept.lacking(DOCTR, chosen), read_with_doctr(lacking), strict=True
    ):
        kept.keep(DOCTR, document, page_read)
    site = given.site or site_in(given.cache)
    for backend in given.backends:
        if lacking := kept.lacking(backend, chosen):
            read_in_browser(
                site, lacking, backend,
                lambda document, found, ms, name=backend: kept.keep(name, document, found, ms),
            )  # fmt: skip
    readings = {
        reader: [read for document in chosen if (read := kept.read(reader, document))]
        for reader in (DOCTR, *BACKENDS)
    }
    whole = {name: read for name, read in readings.items() if len(read) == len(chosen)}
    write_part(given.page, PART, part(chosen, whole))
    write_part(given.page, TRANSFER, transfer_of(site))
    asked = {name: whole[name] for name in (DOCTR, *given.backends)}
    wrong = [*unlike(chosen, asked), *unread(chosen, asked), *too_large(site)]
    print(f"Wrote {given.page}", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
