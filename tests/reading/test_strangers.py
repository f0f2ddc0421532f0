"""Links that lead out of a model, pipes, sockets, devices: named, and never opened or followed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sigfix.errors import SigfixError, UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import RepairOptions, repair
from sigfix.planning import Choices
from sigfix.reading.folder import open_directory, refuse_strangers
from sigfix.rendering.inspection_json import render_json
from sigfix.repairing.copying import copy_tree
from tests.environments import needs
from tests.fuzzing.seeds import seeds, served
from tests.models import healthy
from tests.reading.test_other_formats import onnx_model, tfjs_model

SECRET = "kept-apart"
SECONDS = 20


@contextmanager
def awake() -> Iterator[None]:
    """End a test that waits on a pipe."""

    def stop(*_: object) -> None:
        raise AssertionError(f"waited for {SECONDS} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


@dataclass(frozen=True)
class Stranger:
    """Something in a file's place, and whether it is a finding rather than a missing file."""

    make: Callable[[Path], None]
    is_refused: bool = True


def _link(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.symlink_to(target)

    return make


def _outside(path: Path) -> None:
    path.symlink_to(_root(path) / "outside" / "secret")


def _relative(path: Path) -> None:
    path.symlink_to(os.path.relpath(_root(path) / "outside" / "secret", path.parent))


def _root(path: Path) -> Path:
    return next(folder.parent for folder in path.parents if folder.name == "model")


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may have a hundred bytes only
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


STRANGERS = {
    "absolute link": Stranger(_outside),
    "relative link": Stranger(_relative),
    "link to a device": Stranger(_link("/dev/zero")),
    "pipe": Stranger(os.mkfifo),
    "socket": Stranger(_socket),
    "link to nothing": Stranger(_link("nothing"), is_refused=False),
    "link to itself": Stranger(lambda path: path.symlink_to(path.name), is_refused=False),
}


def _saved_model(folder: Path) -> Path:
    return served().write(folder)


def _tfjs(folder: Path) -> Path:
    folder.parent.mkdir(exist_ok=True)
    return tfjs_model(folder, op="Relu")


def _onnx(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "m.onnx").write_bytes(onnx_model("w.bin"))
    (folder / "w.bin").write_bytes(bytes(40))
    return folder / "m.onnx"


MODELS: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "saved model": (
        _saved_model,
        [
            "saved_model.pb", "variables/variables.index", "assets/vocab.txt",
            "variables/variables.data-00000-of-00001", "assets.extra/sigfix.json",
        ],
    ),
    "tfjs": (_tfjs, ["model.json", "group1-shard1of1.bin"]),
    "onnx": (_onnx, ["w.bin"]),
}  # fmt: skip
"""Format -> how it is made, and its files that another can stand for."""


def _place(kind: str, name: str, stranger: str, root: Path) -> Path:
    (root / "outside").mkdir()
    (root / "outside" / "secret").write_text(SECRET)
    build, names = MODELS[kind]
    path = build(root / "model")
    if name not in names:
        raise AssertionError(name)
    file = root / "model" / name
    if not file.exists():  # the weights' name is the converter's
        file = next(item for item in (root / "model").iterdir() if item.suffix == ".bin")
    file.unlink()
    STRANGERS[stranger].make(file)
    return path


def _codes_and_words(path: Path) -> tuple[set[str], str]:
    try:
        with awake():
            found = inspect(path, checksums=True)
    except SigfixError as error:
        return {getattr(error, "code", "")}, f"{error.message} {error.hint}"
    return {item.code for item in found.findings}, "".join(render_json([found]))


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, (_, names) in MODELS.items() for name in names]
)
def test_what_stands_in_a_files_place(kind: str, name: str, stranger: str, tmp_path: Path) -> None:
    pytest.importorskip("google_crc32c")
    codes, words = _codes_and_words(_place(kind, name, stranger, tmp_path))
    assert SECRET not in words
    if STRANGERS[stranger].is_refused:
        assert "CON209" in codes, words
    else:
        assert codes & {"CON204", "CON206", "CON208", "CON209", "CON215"} or "sigfix.json" in name


@pytest.mark.parametrize("folder", ["variables", "assets", "assets.extra"])
@pytest.mark.parametrize("target", ["outside", "..", "/", "."])
def test_folders_that_are_links(folder: str, target: str, tmp_path: Path) -> None:
    model = served().write(tmp_path / "model")
    shutil.move(model / folder, tmp_path / "outside")
    aimed = tmp_path / "outside" if target == "outside" else Path(target)
    (model / folder).symlink_to(aimed)
    found = inspect(model)
    assert [item.location for item in found.findings if item.code == "CON209"] == [folder]
    with pytest.raises(SigfixError):
        repair(model, tmp_path / "out", Choices(from_key=("predict",)), RepairOptions(verify=False))
    assert not (tmp_path / "out").exists()


