"""Random networks through all passes: python -m tests.fuzzing.networks --seconds 1800

Each network is optimised with all passes and without one of them, in turn, and both are run in
TensorFlow. Ends with an exit code of 1 at the first that computes other numbers, and says its seed,
its steps and the passes without which it is right.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time

from sigfix.optimising import passes
from sigfix.optimising.bisecting import passes_at_fault
from tests.optimising.network_checks import Network, network

NAMES = [each.name for each in passes.PASSES]
LEAST_TELLING = 0.8
"""The part of the networks that must say something."""


def fault(found: Network, without: tuple[str, ...], target: str) -> str:
    """What is wrong with a network, in words; '' where nothing is."""
    try:
        worst = found.difference(without, target)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    else:
        if worst < found.tolerance:
            return ""
        said = f"off by {worst:.1e} of the range, {found.tolerance:.1e} is allowed"
    left = [name for name in NAMES if name not in without]
    culprits = passes_at_fault(left, lambda more: found.is_right({*without, *more}, target))
    names = "no pass: wrong without any" if culprits is None else ", ".join(sorted(culprits))
    return (
        f"seed {found.seed}: {said}\n"
        f"without: {', '.join(without) or 'none'}; target: {target}\n"
        f"steps: {', '.join(found.steps)}\n"
        f"right when these are left out as well: {names}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=0, help="of the first network")
    parser.add_argument("--keep-going", action="store_true", help="past faults")
    given = parser.parse_args()
    start, faults, silent, count = time.monotonic(), 0, 0, 0
    for seed in itertools.count(given.seed):
        if time.monotonic() - start > given.seconds:
            break
        count += 1
        found = network(seed)
        if found is None:
            silent += 1
            continue
        # With 27 passes and two targets every pair comes once in 54 networks.
        target = passes.TARGETS[seed % len(passes.TARGETS)]
        for without in ((), (NAMES[seed // len(passes.TARGETS) % len(NAMES)],)):
            text = fault(found, without, target)
            if text:
                faults += 1
                print(text, flush=True)
                if not given.keep_going:
                    return 1
                break
    minutes = (time.monotonic() - start) / 60
    print(f"{count} networks in {minutes:.0f} minutes, {silent} of them silent, {faults} faults")
    return int(faults > 0 or silent > (1 - LEAST_TELLING) * count)


if __name__ == "__main__":
    sys.exit(main())
