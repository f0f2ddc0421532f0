"""An ONNX file opened, checked and simplified, in a process of its own.

ONNX's checker and shape inference are native code that a damaged file can bring down: it must not
take the command with it. The process runs beside TensorFlow's import, which starts once nothing is
left that would be refused: a refusal takes no longer than reading the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import ConversionError, ProcessError, first_line
from sigfix.importing.commands import CommandParts, as_command
from sigfix.presets import Preset
from sigfix.processes import started

if TYPE_CHECKING:
    import onnx

SIMPLIFIER = "sigfix.importing.onnx_child"


@dataclass(frozen=True)
class OnnxChoice:
    """How an ONNX file is opened: as a preset's, with sizes and values for its inputs.

    `characters` are what the preset reads, None for one that reads none; `nhwc` makes inputs of
    rank 4 channels last. `sizes` and `bound` are by the inputs' names, or their signature keys.
    """

    preset: Preset | None = None
    characters: str | None = None
    normalize: bool = False
    nhwc: bool = False
    sizes: Mapping[str, Sequence[int | None]] = field(default_factory=dict)
    bound: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SimplifiedOnnx:
    """What is to be traced (`model`), and what ONNX Runtime compares with (`finished`).

    `inputs` and `outputs` are the file's own names; `channels_last` the inputs that are NHWC in
    what comes out. `notes` say what was done to the file.
    """

    model: Path
    finished: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    channels_last: tuple[str, ...]
    notes: tuple[str, ...]


def simplify_file(
    path: Path, folder: Path, choice: OnnxChoice, commands: tuple[CommandParts, CommandParts]
) -> SimplifiedOnnx:
    """Open, check and simplify the file at `path`; what is written lies in `folder`.

    `commands` are what options that would help are put into: for sizes, and for `--bind`. Raises
    what `open_onnx` and `check_early` raise, and `ConversionError` where the file cannot be
    simplified or the process ends early.
    """
    checked = folder / "checked"
    job = {"file": path, "folder": folder, "checked": checked, **vars(choice)}
    with as_command(*commands), started(SIMPLIFIER, job) as child:
        if child.reached(checked):
            import_module("tensorflow")  # which takes about as long as the rest
        try:
            return SimplifiedOnnx(**child.answer())
        except ProcessError as error:
            reason = error.reason
        except TypeError:
            reason = "the answer of the process that does it is not whole"
    raise ConversionError(
        f"the ONNX model could not be simplified: {reason}", "export the file again, or check it"
    )


def load_simplified(path: Path) -> onnx.ModelProto:
    """The model that was simplified. Raises `ConversionError` where it was not wholly written."""
    import onnx

    try:
        return onnx.load(path)
    except Exception as error:  # protobuf's and the system's
        raise ConversionError(
            f"the simplified ONNX model cannot be read: {first_line(error)}"
        ) from error
