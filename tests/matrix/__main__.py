"""`make matrix`: every docTR preset through every stage; writes docs/matrix.md.

python -m tests.matrix [NAME ...]   (all presets by default; --help lists the options)

Results are kept in .matrix/, one JSON file a model: a run that was cut off goes on where it
stopped, and what another state of sigfix's code measured is measured again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from sigfix.presets import PRESETS
from tests.matrix import browser
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT, Result, code_digest, read_result, write_section
from tests.matrix.sections import NEEDS, SECTIONS
from tests.matrix.table import failures, page

PAGE = ROOT / "docs" / "matrix.md"
SECTION_LIMIT_SECONDS = 3600.0


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
    if browser.find_chromium() is None and not given.write_only:
        parser.error("no Chromium is installed (Debian and Ubuntu: apt install chromium)")
    if not given.write_only:
        for name in given.names or PRESETS:
            wanted = given.section or list(SECTIONS)
            _measure(name, wanted, given.cache, keep_old=given.keep_old)
    results = {name: read_result(name, given.cache) for name in PRESETS}
    given.page.write_text(page(results, describe_machine()), "utf-8")
    wrong = failures({name: found for name, found in results.items() if found})
    print(f"Wrote {given.page}", *wrong, sep="\n")
    return 1 if wrong else 0


def _measure(name: str, wanted: list[str], cache: Path, *, keep_old: bool) -> None:
    """Bring every wanted section of one model up to date."""
    digest = code_digest()
    for section in SECTIONS:
        known = read_result(name, cache)
        if section not in wanted or (_is_done(known, section, digest, keep_old)):
            continue
        before = NEEDS.get(section)
        if before is not None and _error(known, before):
            write_section(name, section, {"error": f"not measured: {before} failed"}, cache)
            continue
        start = time.perf_counter()
        command = [sys.executable, "-m", "tests.matrix.sections", section, name, str(cache)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                timeout=SECTION_LIMIT_SECONDS,
            )  # fmt: skip
            ended = f"ended with exit status {done.returncode}"
            error = "" if done.returncode in (0, 1) else ended
        except subprocess.TimeoutExpired:
            error = f"did not finish within {SECTION_LIMIT_SECONDS:g} s"
        if error:
            write_section(name, section, {"error": error}, cache)
        codes = {**(read_result(name, cache).get("code") or {}), section: digest}
        write_section(name, "code", codes, cache)
        said = _error(read_result(name, cache), section) or "ok"
        print(f"{name:36} {section:10} {time.perf_counter() - start:6.0f} s  {said}", flush=True)


def _is_done(known: Result, section: str, digest: str, keep_old: bool) -> bool:
    if section not in known or _error(known, section):
        return False
    return keep_old or known.get("code", {}).get(section) == digest


def _error(known: Result, section: str) -> str:
    value = known.get(section)
    return str(value.get("error", "")) if isinstance(value, dict) else ""


if __name__ == "__main__":
    sys.exit(main())
