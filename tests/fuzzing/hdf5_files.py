"""Damage inside HDF5 files: their attributes through h5py, and the bytes of their structures."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.fuzzing import values
from tests.fuzzing.containers import changed_json, positions

Generator = random.Random
_MARKS = (
    b"\x89HDF", b"OHDR", b"TREE", b"HEAP", b"SNOD", b"GCOL", b"FRHP", b"FHDB", b"BTHD", b"BTLF",
    b"OCHK",
)  # fmt: skip


def changed_hdf5(data: bytes, generator: Generator) -> bytes:
    """An HDF5 file with an attribute changed, or with bytes changed where its structures are."""
    if generator.random() < 0.4:
        with suppress(OSError, KeyError, ValueError):  # it is damaged already
            return _changed_attributes(data, generator)
    return (_redirected if generator.random() < 0.5 else _changed_bytes)(data, generator)


def _redirected(data: bytes, generator: Generator) -> bytes:
    """What could be the address of a structure leads to another one, or to where it stands."""
    places = [
        at
        for at in range(0, len(data) - 8, 8)
        if 8 <= int.from_bytes(data[at : at + 8], "little") < len(data)
    ]
    if not places:
        return values.damaged(data, generator)
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2))):
        at, other = generator.choice(places), generator.choice(places)
        length = int.from_bytes(data[at : at + 8], "little") * 2
        new = generator.choice((data[other : other + 8], (at & ~7).to_bytes(8, "little"),
                                length.to_bytes(8, "little")))  # fmt: skip
        out[at : at + 8] = new
    return bytes(out)


def _changed_attributes(data: bytes, generator: Generator) -> bytes:
    import h5py
    import numpy as np

    odd: tuple[Callable[[Any], Any], ...] = (
        lambda old: changed_json(str(old).encode(), generator).decode("utf-8", "replace"),
        lambda old: changed_json(str(old).encode(), generator),
        lambda old: values.text(generator).replace("\0", ""),
        lambda old: values.number(generator) % 2**63,
        lambda old: float("nan"),
        lambda old: [1, 2, 3],
        lambda old: np.array([b"a", b"b"]),
        lambda old: np.bytes_(b"\xff\xfe{"),
        lambda old: h5py.Empty("S1"),
        lambda old: h5py.Empty("f"),
        lambda old: np.zeros((0, 3)),
        lambda old: np.zeros(2, [("a", "i4"), ("b", "S3")]),
        lambda old: "[" * 3000,
        lambda old: "{}",
    )
    image = io.BytesIO(data)
    with h5py.File(image, "r+") as file:
        for _ in range(generator.choice((1, 1, 2))):
            name = generator.choice(("model_config", "model_config", "training_config",
                                     "keras_version", "backend"))  # fmt: skip
            old = file.attrs.get(name, "{}")
            made = odd[0 if generator.random() < 0.5 else generator.randrange(len(odd))](old)
            if name in file.attrs:
                del file.attrs[name]
            if generator.random() < 0.9:
                file.attrs[name] = made
        if generator.random() < 0.1:
            file["elsewhere"] = h5py.ExternalLink("../../outside/secret", "/")
            file["round"] = h5py.SoftLink("/round")
    return image.getvalue()


def _changed_bytes(data: bytes, generator: Generator) -> bytes:
    places = [at for mark in _MARKS for at in positions(data, mark)]
    if not places:
        return values.damaged(data, generator)
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 4))):
        at = generator.choice(places) + generator.randrange(4, 200)
        if at + 8 < len(out):
            if generator.random() < 0.5:
                out[at] = generator.choice((0, 1, 2, 0x10, 0x7F, 0x80, 0xFE, 0xFF))
            else:  # an address
                out[at : at + 8] = generator.choice(places).to_bytes(8, "little")
    return bytes(out)
