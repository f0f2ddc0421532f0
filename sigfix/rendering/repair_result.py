"""What a repair did, as text and as JSON."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sigfix.planning.codec import FORMAT, to_data
from sigfix.planning.edits import Plan
from sigfix.quoting import printable
from sigfix.rendering.style import note_lines, tried_lines

if TYPE_CHECKING:
    from sigfix.pipeline.applying import RepairResult
    from sigfix.verifying.verdict import Verification


def result_text(result: RepairResult) -> str:
    """One line for each comparison, and where the result is."""
    lines = []
    compared: set[str] = set()
    for parity in result.parity:
        # Of an ONNX or Keras file there are two: the SavedModel that it became, and the edits.
        of = "before the edits" if parity.key in compared else "the source"
        compared.add(parity.key)
        lines.append(
            f"{parity.key}: same as {of}, largest difference {parity.largest:.2g} of an "
            f"output's range"
        )
        batches = " and ".join(map(str, parity.batches))
        lines.append(f"  {parity.inputs} inputs, batch {batches}, through {parity.through}")
        lines += tried_lines(parity.tried, "  ")
        lines += note_lines(parity.notes)
    if result.output is not None:
        if result.not_verified:
            lines.append(f"Structure checked; numbers not verified: {result.not_verified}.")
        lines.append(f"Wrote {result.output}")
    return "".join(f"{printable(line)}\n" for line in lines)


def plan_data(plan: Plan) -> dict[str, Any]:
    """The JSON document of a plan."""
    return {"format": FORMAT, "plan": to_data(plan)}


def result_data(result: RepairResult) -> dict[str, Any]:
    """The JSON document of a result; `repair` is the plan, which `--plan` accepts."""
    return {
        "format": FORMAT,
        "repair": plan_data(result.plan),
        "output": str(result.output) if result.output is not None else None,
        "not_verified": result.not_verified,
        "parity": [verification_data(parity) for parity in result.parity],
    }


def verification_data(verification: Verification) -> dict[str, Any]:
    """The JSON object of one signature's comparison, in `repair` and `verify` alike."""
    return {
        **dataclasses.asdict(verification),
        "batches": list(verification.batches),
        "through": verification.through,
    }
