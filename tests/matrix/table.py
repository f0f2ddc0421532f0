"""Results -> docs/matrix.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sigfix.presets import PRESETS
from tests.matrix.results import Result
from tests.matrix.sections import SECTIONS
from tests.matrix.stages import LIMITS, ONNX, SAVED_MODEL, SIZE, TFJS
from tests.matrix.words import PRESET, QUANTISED

SIZE_LIMITS = {"float16": 0.51, "uint8": 0.27}
"""Largest part of the float32 model's size."""


def page(results: Mapping[str, Result], machine: Sequence[str]) -> str:
    """The whole page; a model without a result is listed as not measured."""
    measured = {name: result for name, result in results.items() if result}
    absent = [name for name, result in results.items() if not result]
    parts = [
        "# Every docTR preset, stage by stage",
        "Written by `make matrix`. " + "\n".join(machine),
        f"Weights are random but realistic (seed 0): batch norms have scales, shifts and "
        f"statistics, biases are not zero. Detectors read {SIZE} x {SIZE} pixels here, recognisers "
        "32 x 128. Differences are the largest of an output, relative to its range.",
        _states(measured),
        *(["Not measured yet: " + ", ".join(absent) + "."] if absent else []),
        "## Wrong or missing",
        "\n".join(f"- {line}" for line in failures(measured)) or "Nothing.",
        "## Differences",
        f"Each stage against the one before it and against PyTorch, the worst batch of 1 and, for "
        f"recognition, 4. Allowed: {LIMITS[ONNX]:g} up to the SavedModel, {LIMITS[TFJS]:g} for "
        "TF.js (wasm, in Node.js, synchronous `execute`), or four times what PyTorch's float32 is "
        "from its float64 on that input (for TF.js, or TensorFlow with oneDNN from TensorFlow "
        "without), where that is more: to a detector with random weights a page is partly noise.",
        _table(
            (
                "preset",
                "ONNX / PyTorch",
                "SavedModel / ONNX",
                "SavedModel / PyTorch",
                "TF.js / SavedModel",
                "TF.js / PyTorch",
                "first that differs",
            ),
            (_differences(name, result) for name, result in measured.items()),
        ),
        *_notes(measured),
        "## In Chromium",
        "The same input, batch 1, in a headless Chromium; webgl is rendered in software. "
        "`difference` is from the SavedModel, `agrees` whether `sigfix inspect --target "
        "tfjs-wasm` and `tfjs-webgl` foretold what happened.",
        _table(
            ("preset", "wasm", "difference", "agrees", "webgl", "difference", "agrees"),
            (_browser(name, result) for name, result in measured.items()),
        ),
        "## Operators",
        "Operators in model.json without constants and placeholders, against what the simplified "
        "ONNX graph needs (`tests/matrix/operator_costs.txt` says what each of its operators costs "
        "in TF.js). Transposes: those in model.json, and those that the source, the interleaves of "
        "transposed convolutions and the keys of each head of a large attention account for.",
        _table(
            (
                "preset",
                "ONNX nodes",
                "allowed",
                "in model.json",
                "transposes allowed",
                "transposes",
                "within",
            ),
            (_operators(name, result) for name, result in measured.items()),
        ),
        "## Size and conversion",
        "`loss` is the largest difference of any element from the float model's, as a part of the "
        "output's range, on a page of text, noise, a picture, smooth waves and a blank: of random "
        "weights, whose blank is all but noise to them; trained ones lose less. "
        "Conversion is `sigfix convert` from the ONNX file, its comparison of the "
        "result included, by the clock and by the processor; memory is its peak.",
        _table(
            (
                "preset",
                "float32",
                "float16",
                "loss",
                "uint8",
                "loss",
                "conversion",
                "CPU time",
                "memory",
            ),
            (_sizes(name, result) for name, result in measured.items()),
        ),
        "## Words",
        *_words(measured),
    ]
    return "\n\n".join(parts) + "\n"


def _states(results: Mapping[str, Result]) -> str:
    states = {state for found in results.values() for state in found.get("code", {}).values()}
    if len(states) <= 1:
        return "Everything was measured with one state of sigfix's code."
    return f"Measured while sigfix's code changed, in {len(states)} states of it."


def failures(results: Mapping[str, Result]) -> list[str]:
    """One line for everything that is not as it should be, or not known to be."""
    wrong = [f"{name}: {line}" for name, found in results.items() for line in _failures(found)]
    for section in SECTIONS:
        absent = [
            name
            for name, found in results.items()
            if section not in found and (section != "words" or name == PRESET)
        ]
        if absent:
            wrong.append(f"{section} not measured: {', '.join(absent)}")
    return wrong


