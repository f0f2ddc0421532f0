"""A hostile model: a seed with damage inside one of its files, or with something else in its place.

`make(kind, generator)` chooses it; `Sandbox` puts it on disk beside a secret that nothing may read.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from sigfix.reading.protos import message_class
from tests.fuzzing import containers, messages, values, wire_damage
from tests.fuzzing.growing import grown
from tests.fuzzing.hdf5_files import changed_hdf5
from tests.fuzzing.seeds import Seed, seeds
from tests.fuzzing.tables import changed_index

WEIGHTS = {
    "pb": 30, "frozen": 10, "index": 7, "onnx": 9, "tfjs": 13, "keras": 9, "h5": 5, "pbtxt": 4,
    "tar": 4, "gz": 4, "xz": 3, "zip": 2, "grown": 0.2,
}  # fmt: skip
"""How often each kind of file is taken. `grown` are SavedModels that are large in one way, which
takes a second where the others take a hundredth."""
SECRET = "kept-apart-7f3a91"
"""What the file outside the model holds: in no output, message or copy may this appear."""
FOLDERS = (
    b"model",
    b"model",
    b"model",
    b"a model",
    b"nu\xff",
    b"\x1b[31mm",
    b"a\nb",
    b"\xc2\xb2",
    b"-m",
)

Generator = random.Random


def make(generator: Generator, kind: str | None = None) -> Seed:
    """A hostile model, of any kind of file where none is named."""
    every = seeds()
    kinds = [kind for kind in WEIGHTS if kind in every]
    kind = kind or generator.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
    if kind == "grown":
        return _grown(generator.choice(every[kind]), generator)
    rich = [seed for seed in every[kind] if seed.rich]
    seed = generator.choice(rich if rich and generator.random() < 0.7 else every[kind])
    chance = generator.random()
    if chance < 0.1:
        several = [item for item in every[kind] if len(item.files) > 1]
        return _with_stranger(generator.choice(several or [seed]), generator)
    if chance < 0.13:
        return _with_odd_name(seed, generator)
    if chance < 0.2:
        seed = _with_other_contents(seed, generator)
    name = _damaged_name(seed, generator)
    if generator.random() < 0.06:
        other = generator.choice(every[kind])
        return seed.with_file(name, _crossed(seed.files[name], other, generator))
    return seed.with_file(name, changed_file(name, seed.files[name], generator))


def _grown(seed: Seed, generator: Generator) -> Seed:
    message: Any = message_class("SavedModel").FromString(seed.files["saved_model.pb"])
    grown(message, generator)
    return seed.with_file("saved_model.pb", message.SerializeToString(deterministic=True))


def _damaged_name(seed: Seed, generator: Generator) -> str:
    """The file to damage: that of the kind, sometimes another."""
    names = sorted(seed.files)
    wanted = {"index": "variables/variables.index", "tfjs": "model.json"}.get(seed.kind)
    wanted = wanted or seed.inspected
    wanted = wanted or next((name for name in names if name.startswith("saved_model.")), names[0])
    return wanted if generator.random() < 0.95 else generator.choice(names)


def _crossed(data: bytes, other: Seed, generator: Generator) -> bytes:
    donor = other.files[_damaged_name(other, generator)]
    at = generator.randrange(len(data) + 1)
    start = generator.randrange(len(donor) + 1)
    length = generator.choice((8, 64, 1000))
    return data[:at] + donor[start : start + length] + data[at + length :]


def changed_file(name: str, data: bytes, generator: Generator) -> bytes:
    """A file's bytes with damage inside, by what its name says that it is."""
    if generator.random() < 0.05:
        return values.damaged(data, generator)
    base = os.path.basename(name)  # noqa: PTH119  (hostile names are no paths)
    suffix = base.rpartition(".")[2]
    change: Callable[[], bytes] | None = {
        "pb": lambda: messages.changed(
            "SavedModel" if base == "saved_model.pb" else "GraphDef", data, generator
        ),
        "pbtxt": lambda: _changed_text(base, data, generator),
        "onnx": lambda: _changed_onnx(data, generator),
        "json": lambda: containers.changed_json(data, generator),
        "index": lambda: changed_index(data, generator),
        "h5": lambda: changed_hdf5(data, generator),
        "keras": lambda: containers.changed_zip(data, generator, changed_file),
        "zip": lambda: containers.changed_zip(data, generator, changed_file),
        **dict.fromkeys(
            ("tar", "gz", "xz", "bz2"),
            lambda: containers.changed_archive(base, data, generator, changed_file),
        ),
    }.get(suffix)
    return values.damaged(data, generator) if change is None else change()


def _changed_onnx(data: bytes, generator: Generator) -> bytes:
    """By ONNX's schema where the package is installed, and below it."""
    if find_spec("onnx") is None or generator.random() < 0.3:
        return wire_damage.changed_without_schema(data, generator)
    import onnx

    message = onnx.ModelProto()
    if generator.random() < 0.5:  # onnx's own checker wants most to be as it is
        return messages.changed_once(message, data, generator)
    return messages.changed_as(message, data, generator)


