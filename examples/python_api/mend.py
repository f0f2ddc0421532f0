"""Inspect, repair and convert a model: python mend.py MODEL REPAIRED WEB."""

from __future__ import annotations

import sys
from pathlib import Path

import sigfix


def main(model: Path, repaired: Path, web: Path) -> None:
    """What the three commands do, as three calls."""
    for finding in sigfix.inspect(model, target="tfjs").findings:
        print(f"{finding.severity.value} {finding.code}: {finding.message}")

    plan = sigfix.plan(model)
    if plan.verdict in ("ambiguous", "blocked"):
        choices = [candidate.choose for candidate in plan.candidates]
        raise SystemExit(f"{plan.reason} {choices or plan.hint}")
    if plan.verdict == "repairable":
        result = sigfix.repair(model, repaired)
        for check in result.parity:
            print(f"{check.key}: {check.verdict}")
        model = repaired

    converted = sigfix.convert(model, web)
    for comparison in converted.comparisons:
        for output in comparison.parity.outputs:
            apart = output.relative or 0.0
            print(f"{output.name}, batch {comparison.batch}: {apart:.1e} of its range apart")
    print(f"{converted.output}: {converted.size:,} bytes, {converted.mode}()")


if __name__ == "__main__":
    try:
        main(*map(Path, sys.argv[1:4]))
    except sigfix.SigfixError as error:
        raise SystemExit(f"{error.message}\n{error.hint or ''}") from error
