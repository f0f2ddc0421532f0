"""Temporary folders: those of dead runs go, those of living ones and of others stay."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sigfix import ownership
from sigfix.errors import OutputError
from sigfix.temporary import PREFIX, temporary_folder

LIVING = """
import sys
from sigfix.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "file").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_is_private_and_goes_with_all_that_is_in_it(place: Path) -> None:
    with temporary_folder() as folder:
        assert folder.parent == place
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "file").touch()
        (folder / "link").symlink_to("nowhere")
    assert _names(place) == []
    with pytest.raises(ValueError), temporary_folder():
        raise ValueError
    assert _names(place) == []


def test_a_living_one_stays_until_its_owner_is_dead(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", LIVING],
        env={**os.environ, "TMPDIR": str(place), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        living = Path(run.stdout.readline().strip())
        with temporary_folder():
            assert (living / "file").exists()
        run.kill()
        run.wait()
        assert (living / "file").exists()
        with temporary_folder():
            assert not living.exists()


def test_others_are_left_alone(place: Path) -> None:
    name = f"{PREFIX}01234567"
    (place / "sigfix-notes" / "x").mkdir(parents=True)
    (place / f"{PREFIX}mine" / "x").mkdir(parents=True)
    (place / f"{name}0" / "x").mkdir(parents=True)
    (place / f"{PREFIX}76543210").write_text("a file")
    (place / f"{PREFIX}89abcdef" / "x").mkdir(parents=True)  # of somebody who has no lock file
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / ownership.OWNER).touch()
    (place / name).symlink_to("elsewhere")
    before = _names(place)
    with temporary_folder():
        pass
    assert _names(place) == before
    assert _names(place / "elsewhere") == [ownership.OWNER]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to another user needs root")
def test_another_users_are_left_alone(place: Path) -> None:
    folder = place / f"{PREFIX}01234567"
    folder.mkdir()
    (folder / ownership.OWNER).touch()
    os.chown(folder, 65534, 65534)
    with temporary_folder():
        pass
    assert _names(place) == [folder.name]


def test_many_at_once(place: Path) -> None:
    """Each makes its own while the others look for abandoned ones."""
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(30):
                with temporary_folder() as folder:
                    (folder / "file").write_text("mine")
                    assert (folder / "file").read_text() == "mine"
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert _names(place) == []


def test_a_place_that_cannot_be_written(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").touch()
    for unusable in ("absent", "file"):
        monkeypatch.setattr("tempfile.tempdir", str(place / unusable))
        with (
            pytest.raises(OutputError, match="No temporary folder can be made") as caught,
            temporary_folder(),
        ):
            pytest.fail("the block must not run")
        assert "TMPDIR" in (caught.value.hint or "")
