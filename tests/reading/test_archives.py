"""Zip and tar archives, read where they lie."""

from __future__ import annotations

import shlex
import subprocess
import zipfile
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read
from sigfix.reading.walking import models_below
from tests.archives import packed
from tests.cli.running import run
from tests.diagnosis.broken_models import no_serving_default
from tests.models import Model, healthy, with_variable

NAMES = ["my model.zip", "m.tar", "m.tar.gz"]


def refusal(path: Path) -> UnreadableModelError:
    with pytest.raises(UnreadableModelError) as caught:
        read(path)
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_reads_as_the_folder_does(name: str, tmp_path: Path) -> None:
    folder = with_variable(Model()).write(tmp_path / "m")
    apart, found = read(folder), read(packed(folder, tmp_path / name))
    assert found.meta_graphs == apart.meta_graphs
    assert found.files == apart.files
    assert found.variables is not None and apart.variables is not None
    assert found.variables.tensors == apart.variables.tensors


@pytest.mark.parametrize("name", NAMES)
def test_the_command_that_is_printed_unpacks_and_repairs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    packed(no_serving_default().write(Path("m")), Path(name))
    (command,) = {str(item.command) for item in inspect(Path(name)).findings if item.command}
    unpack, _, repair = command.rpartition(" && ")
    subprocess.run(unpack, shell=True, check=True)
    words = shlex.split(repair)
    assert words[:2] == ["sigfix", "repair"]
    assert run(*words[1:], "--no-verify", "-o", "mended") == 0
    assert read(Path("mended")).meta_graphs[0].user_signatures[-1].key == "serving_default"


def test_zip_archives_are_found_below_a_folder(tmp_path: Path) -> None:
    packed(healthy().write(tmp_path / "a" / "m"), tmp_path / "a" / "packed.zip")
    for name in ("notes", "photos"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("readme.txt", "hello")
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and no more")
    found = [path.relative_to(tmp_path).as_posix() for path in models_below(tmp_path)]
    assert found == ["a/m", "a/packed.zip"]


def test_versions_are_in_the_order_of_their_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for version in ("1", "2", "10"):
        healthy().write(Path("serving") / version)
    assert [path.name for path in models_below(Path("serving"))] == ["1", "2", "10"]
    assert run("inspect", "serving") == 2
    command = capsys.readouterr().err.partition("all of them: ")[2].splitlines()[0]
    assert run(*command.split()[1:]) == 0
    said = capsys.readouterr().out
    assert all(f"serving/{version}" in said for version in ("1", "2", "10"))


@pytest.mark.parametrize(
    ("links", "encrypted", "size", "said"),
    [
        (True, False, 0, "holds no saved_model.pb"),
        (False, True, 0, "is encrypted"),
        (False, False, 1 << 40, "unpacks to more than"),
    ],
)
def test_what_is_no_plain_file_in_a_zip_archive_is_not_read(
    links: bool, encrypted: bool, size: int, said: str, tmp_path: Path
) -> None:
    path = packed(healthy().write(tmp_path / "m"), tmp_path / "m.zip")
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for info in before.infolist():
            content = before.read(info)
            if links:
                info.external_attr = 0o120777 << 16
                content = b"/etc/passwd"
            after.writestr(info, content)
        for info in after.filelist:
            info.flag_bits |= encrypted
            info.file_size = size or info.file_size
    assert said in refusal(changed).message


def test_a_member_that_says_less_than_it_holds_is_damage(tmp_path: Path) -> None:
    path = packed(healthy().write(tmp_path / "m"), tmp_path / "m.zip")
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(changed, "w") as after:
        for info in before.infolist():
            after.writestr(info, before.read(info))
        for info in after.filelist:  # what the directory says, which is written last
            info.CRC ^= 1
    error = refusal(changed)
    assert error.code == "CON214"
    assert "damaged" in error.message
