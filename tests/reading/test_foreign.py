"""Files that people pass and that are no model: what they are, and a next step that works."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import SigfixError, UnreadableModelError
from sigfix.pipeline.convert import convert
from sigfix.pipeline.repair import repair
from sigfix.pipeline.verify import verify
from sigfix.reading import read, read_any
from tests.archives import packed
from tests.environments import needs
from tests.models import healthy


def refused(call: Callable[[Path], object], path: Path) -> tuple[str, str]:
    """The message and the hint of what `call` raises."""
    with pytest.raises(UnreadableModelError) as raised:
        call(path)
    return str(raised.value), raised.value.hint or ""


@pytest.mark.parametrize(
    ("name", "content", "what", "step"),
    [
        ("w.pt", b"PK\x03\x04", "PyTorch", "--weights"),
        ("w.safetensors", b"\x10" + bytes(20), "weights without a model", "--weights"),
        ("m.tflite", b"\x1c\0\0\0TFL3" + bytes(20), "TensorFlow Lite", "SavedModel"),
        ("m", b"\x1c\0\0\0TFL3" + bytes(20), "TensorFlow Lite", "SavedModel"),
        ("m.mlmodel", b"\x08\x01", "Core ML", "made from"),
        ("inference.pdmodel", b"\x08\x01", "PaddlePaddle", "paddle2onnx"),
        ("ckpt-1.data-00000-of-00001", bytes(8), "checkpoint", "tf.saved_model.save"),
        ("model.ckpt.meta", bytes(8), "checkpoint", "tf.saved_model.save"),
        ("x.npz", b"PK\x03\x04", "arrays", "--inputs"),
    ],
)
def test_a_file_of_another_kind(
    tmp_path: Path, name: str, content: bytes, what: str, step: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message, hint = refused(read_any, path)
    assert what in message
    assert step in hint


@pytest.mark.parametrize(
    ("files", "step"),
    [
        (["model.zip", "README.md"], "name the file: {path}/model.zip"),
        (["model.tflite", "labels.txt"], "model.tflite is a TensorFlow Lite model"),
        (["a.pt"], "sigfix repair --preset NAME --weights {path}/a.pt"),
        (["m.mlpackage/Manifest.json"], "m.mlpackage is a Core ML model"),
        (["inference.pdmodel", "inference.pdiparams"], "paddle2onnx"),
        (["model.ckpt.index", "model.ckpt.meta", "checkpoint"], "this is a training checkpoint"),
        (["a/b/c/saved_model.pb"], "there is one further below: {path}/a/b/c"),
        (["a/b/c/notes.txt"], "name a directory that holds a saved_model.pb"),
    ],
)
def test_a_folder_without_a_model(tmp_path: Path, files: list[str], step: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\0")
    assert step.format(path=tmp_path) in refused(read_any, tmp_path)[1]


def test_another_zip_file(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "no SavedModel in it" in refused(read_any, path)[0]


@pytest.mark.parametrize("call", [convert, repair, lambda path: verify(path, path)])
@pytest.mark.parametrize("name", ["m.tar.gz", "m.zip"])
def test_an_archive_is_not_loaded(
    tmp_path: Path, call: Callable[[Path], object], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = packed(healthy().write(tmp_path / "m"), tmp_path / name)
    assert read(path).meta_graphs
    message, hint = refused(call, path)
    assert "archive" in message
    assert sorted(item.name for item in tmp_path.iterdir()) == ["m", name]
    command, named = hint.split("   # and name ")
    subprocess.run(command, shell=True, check=True)
    assert read(Path(named)).meta_graphs


def test_a_damaged_onnx_file_is_refused_before_tensorflow_is_loaded(tmp_path: Path) -> None:
    needs("tensorflow", "tensorflowjs", "onnx", "onnxslim", "onnxruntime")
    path = tmp_path / "half.onnx"
    path.write_bytes(b"\x08\x08\x3a\xff\xff\x03ab")
    code = (
        "import sys\nfrom sigfix.cli.main import main\n"
        f"sys.argv = ['sigfix', 'convert', {str(path)!r}, '--tfjs']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    print(end.code)\n"
        "print('tensorflow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["2", "False"]
    assert "damaged" in ran.stderr


def test_hints_are_quoted(tmp_path: Path) -> None:
    needs("tensorflow", "tensorflowjs")
    model = tmp_path / "a model"
    healthy().write(model)
    with pytest.raises(SigfixError) as raised:
        from sigfix.pipeline.conversion_options import ConvertOptions
        from sigfix.pipeline.prepared import SourceChoice

        convert(model, tmp_path / "out", ConvertOptions(choice=SourceChoice(signature="absent")))
    words = shlex.split(raised.value.hint or "")
    assert words[:3] == ["sigfix", "convert", str(model)]


@pytest.mark.parametrize("name", ["/", ".", "//", "./"])
def test_a_file_without_a_name_in_an_archive(name: str, tmp_path: Path) -> None:
    folder = healthy().write(tmp_path / "m")
    archive = tmp_path / "m.tar"
    with tarfile.open(archive, "w") as packed:
        packed.addfile(tarfile.TarInfo(name))
        packed.add(folder / "saved_model.pb", "saved_model.pb")
    assert [key for key, _ in read(archive).files] in (["saved_model.pb"], [".", "saved_model.pb"])
