"""What `convert` is given: a path, a preset's name, or nothing but the current directory."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import BlockedError, UnreadableModelError, UsageError
from sigfix.model import DEFAULT_SERVING_KEY, MetaGraph, Signature
from sigfix.pipeline.hub_folder import CONVERT_HUB, refuse_hub
from sigfix.planning.graphs import refuse_unfed
from sigfix.presets import PRESETS
from sigfix.quoting import quote, quote_path
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.foreign import refuse_archive
from sigfix.reading.locating import SAVED_MODEL_FILES, saved_models_below
from sigfix.reading.sniffing import sniff_protobuf

SAVED_MODEL, ONNX, PRESET = "SavedModel", "ONNX", "preset"
KERAS, FROZEN = "Keras file", "frozen graph"
KERAS_FILES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class Source:
    """A model to convert: its kind, and its path or the preset's name."""

    kind: str
    path: Path


def find_source(given: str | None, here: Path) -> Source:
    """The model that `given` names; without a name, the only SavedModel below `here`.

    Raises `UsageError` where there is none or several, or where the file is of another kind.
    """
    if given is None:
        return Source(SAVED_MODEL, _only_saved_model(here))
    with said_as_unreadable(given):
        return _source_at(Path(given), given)


def _source_at(path: Path, given: str) -> Source:
    if _is_onnx(path):
        if not path.is_file():
            raise UnreadableModelError(f"{path} does not exist.", "check the path")
        return Source(ONNX, path)
    if not path.exists() and given in PRESETS:
        return Source(PRESET, path)
    near = [] if path.exists() else difflib.get_close_matches(given.lower(), PRESETS, n=1)
    if near:
        raise UnreadableModelError(
            f"{path} does not exist, and there is no preset of that name.",
            f"sigfix convert {near[0]} --tfjs   # sigfix presets lists all",
        )
    if path.is_dir() and (path / "model.json").is_file():
        raise UsageError(
            f"{path} is already a TensorFlow.js model.", f"sigfix inspect {quote_path(path)}"
        )
    refuse_hub(path, CONVERT_HUB)
    if path.is_file() and path.name in SAVED_MODEL_FILES:
        path = path.parent
    refuse_archive(path)
    if path.is_file():
        return Source(KERAS if path.suffix.lower() in KERAS_FILES else FROZEN, path)
    return Source(SAVED_MODEL, path)


def _is_onnx(path: Path) -> bool:
    """By its suffix, or by its first bytes."""
    if path.suffix.lower() == ".onnx":
        return path.is_file() or not path.exists()
    if not path.is_file() or path.name in SAVED_MODEL_FILES:
        return False
    with path.open("rb") as file:
        return sniff_protobuf(file.read(512)) == "onnx"


def _only_saved_model(here: Path) -> Path:
    found = [p.relative_to(here) for p in saved_models_below(here)]
    if not found:
        raise UsageError(
            "there is no SavedModel in the two levels below the current directory.",
            "sigfix convert crnn_vgg16_bn --tfjs   # or a model in its place",
        )
    if len(found) > 1:
        listed = "".join(f"\n  {path}" for path in found)
        raise UsageError(
            f"there are {len(found)} SavedModels below the current directory:{listed}",
            f"sigfix convert {quote_path(found[0])} --tfjs",
        )
    return found[0]


def choose_signature(graph: MetaGraph, path: Path, wanted: str | None) -> Signature:
    """The signature called `wanted`, else `serving_default`, else the only one.

    There is one at least. Raises `BlockedError` where it can never run, `UsageError` where there is
    no such one, or several and none is the default.
    """
    signature = _named(graph, path, wanted)
    try:
        refuse_unfed(graph, signature.key)
    except BlockedError as error:
        others = signature.key != DEFAULT_SERVING_KEY and len(graph.user_signatures) > 1
        of = f"--from {quote(signature.key)} " if others else ""
        raise BlockedError(
            error.message, f"sigfix repair {quote_path(path)} {of}{error.hint}"
        ) from error
    return signature


def _named(graph: MetaGraph, path: Path, wanted: str | None) -> Signature:
    known = graph.user_signatures
    names = ", ".join(f"'{s.key}'" for s in known)
    if wanted is not None or len(known) > 1:
        key = wanted or DEFAULT_SERVING_KEY
        found = next((s for s in known if s.key == key), None)
        if found is None:
            raise UsageError(
                f"expected a signature '{key}' in {path}, found: {names}.",
                f"sigfix convert {quote_path(path)} --tfjs --signature {quote(known[0].key)}",
            )
        return found
    return known[0]
