"""`make matrix`: every docTR preset through every stage; writes docs/matrix.md.

python -m tests.matrix [NAME ...]   (all presets by default; --help lists the options)

Results are kept in .matrix/, one JSON file a model: a run that was cut off goes on where it
stopped, and what another state of sigfix's code measured is measured again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sigfix.presets import PRESETS
from sigfix.verifying.runners.chromium import find_chromium
from tests.matrix import backends
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, read_result
from tests.matrix.running import measure_sections
from tests.matrix.sections import SECTIONS
from tests.matrix.table import failures, page

PAGE = ROOT / "docs" / "matrix.md"


def main() -> int:
    """Measure, write the page; 1 where a model is not what it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: every preset")
    parser.add_argument("--section", action="append", choices=list(SECTIONS), help="only these")
    parser.add_argument("--keep-old", action="store_true", help="keep what older code measured")
    parser.add_argument("--write-only", action="store_true", help="measure nothing")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    parser.add_argument("--page", type=Path, default=PAGE, help="default: docs/matrix.md")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in PRESETS]
    if unknown:
        parser.error(f"there is no preset called {', '.join(unknown)}")
    if find_chromium() is None and not given.write_only:
        parser.error("no Chromium is installed (Debian and Ubuntu: apt install chromium)")
    if not given.write_only:
        for name in given.names or PRESETS:
            wanted = given.section or list(SECTIONS)
            measure_sections(name, wanted, given.cache, keep_old=given.keep_old)
    results = {name: read_result(name, given.cache) for name in PRESETS}
    more = backends.section({name: backends.known(name, given.cache) for name in PRESETS})
    given.page.write_text(f"{page(results, describe_machine())}\n{more}\n", "utf-8")
    wrong = failures({name: found for name, found in results.items() if found})
    print(f"Wrote {given.page}", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
