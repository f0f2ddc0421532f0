"""A checkpoint file -> the state dictionaries in it, found by their structure. No code is run."""

from __future__ import annotations

import argparse
import pathlib
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigfix.errors import UsageError, first_line
from sigfix.importing.checkpoint_headers import DamagedError, read_content
from sigfix.importing.pickle_headers import Named, Stored, UnknownPickleError
from sigfix.importing.pickled_names import foreign_classes, may_be_loaded
from sigfix.option_names import USUAL, OptionNames, WeightsFile
from sigfix.quoting import quote_path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 4
_FILES = (".pt", ".pth", ".bin", ".ckpt", ".safetensors")
_TENSORFLOW = (".h5", ".hdf5", ".keras", ".index", ".data-00000-of-00001")
_INSTEAD = "in the program that trained it: torch.save(model.state_dict(), 'weights.pt')"


@dataclass(frozen=True)
class StateDictionary:
    """Tensors by name, and under which keys of the checkpoint they were (none: it is they)."""

    tensors: dict[str, Any]
    keys: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """`'model'`, `'ema' -> 'module'`: the keys, as a message names them."""
        return " -> ".join(repr(key) for key in self.keys)


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds: its state dictionaries, and the other keys at its top."""

    given: WeightsFile
    found: tuple[StateDictionary, ...]
    beside: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.given.path


def read_checkpoint(path: Path, names: OptionNames = USUAL) -> Checkpoint:
    """Read `.pt` (also within a trainer's dictionary, without unpickling code) or `.safetensors`.

    Half-precision tensors are widened to float32. Raises `UsageError` that says what the file is,
    and how to get a state dictionary of it; `names` are those of the option that names it.
    """
    import torch

    given = WeightsFile(path, names)
    content = _safetensors(given) if _is_safetensors(given) else _pickled(given)
    read = _checkpoint(given, content, torch.is_tensor)
    widened = [
        replace(item, tensors={name: _widened(tensor) for name, tensor in item.tensors.items()})
        for item in read.found
    ]
    return replace(read, found=tuple(widened))


def read_headers(path: Path, names: OptionNames = USUAL) -> Checkpoint | None:
    """The same with shapes in place of tensors (`Stored`), without PyTorch, in a moment.

    None where only PyTorch can tell what the file holds. Raises what `read_checkpoint` raises.
    """
    given = WeightsFile(path, names)
    is_safetensors = _is_safetensors(given)
    try:
        content = read_content(path, is_safetensors)
    except UnknownPickleError:
        content = None
    except DamagedError as error:
        raise (_damaged if is_safetensors else _not_loaded)(given, error) from error
    if not is_safetensors and any(not may_be_loaded(name) for name in foreign_classes(path)):
        raise _not_loaded(given, None)
    if content is None:
        return None
    return _checkpoint(given, content, lambda value: isinstance(value, Stored))


def _checkpoint(given: WeightsFile, content: Any, is_tensor: Callable[[Any], bool]) -> Checkpoint:
    found = tuple(_dictionaries(content, (), is_tensor))
    if not found:
        raise UsageError(
            f"{given}: there is no state dictionary in it, but {_told(content)}.", _INSTEAD
        )
    top = [str(key) for key in content] if isinstance(content, Mapping) else []
    taken = {item.keys[0] for item in found if item.keys}
    beside = tuple(key for key in top if key not in taken) if taken else ()
    return Checkpoint(given, found, beside)


def _widened(tensor: Any) -> Any:
    return tensor.float() if tensor.is_floating_point() else tensor


def _inside(folder: Path, names: OptionNames) -> str:
    files = sorted(item for item in folder.iterdir() if item.suffix in _FILES and item.is_file())
    if files:
        return f"{names.weights} {quote_path(files[0])}"
    return f"{names.weights} FILE, a {', '.join(_FILES[:-1])} or {_FILES[-1]} file"


def _refuse_foreign(given: WeightsFile, head: bytes) -> None:
    """Raise `UsageError` for what is no PyTorch checkpoint, with what it is."""
    path, option = given.path, given.names.weights
    name = path.name.lower()
    if not head:
        raise UsageError(f"{given} is empty.", "copy or download it again")
    if head.startswith(b"version https://"):
        raise UsageError(f"{given} is a Git-LFS pointer, not the file.", "git lfs pull")
    is_zip = head.startswith(b"PK")
    names = _members(path) if is_zip else []
    of_tensorflow = any(
        item.endswith((".index", ".h5", "saved_model.pb")) or ".data-0" in item for item in names
    )
    if head.startswith(_HDF5) or name.endswith(_TENSORFLOW) or of_tensorflow:
        raise UsageError(
            f"{given} holds TensorFlow's weights, as docTR had them up to 0.11. The "
            "presets are docTR's PyTorch models, which have other tensors: these do not fit.",
            f"{option} with a PyTorch checkpoint (.pt, .safetensors); a SavedModel that docTR's "
            "TensorFlow models were saved as: sigfix convert MODEL --tfjs",
        )
    if name.endswith(".onnx"):
        raise UsageError(
            f"{given} is an ONNX model, which has its weights inside.",
            f"sigfix convert {quote_path(path)} --preset NAME --tfjs",
        )
    if name.endswith(".json"):
        raise UsageError(
            f"{given} is a text that says where weights are.", _inside(path.parent, given.names)
        )
    if any(item.endswith("constants.pkl") for item in names):
        raise UsageError(
            f"{given} is a TorchScript module: a program, not weights alone.",
            f"python -c \"import torch; torch.save(torch.jit.load('{path}').state_dict(), "
            "'weights.pt')\", which loads it",
        )


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return []


def _is_safetensors(given: WeightsFile) -> bool:
    """By its suffix, or by a header of JSON whose length is in the first eight bytes.

    Raises `UsageError` for what is neither this nor PyTorch's.
    """
    path, names = given.path, given.names
    if path.is_dir():
        raise UsageError(f"{given}: this is a folder.", _inside(path, names))
    if not path.is_file():
        raise UsageError(
            f"{given}: there is no such file.", f"{names.weights} pretrained|random|FILE"
        )
    with path.open("rb") as file:
        head = file.read(16)
    _refuse_foreign(given, head)
    if path.suffix == ".safetensors":
        return True
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and length <= path.stat().st_size - 8


def _safetensors(given: WeightsFile) -> Any:
    from safetensors.torch import load_file

    try:
        return load_file(given.path)
    except Exception as error:  # its library raises many kinds for a damaged file
        raise _damaged(given, error) from error


def _pickled(given: WeightsFile) -> Any:
    import torch

    try:
        with torch.serialization.safe_globals(_plain_classes()):
            return torch.load(given.path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        raise _not_loaded(given, error) from error


def _not_loaded(given: WeightsFile, error: Exception | None) -> UsageError:
    """Why a file is not loaded: what is pickled in it, or what is damaged."""
    foreign = foreign_classes(given.path)
    modules = [name for name in foreign if name.startswith(("doctr.", "torch.nn."))]
    if modules:
        return UsageError(
            f"{given} is a whole model, pickled ({modules[0]}): loading it would run "
            "code. sigfix loads state dictionaries alone.",
            _INSTEAD,
        )
    if foreign or error is None:
        return UsageError(
            f"{given} holds objects besides tensors ({', '.join(foreign[:3])}): "
            "loading them would run code.",
            _INSTEAD,
        )
    return _damaged(given, error)


def _damaged(given: WeightsFile, error: Exception) -> UsageError:
    return UsageError(
        f"{given}: not a readable .pt or .safetensors checkpoint ({first_line(error, 120)}).",
        f"copy or save it again; {given.names.weights} takes docTR's PyTorch checkpoints",
    )


def _plain_classes() -> list[Any]:
    """What trainers put beside the weights, and what does nothing when it is made."""
    import numpy as np

    multiarray: Any = getattr(np, "_core", None) or vars(np)["core"]
    numbers = [np.dtype(kind).__class__ for kind in "?bBhHiIlLqQefdU"]
    return [
        argparse.Namespace, pathlib.PosixPath, pathlib.PurePosixPath, pathlib.WindowsPath,
        pathlib.PureWindowsPath, defaultdict, np.ndarray, np.dtype, *numbers,
        multiarray.multiarray.scalar, multiarray.multiarray._reconstruct,
        (multiarray.multiarray.scalar, "numpy.core.multiarray.scalar"),
        (multiarray.multiarray._reconstruct, "numpy.core.multiarray._reconstruct"),
    ]  # fmt: skip


def _dictionaries(
    content: Any, keys: tuple[str, ...], is_tensor: Callable[[Any], bool]
) -> Iterator[StateDictionary]:
    """Every state dictionary in a checkpoint; an optimiser's moments, by number, are none."""
    if not isinstance(content, Mapping) or not content or len(keys) > _DEEPEST:
        return
    if not all(isinstance(key, str) for key in content):
        return
    tensors = {name: value for name, value in content.items() if is_tensor(value)}
    if len(tensors) > len(content) / 2 and any("." in name for name in tensors):
        yield StateDictionary(tensors, keys)
        return
    for key, value in content.items():
        yield from _dictionaries(value, (*keys, key), is_tensor)


def _told(content: Any) -> str:
    """`a dictionary of epoch, optimizer`, `a list`."""
    if isinstance(content, Mapping):
        names = [str(key) for key in content]
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        return f"a dictionary of {', '.join(names[:6])}{more}" if names else "an empty dictionary"
    kind = "Tensor" if isinstance(content, Stored) else type(content).__name__
    kind = content.name.rpartition(".")[-1] if isinstance(content, Named) else kind
    return f"{'an' if kind[0] in 'aeiouAEIO' else 'a'} {kind}"
