"""What --force replaces: models and empty directories; everything else stays as it is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import OutputError
from sigfix.pipeline import staging

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def _write(path: Path, content: str | bytes = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _folder(*names: str) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        path.mkdir()
        for name in names:
            _write(path / name)

    return make


def _tfjs(*more: str, model: object = None) -> Callable[[Path], object]:
    described = {
        "modelTopology": {},
        "weightsManifest": [{"paths": ["group1-shard1of1.bin", "mine.dat"], "weights": []}],
    }

    def make(path: Path) -> None:
        _folder("group1-shard1of1.bin", "mine.dat", *more)(path)
        _write(path / "model.json", json.dumps(described if model is None else model))

    return make


WHOLE = (
    "saved_model.pb",
    "fingerprint.pb",
    "keras_metadata.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
    "assets/words/list.txt",
    "assets.extra/sigfix.json",
    "debug/saved_model_debug_info.pb",
    ".DS_Store",
)
REPLACED = {
    "nothing in it": _folder(),
    "a model": _folder("saved_model.pb"),
    "a text model": _folder("saved_model.pbtxt", "assets/x"),
    "a chunked model": _folder("saved_model.cpb"),
    "a whole model": _folder(*WHOLE),
    "a TF.js model": _tfjs(),
    "a TF.js layers model": _tfjs(model={"weightsManifest": [{"paths": ["mine.dat"]}]}),
}


@pytest.mark.parametrize("name", REPLACED)
@pytest.mark.parametrize("linked", [False, True])
def test_a_model_is_replaced(tmp_path: Path, name: str, linked: bool) -> None:
    REPLACED[name](tmp_path / ("target" if linked else "out"))
    if linked:
        (tmp_path / "out").symlink_to("target")
    with pytest.raises(OutputError, match=r"already exists\.") as caught:
        staging.refuse_existing(tmp_path / "out", force=False)
    assert "--force" in (caught.value.hint or "")
    with staging.publish_to(tmp_path / "out", force=True) as place:
        _write(place / "new")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new"]
    assert not (tmp_path / "out").is_symlink()
    assert not linked or not (tmp_path / "target" / "new").exists()


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may be 100 bytes long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


KEPT = {
    "a folder of something else": (_folder("thesis.doc"), r"no model \(it holds thesis\.doc\)"),
    "a folder of folders": (_folder("a/b", "c/d", "e/f", "g/h"), r"holds a, c, e and 1 more"),
    "a hidden file": (_folder(".git/config"), r"it holds \.git"),
    "a home with a model in it": (_folder("models/1/saved_model.pb"), "it holds models"),
    "a thesis beside a model": (_folder("saved_model.pb", "thesis.doc"), r"a model: thesis\.doc"),
    "a thesis among variables": (
        _folder("saved_model.pb", "variables/variables.index", "variables/thesis.doc"),
        r"a model: variables/thesis\.doc",
    ),
    "two models": (_folder("saved_model.pb", "2/saved_model.pb"), "a model: 2"),
    "a folder called like the file": (_folder("saved_model.pb/x"), "no model"),
    "a thesis beside a TF.js model": (_tfjs("thesis.doc"), r"a model: thesis\.doc"),
    "a model.json of something else": (_tfjs(model={"name": "x"}), "no model"),
    "a model.json that is a list": (_tfjs(model=[1]), "no model"),
    "a model.json of odd form": (_tfjs(model={"weightsManifest": 3}), "no model"),
    "a file": (_write, "is a file"),
    "an ONNX file": (lambda path: _write(path, b"\x08\x07\x3a\x00"), "is a file"),
    "a pipe": (os.mkfifo, "is a named pipe"),
    "a socket": (_socket, "is a socket"),
}


@pytest.mark.parametrize("name", KEPT)
@pytest.mark.parametrize("linked", [False, True])
def test_anything_else_stays(tmp_path: Path, name: str, linked: bool) -> None:
    make, why = KEPT[name]
    make(tmp_path / ("target" if linked else "out"))
    if linked:
        (tmp_path / "out").symlink_to("target")
    before = _all(tmp_path)
    for force in (False, True):
        with (
            pytest.raises(OutputError, match=why) as caught,
            staging.publish_to(tmp_path / "out", force),
        ):
            pytest.fail("the block must not run")
        assert "--force" not in (caught.value.hint or ""), "which would not help"
    assert _all(tmp_path) == before


@pytest.mark.parametrize("name", KEPT)
def test_anything_else_stays_where_a_failed_result_would_go(tmp_path: Path, name: str) -> None:
    make, why = KEPT[name]
    make(tmp_path / "kept")
    before = _all(tmp_path)
    with (
        pytest.raises(OutputError, match=why),
        staging.publish_to(tmp_path / "out", True, tmp_path / "kept"),
    ):
        pytest.fail("the block must not run")
    assert _all(tmp_path) == before


def _all(folder: Path) -> dict[str, object]:
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_ino,
            path.read_bytes() if path.is_file() else None,
        )
        for path in folder.rglob("*")
    }


def test_a_link_to_nothing_stays(tmp_path: Path) -> None:
    for target in ("nowhere", "out"):
        (tmp_path / "out").symlink_to(target)
        with pytest.raises(OutputError, match="is a link to nothing"):
            staging.refuse_existing(tmp_path / "out", force=True)
        (tmp_path / "out").unlink()


@AS_ROOT
@pytest.mark.parametrize("linked", [False, True])
def test_a_device_stays(tmp_path: Path, linked: bool) -> None:
    place = tmp_path / ("target" if linked else "out")
    try:
        os.mknod(place, 0o20600, os.makedev(1, 3))
    except OSError as error:
        pytest.skip(f"no device can be made: {error}")
    if linked:
        (tmp_path / "out").symlink_to(place)
    with (
        pytest.raises(OutputError, match="is a device"),
        staging.publish_to(tmp_path / "out", True),
    ):
        pytest.fail("the block must not run")
    assert place.is_char_device()


@AS_ROOT
@pytest.mark.parametrize("kind", [["-t", "tmpfs", "tmpfs"], ["--bind", "other"]])
@pytest.mark.parametrize("where", ["out", "out/assets", "out/assets/a b"])
def test_a_mount_point_stays(tmp_path: Path, kind: list[str], where: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / where).mkdir(parents=True)
    _write(tmp_path / "out" / "saved_model.pb")
    mounting = ["mount", *kind, tmp_path / where]
    if subprocess.run(mounting, cwd=tmp_path, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        _write(tmp_path / where / "saved_model.pb", "precious")
        with (
            pytest.raises(OutputError, match="mount point"),
            staging.publish_to(tmp_path / "out", force=True),
        ):
            pytest.fail("the block must not run")
        assert (tmp_path / where / "saved_model.pb").read_text() == "precious"
    finally:
        subprocess.run(["umount", tmp_path / where], check=True)


@AS_ROOT
def test_what_the_system_calls_busy_is_said(tmp_path: Path, monkeypatch) -> None:
    """A mount point that was not told as one."""
    (tmp_path / "out").mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "tmpfs", tmp_path / "out"], capture_output=True
    ).returncode:
        pytest.skip("nothing can be mounted here")
    monkeypatch.setattr("sigfix.pipeline.staging.why_not_replaced", lambda *arguments: "")
    try:
        with (
            pytest.raises(OutputError, match=r"Cannot write .*/out: .*mount point"),
            staging.publish_to(tmp_path / "out", force=True),
        ):
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["out"]
    finally:
        subprocess.run(["umount", tmp_path / "out"], check=True)


def test_what_the_source_has_too_is_no_loss(tmp_path: Path) -> None:
    for name in ("source", "out"):
        _folder("saved_model.pb", "README.md", "notes/a/b.txt")(tmp_path / name)
    staging.refuse_existing(tmp_path / "out", True, tmp_path / "source")
    with pytest.raises(OutputError, match=r"a model: README\.md, notes"):
        staging.refuse_existing(tmp_path / "out", True)
    for name in ("README.md", "notes/a/b.txt", "notes/new.txt"):
        _write(tmp_path / "out" / name, "changed since")
        with pytest.raises(OutputError, match=name.split("/")[0]):
            staging.refuse_existing(tmp_path / "out", True, tmp_path / "source")
        _write(tmp_path / "out" / name)
        (tmp_path / "out" / "notes" / "new.txt").unlink(missing_ok=True)


ONNX = b"\x08\x07\x12\x01x\x3a\x00"


def test_a_file_is_published_and_replaces_an_onnx_file_alone(tmp_path: Path) -> None:
    def publish(force: bool) -> None:
        with staging.publish_file(tmp_path / "m.onnx", force) as file:
            _write(file, ONNX)

    publish(False)
    with pytest.raises(OutputError, match="already exists"):
        publish(False)
    publish(True)
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    for content in (b"", b"my thesis", b"\x89PNG\r\n"):
        _write(tmp_path / "m.onnx", content)
        with pytest.raises(OutputError, match="is a file, and no ONNX file"):
            publish(True)
        assert (tmp_path / "m.onnx").read_bytes() == content
    (tmp_path / "m.onnx").unlink()
    for make, why in ((_folder(), "is a directory"), (os.mkfifo, "is a named pipe")):
        make(tmp_path / "m.onnx")
        with pytest.raises(OutputError, match=why):
            publish(True)
        subprocess.run(["rm", "-r", tmp_path / "m.onnx"], check=True)


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="already exists"),
        staging.publish_file(tmp_path / "m.onnx", False) as file,
    ):
        _write(file, ONNX)
        _write(tmp_path / "m.onnx", "theirs")
    assert (tmp_path / "m.onnx").read_text() == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
