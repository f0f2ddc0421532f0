"""`convert --input` and `--rename` for an ONNX file: sizes by its own names, and other keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sigfix.errors import UsageError
from sigfix.model import OtherModel
from sigfix.pipeline.prepared import SourceChoice
from sigfix.planning.choices import InputChoice
from sigfix.planning.names import signature_keys
from sigfix.quoting import quote_path

Sizes = dict[str, tuple[int | None, ...]]


def own_name(choice: InputChoice, names: Iterable[str]) -> str:
    """Which of the file's inputs is meant: `x:0` can be a name, or x, called 0 in the file."""
    whole = f"{choice.name}:{choice.target}"
    return whole if choice.target and whole in names else choice.target or choice.name


def sizes_of(inputs: Iterable[InputChoice], names: Sequence[str]) -> Sizes:
    """The sizes that are to be written into the file, by its inputs' names."""
    return {own_name(item, names): item.shape for item in inputs if item.shape is not None}


def renamed_keys(
    inputs: Sequence[str], outputs: Sequence[str], choice: SourceChoice
) -> dict[str, str]:
    """Signature key -> what it is to be called. What is renamed goes by the file's names, or keys.

    Raises `UsageError` for a name that the file has not, and where two would have one name.
    """
    pairs = [(f"--rename {old}={new}", old, new) for old, new in choice.rename]
    for item in choice.inputs:
        old = own_name(item, inputs)
        if item.target and old == item.target:
            pairs.append((f"--input {item.name}:{old}", old, item.name))
    sides = [signature_keys(names) for names in (inputs, outputs)]
    known = {key: key for keys in sides for key in keys.values()}
    known |= {own: key for keys in sides for own, key in keys.items()}
    found = {}
    for option, old, new in pairs:
        if old not in known:
            listed = ", ".join([*inputs, *outputs])
            raise UsageError(f"{option}: there is no {old}; there are {listed}.")
        found[known[old]] = new
    for keys in sides:
        called = [found.get(key, key) for key in keys.values()]
        twice = next((name for name in called if called.count(name) > 1), None)
        if twice is not None:
            raise UsageError(f"Two inputs or two outputs would be called {twice}.")
    return found


def refuse_later_changes(file: OtherModel, choice: SourceChoice) -> None:
    """Raise `UsageError` for what only a SavedModel can be changed by, with the commands for it."""
    path, names = Path(file.path), [item.name for item in file.inputs]
    dtypes = {item.name: item.dtype for item in file.inputs}
    made = quote_path(f"{path.stem}_repaired")
    way = f"sigfix repair {quote_path(path)} {{}} -o {made} && sigfix convert {made}"
    for item in choice.inputs:
        own = own_name(item, names)
        if item.dtype is not None and own in dtypes and item.dtype != dtypes[own]:
            raise UsageError(
                f"--input {item.name}={item.dtype}: {own} is {dtypes[own]} in the file.",
                f"leave the type out; or, to have it cast: {way.format('--input ...')}",
            )
    if choice.outputs:
        raise UsageError(
            "--output chooses tensors of a TensorFlow graph; an ONNX file names its outputs.",
            "--rename OLD=NEW calls one otherwise; -o DIRECTORY is where the result goes",
        )
    if choice.normalize is not None:
        raise UsageError(
            "--normalize MEAN,STD is for a TensorFlow model.", way.format("--normalize MEAN,STD")
        )
