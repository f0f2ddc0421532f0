"""Measure what is missing or outdated of a model, section by section, each in its own process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.matrix.results import CACHE, ROOT, Result, code_digest, read_result, write_section
from tests.matrix.sections import NEEDS, SECTIONS

SECTION_LIMIT_SECONDS = 3600.0


def measure_sections(
    name: str, wanted: Sequence[str], cache: Path = CACHE, *, keep_old: bool = False
) -> None:
    """Bring every wanted section of one model up to date."""
    digest = code_digest()
    for section in SECTIONS:
        known = read_result(name, cache)
        if section not in wanted or (is_done(known, section, digest, keep_old)):
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


def is_done(known: Result, section: str, digest: str, keep_old: bool) -> bool:
    """Whether a section was measured without an error, and by the code of this digest."""
    if section not in known or _error(known, section):
        return False
    return keep_old or known.get("code", {}).get(section) == digest


def _error(known: Result, section: str) -> str:
    value = known.get(section)
    return str(value.get("error", "")) if isinstance(value, dict) else ""