def _failures(result: Result) -> Iterable[str]:
    for section in SECTIONS:
        value = result.get(section)
        if isinstance(value, dict) and "error" in value:
            yield f"{section} failed: {value['error']}"
    for row in _rows(result):
        if not row["ok"]:
            yield (
                f"{row['stage']} differs from {row['against']} at batch {row['batch']}: "
                f"{row['reason']}"
            )
    if _get(result, "convert", "mode") == "executeAsync":
        yield "needs executeAsync: it has control flow or dynamic operators"
    if _get(result, "convert", "backend") not in (None, "wasm"):
        yield "does not run on wasm in Node.js"
    for run in _list(result, "browser"):
        if not run["works"]:
            reason = run["error"] or f"off by {run['relative']:.2g}, or {run['mode']}"
            yield f"{run['backend']} in Chromium: {reason}"
        if not run["agrees"]:
            said = "; ".join(run["inspect"]) or "nothing"
            yield f"sigfix inspect --target tfjs-{run['backend']} found {said}"
        if run["mode"] == "executeAsync":
            yield f"{run['backend']} in Chromium needs executeAsync"
    counted = result.get("operators") or {}
    if "within" in counted and not counted["within"]:
        yield (
            f"{counted['operators']} operators, {counted['allowed']} allowed; "
            f"{counted['transposes']} transposes, {counted['transposes_allowed']} allowed"
        )
    read = result.get("words") or {}
    if "count" in read and read["same"] != read["count"]:
        yield f"TF.js reads {read['count'] - read['same']} of {read['count']} words differently"
    for kind, lost in (read.get("lost") or {}).items():
        if lost > QUANTISED[kind] * read["count"]:
            yield f"{kind} reads {lost} of {read['count']} words wrong that were right"
    for kind, limit in SIZE_LIMITS.items():
        share = _share(result, kind)
        if share is not None and share > limit:
            yield f"{kind} is {share:.3f} of the float32 model's size, more than {limit}"


def _differences(name: str, result: Result) -> list[str]:
    pairs = [(ONNX, "PyTorch"), (SAVED_MODEL, ONNX), (SAVED_MODEL, "PyTorch"),
             (TFJS, SAVED_MODEL), (TFJS, "PyTorch")]  # fmt: skip
    rows = _rows(result)
    cells = []
    for stage, against in pairs:
        found = [r for r in rows if r["stage"] == stage and r["against"] == against]
        values = [r["relative"] for r in found if r["relative"] is not None]
        mark = "" if all(r["ok"] for r in found) else " (!)"
        cells.append(f"{max(values):.1e}{mark}" if values else "-")
    first = next((r["stage"] for r in rows if not r["ok"]), "none" if rows else "-")
    return [name, *cells, first]


def _notes(results: Mapping[str, Result]) -> list[str]:
    notes = [
        f"- {name}, {row['stage']} / {row['against']}, batch {row['batch']}: {row['note']}."
        for name, result in results.items()
        for row in _rows(result)
        if row["note"]
    ]
    if not notes:
        return []
    back = ", ".join(name for name, preset in PRESETS.items() if preset.feeds_back)
    head = f"{back} feed their decisions back: where they differ they are compared up to the first"
    return [f"{head} tie of a sequence.", "\n".join(notes)]


def _browser(name: str, result: Result) -> list[str]:
    cells = []
    for run in _list(result, "browser"):
        cells += [
            run["mode"] or "failed",
            "-" if run["relative"] is None else f"{run['relative']:.1e}",
            "yes" if run["agrees"] else "no",
        ]
    return [name, *(cells or ["-"] * 6)]


def _operators(name: str, result: Result) -> list[str]:
    counted = result.get("operators") or {}
    keys = ("onnx_nodes", "allowed", "operators", "transposes_allowed", "transposes")
    within = {True: "yes", False: "no"}.get(counted.get("within"), "-")  # type: ignore[arg-type]
    return [name, *(str(counted.get(key, "-")) for key in keys), within]


def _sizes(name: str, result: Result) -> list[str]:
    cells = []
    whole = _get(result, "sizes", "float32")
    cells.append("-" if whole is None else f"{whole['bytes'] / 1e6:.1f} MB")
    for kind in SIZE_LIMITS:
        share, found = _share(result, kind), _get(result, "sizes", kind)
        loss = None if found is None else found.get("loss")
        cells += ["-" if share is None else f"{share:.3f}", "-" if loss is None else f"{loss:.1e}"]
    times = (_get(result, "convert", key) for key in ("seconds", "cpu_seconds"))
    cells += ["-" if seconds is None else f"{seconds:.0f} s" for seconds in times]
    peak = _get(result, "convert", "peak_mb")
    cells += ["-" if peak is None else f"{peak / 1024:.1f} GiB"]
    return [name, *cells]


def _words(results: Mapping[str, Result]) -> list[str]:
    read: dict[str, Any] = (results.get(PRESET) or {}).get("words") or {}
    if "count" not in read:
        return ["Not measured."]
    head = (
        f"{read['count']} rendered words read with {PRESET} and the shipped trained weights. TF.js "
        f"(float32) reads {read['same']} of them as docTR's own post-processor reads PyTorch's "
        "logits. `lost` are those that the quantised model reads wrong and the float model right."
    )
    rows = [
        [kind, str(count), str(read["lost"].get(kind, "-")),
         f"{QUANTISED[kind] * read['count']:.0f}" if kind in QUANTISED else "-"]
        for kind, count in read["right"].items()
    ]  # fmt: skip
    return [head, _table(("weights", "read right", "lost", "allowed"), rows)]


def _share(result: Result, kind: str) -> float | None:
    found, whole = _get(result, "sizes", kind), _get(result, "sizes", "float32")
    return None if found is None or whole is None else float(found["bytes"] / whole["bytes"])


def _rows(result: Result) -> list[Any]:
    return [row for s in ("build", "convert") for row in (_get(result, s, "rows") or [])]


def _list(result: Result, section: str) -> list[Any]:
    value = result.get(section)
    return value if isinstance(value, list) else []


def _get(result: Result, section: str, key: str) -> Any:
    value = result.get(section)
    return value.get(key) if isinstance(value, dict) else None


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
