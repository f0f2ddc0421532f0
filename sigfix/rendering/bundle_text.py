"""What `sigfix bundle` made, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigfix.presets import DETECTION, ORIENTATION, RECOGNITION
from sigfix.quoting import printable, quote_path
from sigfix.rendering.style import size_text
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.pipeline.bundle import BundleResult
    from sigfix.pipeline.bundle_models import BundledModel

_WIDTH = 20
_WHOLE = ("reads documents in a browser", "{} on a rendered page read the same")
_ALONE = {
    DETECTION: ("finds words in a browser", "{} on a rendered page found in the same places"),
    RECOGNITION: ("reads words in a browser", "{} in rendered pictures read the same"),
    ORIENTATION: (
        "tells in a browser how words are turned",
        "{} in rendered pictures found turned the same",
    ),
}
"""What a folder does, and what was compared, by the task of its only model."""


def bundle_text(result: BundleResult) -> str:
    """The models, the sizes, what was read, and how to look at it."""
    tasks = [model.task for model in result.models]
    does, compared = _ALONE[tasks[0]] if len(tasks) == 1 else _WHOLE
    lines = [f"{result.output}: {does}"]
    lines += [f"  {model.task:{_WIDTH}} {model.name}, {_stored(model)}" for model in result.models]
    for name, (size, packed) in result.sizes.items():
        lines.append(f"  {name:{_WIDTH}} {size_text(size)}, as gzip {size_text(packed)}")
    check = result.check
    if check is None:
        lines.append("Not verified: --no-verify was given")
    else:
        lines.append(
            f"  same   docTR (Python) -> {check.where}: {check.words.same} of "
            + compared.format(plural(check.words.reference, "word"))
        )
        lines.append(
            f"         {check.load_ms / 1000:.1f} s to load, {check.read_ms / 1000:.1f} s to read"
        )
    lines.append(f"Wrote {result.output}")
    lines.append(f"Next: sigfix serve {quote_path(result.output)}")
    return "\n".join(map(printable, lines)) + "\n"


def _stored(model: BundledModel) -> str:
    if model.converted is None:
        return "as it was converted"
    return f"weights as {model.converted.quantize or 'float32'}"


def bundle_data(result: BundleResult) -> dict[str, Any]:
    """The same for a program."""
    check = result.check
    return {
        "output": str(result.output),
        "models": [
            {
                "task": model.task,
                "name": model.name,
                "quantize": model.converted.quantize if model.converted else None,
            }
            for model in result.models
        ],
        "sizes": {
            name: {"bytes": size, "gzip": packed} for name, (size, packed) in result.sizes.items()
        },
        "check": None
        if check is None
        else {
            "where": check.where,
            "words": check.words.reference,
            "found": check.words.own,
            "same": check.words.same,
            "load_ms": check.load_ms,
            "read_ms": check.read_ms,
        },
        "notes": list(result.notes),
    }
