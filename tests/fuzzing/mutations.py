"""Seeds (healthy and broken models of every kind) and ways to damage them."""

from __future__ import annotations

import io
import json
import random
import tarfile
import tempfile
import zipfile
from pathlib import Path

from tests.corpus import CORPUS
from tests.diagnosis.broken_models import broken_saved_models, complete
from tests.models import variable_index
from tests.reading.test_other_formats import IMAGE, functional, onnx_model, tfjs_model

LARGEST_SEED = 60_000
"""Larger files cost time and add nothing that smaller ones do not have."""
_NASTY = (0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x12, 0x1A, 0x22, 0x3A)


def _keras() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0"}))
        archive.writestr("config.json", json.dumps(functional(IMAGE)))
    return data.getvalue()


def _archive(saved_model: bytes) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        info = tarfile.TarInfo("saved_model.pb")
        info.size = len(saved_model)
        archive.addfile(info, io.BytesIO(saved_model))
    return data.getvalue()


def seeds() -> list[tuple[str, bytes]]:
    """(file name, contents): the name decides how a file is read."""
    models = [model.data() for _, _, model in broken_saved_models()]
    models.append(complete().data())
    found = [("saved_model.pb", data) for data in models]
    if CORPUS.is_dir():
        for path in sorted(CORPUS.glob("*/*")):
            name = path.name if path.name.startswith("saved_model.") else "frozen.pb"
            if path.suffix in (".pb", ".pbtxt") and path.stat().st_size <= LARGEST_SEED:
                found.append((name, path.read_bytes()))
        for path in sorted(CORPUS.glob("*/variables/variables.index")):
            found.append(("variables.index", path.read_bytes()))
    found.append(("variables.index", variable_index({"a": (0, 8), "b": (8, 12)})))
    found.append(("model.onnx", onnx_model()))
    found.append(("model.onnx", onnx_model("weights.bin")))
    found.append(("model.keras", _keras()))
    found.append(("model.tar", _archive(complete().data())))
    with tempfile.TemporaryDirectory() as folder:
        for operator in ("Relu", "_FusedMatMul"):
            path = tfjs_model(Path(folder) / "m", op=operator, transpose_b={"b": True})
            found.append(("model.json", (path / "model.json").read_bytes()))
    return found


def mutated(data: bytes, other: bytes, generator: random.Random) -> bytes:
    """One to eight damages: flipped, cut, repeated, overwritten, or crossed with another file."""
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 4, 8))):
        if not out:
            break
        kind = generator.randrange(7)
        at = generator.randrange(len(out))
        length = generator.choice((1, 2, 4, 16, 200))
        if kind == 0:
            out[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            out[at] = generator.choice(_NASTY)
        elif kind == 2:
            del out[at : at + length]
        elif kind == 3:
            out[at:at] = out[at : at + length]
        elif kind == 4:
            del out[at:]
        elif kind == 5:
            start = generator.randrange(len(other)) if other else 0
            out[at : at + length] = other[start : start + length]
        else:
            out[at:at] = bytes([0xFF] * generator.choice((1, 4, 9)))
    return bytes(out)
