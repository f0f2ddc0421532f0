"""An ONNX file that is to be compared on made-up inputs, of which some nobody can make up."""

from __future__ import annotations

from pathlib import Path

from sigfix.errors import ConversionError
from sigfix.wording import plural

_EXAMPLES = {"scales": "1,1,2,2", "sizes": "1,3,64,64", "sequence lengths": "5,3"}


def refuse_unguessed(onnx_file: Path) -> None:
    """Raise `ConversionError` where scales, sizes or lengths of sequences are fed."""
    from sigfix.importing.unguessed import unguessed

    found = unguessed(onnx_file)
    if not found:
        return
    first = found[0]
    names = ", ".join(dict.fromkeys(name for item in found for name in item.names))
    more = f", and {plural(len(found) - 1, 'more node')}" if len(found) > 1 else ""
    such = f" (such as {_EXAMPLES[first.what]})" if first.is_whole else ""
    raise ConversionError(
        f"ONNX {first.operator} (node {first.node}){more}: its {first.what} are fed, by {names}. "
        "Few numbers are right for them, and none can be made up to compare the result with.",
        f"--inputs FILE.npz   # has {names}{such} and the other inputs, as arrays; "
        "--no-verify writes it unchecked",
    )
