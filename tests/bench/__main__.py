"""`make bench`: every figure is a ratio of two things measured in this run, in turns.

Times on a shared machine wander by a factor of two within minutes; the ratio of two medians
taken in alternation does not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from sigfix.presets import PRESETS
from tests.bench import conversion, inference, inspection, inspection_scale, ocr, repair, speed_page
from tests.bench.ratio import Ratio
from tests.matrix.results import CACHE, ROOT

SECTIONS: dict[str, Callable[[Path], list[Ratio]]] = {
    "inspect": inspection.measure,
    "inspect-scale": inspection_scale.measure,
    "repair": repair.measure,
}
INFERENCE = "inference"
CONVERSION = "conversion"
OCR = "ocr"
SPEED_PAGE = ROOT / "docs" / "speed.md"
CONVERSION_PAGE = ROOT / "docs" / "conversion-speed.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = [*SECTIONS, CONVERSION, OCR, INFERENCE]
    parser.add_argument("sections", nargs="*", choices=[*names, []], help="default: all")
    parser.add_argument("--only", nargs="+", metavar="PRESET", help="inference of these alone")
    parser.add_argument("--write", action="store_true", help="write the pages in docs too")
    parser.add_argument(
        "--rounds", type=int, default=conversion.ROUNDS, help="of conversion and ocr"
    )
    parser.add_argument("--models", nargs="+", default=(), help="conversion of these alone")
    parser.add_argument("--cache", type=Path, default=CACHE, help="default: .matrix")
    given = parser.parse_args()
    chosen = given.sections or names
    print(f"{'what':44} {'against':26} {'ratio':>7} {'aim':>6}  medians")
    with tempfile.TemporaryDirectory(prefix="sigfix-bench-") as temporary:
        for section in (section for section in SECTIONS if section in chosen):
            for ratio in SECTIONS[section](Path(temporary)):
                print(ratio.line(), flush=True)
        if CONVERSION in chosen:
            runs = conversion.measure(Path(temporary), given.rounds, given.models, given.cache)
            for ratio in conversion.ratios(runs):
                if ratio.what.startswith(conversion.MEAN):
                    print(ratio.line(), flush=True)
            if given.write:
                CONVERSION_PAGE.write_text(conversion.page(runs), "utf-8")
                print(f"Wrote {CONVERSION_PAGE}")
        if OCR in chosen:
            if reason := ocr.unmeasurable():
                print(f"{OCR}: not measured, {reason}.")
            else:
                readers = ocr.measure(Path(temporary), given.rounds, given.cache)
                print(*(ratio.line() for ratio in ocr.ratios(readers)), sep="\n", flush=True)
                if given.write:
                    ocr.write(readers)
                    print(f"Wrote {ocr.PAGE}")
    if INFERENCE in chosen:
        inference.measure(given.only or list(PRESETS), given.cache)
    if given.write and INFERENCE in chosen:
        SPEED_PAGE.write_text(speed_page.page(given.cache), "utf-8")
        print(f"Wrote {SPEED_PAGE}")


if __name__ == "__main__":
    main()
