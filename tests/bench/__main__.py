"""`make bench`: every figure is a ratio of two things measured in this run, in turns.

Times on a shared machine wander by a factor of two within minutes; the ratio of two medians
taken in alternation does not.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import inference, inspection, inspection_scale, repair
from tests.bench.ratio import Ratio

SECTIONS: dict[str, Callable[[Path], list[Ratio]]] = {
    "inspect": inspection.measure,
    "inspect-scale": inspection_scale.measure,
    "inference": inference.measure,
    "repair": repair.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="default: all")
    chosen = parser.parse_args().sections or list(SECTIONS)
    print(f"{'what':44} {'against':26} {'ratio':>7} {'aim':>6}  medians")
    with tempfile.TemporaryDirectory(prefix="sigfix-bench-") as temporary:
        for section in chosen:
            for ratio in SECTIONS[section](Path(temporary)):
                print(ratio.line(), flush=True)


if __name__ == "__main__":
    main()
