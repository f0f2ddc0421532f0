"""A child for tests that answers at once, what nobody asked for: see `ANSWERS`."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

ONE = {"inputs": {"x": [1.0, 1.0]}, "outputs": (({"y": [1.0, 1.0]},),)}
ANSWERS: dict[str, Any] = {
    "an empty dictionary": {},
    "a list": [1],
    "None": None,
    "no cases": {"cases": []},
    "notes alone": {"notes": ["all is well"]},
    "cases that are None": {"cases": None},
    "cases that are a number": {"cases": 3},
    "one case too few": {"cases": [ONE]},
    "one case too many": {"cases": [ONE, ONE, ONE]},
    "cases that are None each": {"cases": [None, None]},
    "cases without outputs": {"cases": [{"inputs": {}}, {"inputs": {}}]},
    "cases without inputs": {"cases": [{"outputs": ONE["outputs"]}] * 2},
    "no call": {"cases": [{**ONE, "outputs": ()}] * 2},
    "two calls of one": {"cases": [{**ONE, "outputs": ONE["outputs"] * 2}] * 2},
    "no repeat": {"cases": [{**ONE, "outputs": ((),)}] * 2},
    "two repeats of one": {"cases": [{**ONE, "outputs": (ONE["outputs"][0] * 2,)}] * 2},
    "one repeat missing in the last case": {"cases": [ONE, {**ONE, "outputs": ((),)}]},
    "outputs that are None": {"cases": [{**ONE, "outputs": None}] * 2},
    "outputs that are numbers": {"cases": [{**ONE, "outputs": (3,)}] * 2},
    "outputs that are no mapping": {"cases": [{**ONE, "outputs": ((None,),)}] * 2},
}
TRUNCATED = "a truncated pickle"


def main() -> None:
    """Write the wrong answer that the job names."""
    place = Path(sys.argv[1])
    fault = pickle.loads(place.read_bytes())["model"]["fault"]
    written = pickle.dumps(ANSWERS.get(fault, {"cases": [ONE] * 99}))
    place.with_name("answer.pickle").write_bytes(written[:-20] if fault == TRUNCATED else written)


if __name__ == "__main__":
    main()
