"""Options that an error names, made into the command that they are for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import BlockedError, ConversionError
from sigfix.quoting import quote, quote_path

CUT = "cut at "
"""How a hint begins that names in JSON a model's `inputs`, the tensors to take it up to, which are
its `outputs`, which of its inputs its own nodes made before (`fed`), and the `kinds` of those whose
type ONNX does not know (`TensorProto.DataType`)."""


@dataclass(frozen=True)
class CommandParts:
    """A command that options are put into, after what is before them.

    `file` is the ONNX file that it is about; `then` what is done with a part of it, whose name
    takes the place of `{}`.
    """

    before: str
    after: str = ""
    file: Path | None = None
    then: str = ""


@contextmanager
def as_command(sizes: CommandParts, bind: CommandParts | None = None) -> Iterator[None]:
    """Make the options that an error names into a command; a remark of theirs stays at its end.

    `bind` is for `--bind` where that is another command.
    """
    try:
        yield
    except (BlockedError, ConversionError) as error:
        if error.hint is not None and error.hint.startswith(CUT) and sizes.file is not None:
            raise type(error)(error.message, _cutting(sizes, error.hint)) from error
        if error.hint is None or not error.hint.startswith(("--input ", "--bind ")):
            raise
        command = bind if bind is not None and error.hint.startswith("--bind") else sizes
        options, mark, remark = error.hint.partition("   #")
        hint = f"{command.before} {options}{command.after}{mark}{remark}"
        raise type(error)(error.message, hint) from error


def _cutting(command: CommandParts, hint: str) -> str:
    """The commands that take the model up to the tensors that a hint names, and convert that."""
    assert command.file is not None
    parts = json.loads(hint.removeprefix(CUT))
    inputs, outputs, kinds = parts["inputs"], parts["outputs"], parts["kinds"]
    part = command.file.with_name(f"{command.file.stem}_cut.onnx")
    whole, made, fed, taken, told = (
        json.dumps(value, ensure_ascii=False)
        for value in (str(command.file), str(part), inputs, outputs, kinds)
    )
    if kinds:
        code = (
            f"import onnx; from onnx import utils; m = onnx.load({whole}); "
            "m.graph.value_info.extend(onnx.helper.make_tensor_value_info(*v, None) "
            f"for v in {told}.items()); "
            "m = onnx.shape_inference.infer_shapes(m); "
            f"onnx.save(utils.Extractor(m).extract_model({fed}, {taken}), {made})"
        )
    else:
        code = (
            "from onnx.utils import extract_model as cut; "
            f"cut({whole}, {made}, {fed}, {taken}, check_model=False)"
        )
    then = command.then.format(quote_path(part))
    left = f"up to {', '.join(outputs)}; the rest is left to you"
    if parts["fed"]:
        left = f"with {', '.join(parts['fed'])} as inputs, which are left to you"
    return f"python -c {quote(code)} && {then}   # {left}"
