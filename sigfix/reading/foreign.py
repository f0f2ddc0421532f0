"""Files that are no model to read, and what to do with each kind."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sigfix.errors import UnreadableModelError
from sigfix.quoting import quote_path
from sigfix.reading.files import opened
from sigfix.reading.folder import is_archive
from sigfix.reading.locating import SAVED_MODEL_FILES


@dataclass(frozen=True)
class Foreign:
    """A kind of file, by its suffixes: what it is, and what to do instead; `{path}` is quoted."""

    suffixes: tuple[str, ...]
    what: str
    hint: str


_PYTORCH_HINT = (
    "of a docTR model: sigfix repair --preset NAME --weights {path}; of any other: export it "
    "with torch.onnx.export, then sigfix convert model.onnx --tfjs"
)
FOREIGN = (
    Foreign((".pt", ".pth"), "is a PyTorch file, and no graph that sigfix reads", _PYTORCH_HINT),
    Foreign((".safetensors",), "holds weights without a model", _PYTORCH_HINT),
    Foreign(
        (".tflite",),
        "is a TensorFlow Lite model, and there is no way back from it",
        "take the SavedModel that it was made from",
    ),
    Foreign((".npz", ".npy"), "holds arrays, not a model", "--inputs FILE.npz feeds a model"),
)


def refuse_foreign(path: Path) -> None:
    """Raise `UnreadableModelError` where the file's suffix says that it is of another kind."""
    for kind in FOREIGN:
        if path.suffix.lower() in kind.suffixes:
            raise UnreadableModelError(
                f"{path} {kind.what}.", kind.hint.format(path=quote_path(path)), code="CON215"
            )


def refuse_zip(path: Path) -> None:
    """Raise `UnreadableModelError` for a zip archive that is no Keras file; damage is not told."""
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return  # read_keras says what it is
    if PurePosixPath("metadata.json") in names or path.suffix.lower() == ".keras":
        return
    if not any(name.name in SAVED_MODEL_FILES for name in names):
        raise UnreadableModelError(
            f"{path} is a zip archive, and there is no SavedModel in it.", code="CON215"
        )
    folder = quote_path(f"{path.stem}_unzipped")
    raise UnreadableModelError(
        f"{path} is a zip archive.",
        f"unzip {quote_path(path)} -d {folder} && sigfix inspect {folder}",
        code="CON215",
    )


def refuse_archive(path: Path) -> None:
    """Raise `UnreadableModelError` for a tar archive, where a model has to be loaded or copied."""
    if not is_archive(path):
        return
    raise UnreadableModelError(
        f"{path} is an archive, which can be inspected but not run.",
        f"tar -xf {quote_path(path)}   # and name the directory that it makes",
        code="CON215",
    )