def _changed_text(name: str, data: bytes, generator: Generator) -> bytes:
    if generator.random() < 0.4:
        return values.damaged(data, generator)
    kind = "SavedModel" if name == "saved_model.pbtxt" else "GraphDef"
    message: Any = message_class(kind)()
    with suppress(text_format.ParseError, UnicodeDecodeError):
        text_format.Parse(data.decode(), message)
    messages.changed_message(message, generator)
    return text_format.MessageToString(message).encode("utf-8", "replace")


def _with_other_contents(seed: Seed, generator: Generator) -> Seed:
    """One of the files that a model has beside it with other bytes, or another size."""
    beside = sorted(set(seed.files) - {seed.inspected, "saved_model.pb", "model.json"})
    if not beside:
        return seed
    name = generator.choice(beside)
    data = seed.files[name]
    made = generator.choice(
        (
            lambda: b"",
            lambda: data[: generator.randrange(len(data) + 1)],
            lambda: data * 3,
            lambda: b"".join(generator.choices(values.VARINTS, k=20)),
            lambda: generator.choice(values.VARINTS) * 20,
            lambda: b"\xff" * len(data),
            lambda: changed_file(name, data, generator),
        )
    )
    return seed.with_file(name, made())


def _with_odd_name(seed: Seed, generator: Generator) -> Seed:
    """A file more, or the same under another name, that a report has to write."""
    folder = generator.choice(("", "variables/", "assets/", "assets.extra/", "a/b/"))
    odd = "".join(values.text(generator)[:60]).replace("/", "_").replace("\0", "")
    if seed.inspected or odd in ("", ".", ".."):
        odd = "\x1b[31m\n"
    chosen = generator.choice(sorted(seed.files))
    files = dict(seed.files)
    if chosen != seed.inspected and generator.random() < 0.3:
        del files[chosen]
    return replace(seed, files={**files, f"{folder}{odd}": b"x"})


_STRANGERS = (
    "link ../outside/secret", "link ../outside/secret", "link ../../outside/secret",
    "link /dev/zero", "link nowhere", "link .", "link ..", "link saved_model.pb", "pipe",
    "folder", "socket", "link nowhere/x",
)  # fmt: skip


def _with_stranger(seed: Seed, generator: Generator) -> Seed:
    """Something that is no plain file in the place of a file or of a folder."""
    names = sorted(seed.files)
    name = generator.choice(names)
    if name == seed.inspected:  # the user's own path may be a link
        return replace(seed, files={}, special={name: generator.choice(("pipe", "link nowhere"))})
    if "/" in name and generator.random() < 0.4:
        name = name.partition("/")[0]
        strange = generator.choice(("link ../outside", "link ..", "link .", "pipe", "links"))
    else:
        strange = generator.choice(_STRANGERS)
    files = {
        key: data
        for key, data in seed.files.items()
        if key != name and not key.startswith(f"{name}/")
    }
    return replace(seed, files=files, special={name: strange})


class Sandbox:
    """A folder with `in` for the hostile model, `outside` with the secret, `out` and `tmp`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.outside = folder / "outside"
        self.out = folder / "out"
        self.temporary = folder / "tmp"
        self.inside = folder / "in"
        for path in (self.outside, self.out, self.temporary, self.inside):
            path.mkdir(parents=True, exist_ok=True)
        (self.outside / "secret").write_text(SECRET * 300)  # as large as weights are

    def place(self, seed: Seed, generator: Generator) -> Path:
        """Write a hostile model, and return the path to inspect."""
        root = self.inside / os.fsdecode(generator.choice(FOLDERS))
        root.mkdir()
        for name, data in seed.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for name, what in seed.special.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if what == "pipe":
                os.mkfifo(path)
            elif what == "socket":
                _socket(path)
            elif what == "links":
                _links(path)
            elif what == "folder":
                path.mkdir()
            else:
                target = what.removeprefix("link ")
                if target.startswith("../"):  # whatever the depth, it leaves the model
                    target = os.path.relpath(self.folder / target.lstrip("./"), path.parent)
                path.symlink_to(target)
        return root / seed.inspected

    def contents(self) -> set[str]:
        """All names but those where something may be written."""
        return {
            f"{folder}/{name}"
            for folder, folders, names in os.walk(self.folder)
            for name in (*folders, *names)
            if not any(Path(folder).is_relative_to(one) for one in (self.out, self.temporary))
        }

    def clear(self) -> None:
        """Remove the model and what was made of it."""
        for place in (self.inside, self.out, self.temporary):
            for path in place.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()


def _socket(path: Path) -> None:
    """A socket that nobody listens to; its address may be 100 bytes long, so it moves there."""
    made = Path("/tmp", f"fuzz-{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(made))
    shutil.move(made, path)


def _links(path: Path) -> None:
    """Folders of links to each other: more ways through them than anybody can go."""
    for number in range(10):
        (path / str(number)).mkdir(parents=True)
        for other in range(8):
            (path / str(number) / str(other)).symlink_to(f"../{(number + other) % 10}")
