"""A checkpoint file -> the state dictionaries in it, found by their structure. No code is run."""

from __future__ import annotations

import argparse
import pathlib
import pickletools
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sigfix.errors import UsageError, first_line
from sigfix.quoting import quote_path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_DEEPEST = 4
_LARGEST_PICKLE = 64 << 20
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

    path: Path
    found: tuple[StateDictionary, ...]
    beside: tuple[str, ...] = ()


def read_checkpoint(path: Path) -> Checkpoint:
    """Read `.pt` (also within a trainer's dictionary, without unpickling code) or `.safetensors`.

    Half-precision tensors are widened to float32. Raises `UsageError` that says what the file is,
    and how to get a state dictionary of it.
    """
    if path.is_dir():
        raise UsageError(f"--weights {path}: this is a folder.", _inside(path))
    if not path.is_file():
        raise UsageError(
            f"--weights {path}: there is no such file.", "--weights pretrained|random|FILE"
        )
    with path.open("rb") as file:
        head = file.read(16)
    _refuse_foreign(path, head)
    content = _safetensors(path) if _is_safetensors(path, head) else _pickled(path)
    found = tuple(_dictionaries(content, ()))
    if not found:
        raise UsageError(
            f"--weights {path}: there is no state dictionary in it, but {_told(content)}.", _INSTEAD
        )
    top = [str(key) for key in content] if isinstance(content, Mapping) else []
    taken = {item.keys[0] for item in found if item.keys}
    beside = tuple(key for key in top if key not in taken) if taken else ()
    return Checkpoint(path, found, beside)


def _inside(folder: Path) -> str:
    files = sorted(item for item in folder.iterdir() if item.suffix in _FILES and item.is_file())
    if files:
        return f"--weights {quote_path(files[0])}"
    return f"--weights FILE, a {', '.join(_FILES[:-1])} or {_FILES[-1]} file"


def _refuse_foreign(path: Path, head: bytes) -> None:
    """Raise `UsageError` for what is no PyTorch checkpoint, with what it is."""
    name = path.name.lower()
    if not head:
        raise UsageError(f"--weights {path} is empty.", "copy or download it again")
    if head.startswith(b"version https://"):
        raise UsageError(f"--weights {path} is a Git-LFS pointer, not the file.", "git lfs pull")
    is_zip = head.startswith(b"PK")
    names = _members(path) if is_zip else []
    of_tensorflow = any(
        item.endswith((".index", ".h5", "saved_model.pb")) or ".data-0" in item for item in names
    )
    if head.startswith(_HDF5) or name.endswith(_TENSORFLOW) or of_tensorflow:
        raise UsageError(
            f"--weights {path} holds TensorFlow's weights, as docTR had them up to 0.11. The "
            "presets are docTR's PyTorch models, which have other tensors: these do not fit.",
            "--weights with a PyTorch checkpoint (.pt, .safetensors); a SavedModel that docTR's "
            "TensorFlow models were saved as: sigfix convert MODEL --tfjs",
        )
    if name.endswith(".onnx"):
        raise UsageError(
            f"--weights {path} is an ONNX model, which has its weights inside.",
            f"sigfix convert {quote_path(path)} --preset NAME --tfjs",
        )
    if name.endswith(".json"):
        raise UsageError(
            f"--weights {path} is a text that says where weights are.", _inside(path.parent)
        )
    if any(item.endswith("constants.pkl") for item in names):
        raise UsageError(
            f"--weights {path} is a TorchScript module: a program, not weights alone.",
            f"python -c \"import torch; torch.save(torch.jit.load('{path}').state_dict(), "
            "'weights.pt')\", which loads it",
        )


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError):
        return []


def _is_safetensors(path: Path, head: bytes) -> bool:
    """By its suffix, or by a header of JSON whose length is in the first eight bytes."""
    if path.suffix == ".safetensors":
        return True
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and length <= path.stat().st_size - 8


def _safetensors(path: Path) -> Any:
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except Exception as error:  # its library raises many kinds for a damaged file
        raise _damaged(path, error) from error


def _pickled(path: Path) -> Any:
    import torch

    try:
        with torch.serialization.safe_globals(_plain_classes()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a damaged file
        foreign = _foreign_classes(path)
        modules = [name for name in foreign if name.startswith(("doctr.", "torch.nn."))]
        if modules:
            raise UsageError(
                f"--weights {path} is a whole model, pickled ({modules[0]}): loading it would run "
                "code. sigfix loads state dictionaries alone.",
                _INSTEAD,
            ) from error
        if foreign:
            raise UsageError(
                f"--weights {path} holds objects besides tensors ({', '.join(foreign[:3])}): "
                "loading them would run code.",
                _INSTEAD,
            ) from error
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"--weights {path}: not a readable .pt or .safetensors checkpoint "
        f"({first_line(error, 120)}).",
        "copy or save it again; --weights takes docTR's PyTorch checkpoints",
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


def _foreign_classes(path: Path) -> list[str]:
    """The classes and functions that a pickle names, but for those of tensors themselves."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(item for item in archive.namelist() if item.endswith("data.pkl"))
                with archive.open(name) as file:
                    names = set(_named(file))
        else:
            with path.open("rb") as file:
                names = set(_named(file))
    except (OSError, ValueError, StopIteration, zipfile.BadZipFile, NotImplementedError):
        return []
    known = ("torch._utils.", "torch.storage.", "collections.", "torch.serialization.")
    return sorted(
        name
        for name in names
        if not name.startswith(known) and not (name.startswith("torch.") and name.count(".") == 1)
    )


def _named(file: IO[bytes]) -> Iterator[str]:
    """`module.name` of every global of the pickles that follow one another, read as opcodes."""
    data = file.read(_LARGEST_PICKLE)
    start = 0
    while data[start : start + 1] == b"\x80":
        texts: list[str] = []
        end = start
        for opcode, argument, position in pickletools.genops(data[start:]):
            end = start + (position or 0) + 1
            if opcode.name == "GLOBAL":
                yield str(argument).replace(" ", ".")
            elif opcode.name == "STACK_GLOBAL" and len(texts) > 1:
                yield ".".join(texts[-2:])
            elif isinstance(argument, str):
                texts.append(argument)
        start = end


def _dictionaries(content: Any, keys: tuple[str, ...]) -> Iterator[StateDictionary]:
    """Every state dictionary in a checkpoint; an optimiser's moments, by number, are none."""
    import torch

    if not isinstance(content, Mapping) or not content or len(keys) > _DEEPEST:
        return
    if not all(isinstance(key, str) for key in content):
        return
    tensors = {
        name: value.float() if value.is_floating_point() else value
        for name, value in content.items()
        if torch.is_tensor(value)
    }
    if len(tensors) > len(content) / 2 and any("." in name for name in tensors):
        yield StateDictionary(tensors, keys)
        return
    for key, value in content.items():
        yield from _dictionaries(value, (*keys, key))


def _told(content: Any) -> str:
    """`a dictionary of epoch, optimizer`, `a list`."""
    if isinstance(content, Mapping):
        names = [str(key) for key in content]
        more = f" and {len(names) - 6} more" if len(names) > 6 else ""
        return f"a dictionary of {', '.join(names[:6])}{more}" if names else "an empty dictionary"
    kind = type(content).__name__
    return f"{'an' if kind[0] in 'aeiouAEIO' else 'a'} {kind}"