def test_links_inside_are_followed(tmp_path: Path) -> None:
    """A file or folder under two names of the same model is read and copied under both."""
    model = served().write(tmp_path / "model")
    (model / "variables").rename(model / "kept")
    (model / "variables").symlink_to("kept")
    (model / "assets" / "again.txt").symlink_to("vocab.txt")
    found = inspect(model).model
    assert found is not None and found.variables is not None and found.variables.tensors
    assert found.problems == ()
    (tmp_path / "out").mkdir()
    copy_tree(model, tmp_path / "out", ())
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    assert (tmp_path / "out" / "assets" / "again.txt").read_bytes() == b"a\nb\n"
    assert (tmp_path / "out" / "variables" / "variables.index").is_file()


def test_folders_of_links_do_not_multiply(tmp_path: Path) -> None:
    """Thirty folders, each with two links to the next, are a thousand million paths."""
    model = healthy().write(tmp_path / "model")
    for number in range(30):
        folder = model / f"d{number}"
        folder.mkdir()
        if number < 29:
            (folder / "a").symlink_to(f"../d{number + 1}")
            (folder / "b").symlink_to(f"../d{number + 1}")
    with awake(), pytest.raises(UnreadableModelError, match="behind links") as caught:
        open_directory(model)
    assert caught.value.code == "CON209"


@pytest.mark.parametrize("kind", MODELS)
def test_the_users_own_path_may_be_a_link(kind: str, tmp_path: Path) -> None:
    build, _ = MODELS[kind]
    path = build(tmp_path / "elsewhere" / "model")
    (tmp_path / "link").symlink_to(path)
    codes, _ = _codes_and_words(tmp_path / "link")
    if kind != "onnx":  # its weights lie beside the link's target, not beside the link
        assert not codes & {"CON209", "CON215"}


def test_a_single_file_may_be_a_link(tmp_path: Path) -> None:
    for kind in ("frozen", "keras"):
        seed = seeds()[kind][0]
        (tmp_path / f"real-{seed.inspected}").write_bytes(seed.files[seed.inspected])
        (tmp_path / seed.inspected).symlink_to(f"real-{seed.inspected}")
        inspect(tmp_path / seed.inspected)


def test_links_among_versions_are_not_wandered_through(tmp_path: Path) -> None:
    healthy().write(tmp_path / "elsewhere" / "1")
    (tmp_path / "serving").mkdir()
    (tmp_path / "serving" / "1").symlink_to(tmp_path / "elsewhere" / "1")
    with pytest.raises(UnreadableModelError):
        inspect(tmp_path / "serving")


def test_the_one_frozen_graph_of_a_folder_is_no_link_and_no_pipe(tmp_path: Path) -> None:
    from sigfix.pipeline.repair import describe

    seed = seeds()["frozen"][0]
    for name, make in (("a.pb", os.mkfifo), ("b.pb", _link("../outside.pb"))):
        folder = tmp_path / name[0]
        folder.mkdir()
        (tmp_path / "outside.pb").write_bytes(seed.files["frozen.pb"])
        make(folder / name)
        with awake(), pytest.raises(UnreadableModelError):
            describe(folder)


@pytest.mark.parametrize("stranger", [name for name, one in STRANGERS.items() if one.is_refused])
def test_repair_copies_nothing_of_it(stranger: str, tmp_path: Path) -> None:
    path = _place("saved model", "assets/vocab.txt", stranger, tmp_path)
    with awake(), pytest.raises(SigfixError):
        repair(path, tmp_path / "out", Choices(from_key=("predict",)), RepairOptions(verify=False))
    (tmp_path / "copy").mkdir()
    with awake(), pytest.raises(UnreadableModelError, match="not followed") as caught:
        copy_tree(path, tmp_path / "copy", ())
    assert "cp -rL" in (caught.value.hint or "")
    for place in (tmp_path / "out", tmp_path / "copy"):
        for file in place.rglob("*"):
            with suppress(IsADirectoryError):
                assert SECRET not in file.read_text(errors="replace")


def test_whoever_loads_a_model_asks_first(tmp_path: Path) -> None:
    """`convert` and `verify` hand the folder to TensorFlow and TF.js, which follow any link."""
    needs("tensorflow", "numpy")
    from sigfix.pipeline.prepare import prepare
    from sigfix.pipeline.prepared import SourceChoice
    from sigfix.pipeline.source import SAVED_MODEL, Source
    from sigfix.pipeline.verify import verify

    path = _place("saved model", "assets/vocab.txt", "absolute link", tmp_path)
    with pytest.raises(UnreadableModelError, match="link out"):
        prepare(Source(SAVED_MODEL, path), SourceChoice(), tmp_path, lambda message: None)
    with pytest.raises(UnreadableModelError, match="link out"):
        verify(path, path)
    model = inspect(path).model
    assert model is not None
    with pytest.raises(UnreadableModelError):
        refuse_strangers(path, model.problems)
    refuse_strangers(path, ())


def test_a_card_is_read_from_a_plain_file_only(tmp_path: Path) -> None:
    from sigfix.card import CARD_FILE, read_card

    model = served().write(tmp_path / "model")
    (model / CARD_FILE).unlink()
    os.mkfifo(model / CARD_FILE)
    with awake():
        assert read_card(model) is None
    for text in ("[" * 5000, "9" * 5000, '{"mean": 1e999}', "[1]", "null"):
        (model / CARD_FILE).unlink()
        (model / CARD_FILE).write_text(text)
        assert read_card(model) is None
        inspect(model)
