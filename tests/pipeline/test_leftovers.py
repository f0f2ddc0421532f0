"""What killed runs leave behind: the next run tidies up, puts back, and publishes nothing else."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sigfix.pipeline import staging


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def _model(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "saved_model.pb").touch()
    return directory


@pytest.mark.parametrize("next_one", ["out", "another"])
def test_killed_run_is_cleaned_up_and_a_live_one_is_not(tmp_path: Path, next_one: str) -> None:
    code = (
        "import pathlib, sys, time\n"
        "from sigfix.pipeline import staging\n"
        "with staging.publish_to(pathlib.Path(sys.argv[1]), force=False) as place:\n"
        "    (place / 'half').write_text('x')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "out")], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    (left,) = _names(tmp_path)
    staging.remove_stale(tmp_path)
    assert _names(tmp_path) == [left], "a live run's staging directory must stay"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert _names(tmp_path) == [left]
    with staging.publish_to(tmp_path / next_one, force=False):
        pass
    assert _names(tmp_path) == [next_one], "whatever the next run writes"


SWAPPING = """
import os, pathlib, sys
from sigfix.pipeline import exchange, staging
exchange.exchange = lambda one, other: False
rename = pathlib.Path.rename
def killed(self, target):
    if self.name == "result":
        os.kill(os.getpid(), 9)
    return rename(self, target)
pathlib.Path.rename = killed
with staging.publish_to(pathlib.Path(sys.argv[1]), force=True) as place:
    (place / "new").touch()
"""


@pytest.mark.parametrize("names", [["out"], ["n" * 200 + "1", "n" * 200 + "2"]])
def test_what_a_killed_run_was_replacing_is_put_back(tmp_path: Path, names: list[str]) -> None:
    """Where it was, also where the names differ only in their last letter."""
    for name in names:
        _model(tmp_path / name)
        (tmp_path / name / "variables").mkdir()
        (tmp_path / name / "variables" / "variables.index").write_text(name)
    for name in names:
        (tmp_path / "hidden").mkdir()  # where another run does not find it
        (tmp_path / name).rename(tmp_path / "hidden" / name)
        done = subprocess.run([sys.executable, "-c", SWAPPING, str(tmp_path / "hidden" / name)])
        assert done.returncode == -signal.SIGKILL
        (left,) = (tmp_path / "hidden").iterdir()
        left.rename(tmp_path / left.name)
        (tmp_path / "hidden").rmdir()
    with staging.publish_to(tmp_path / "another", force=False):
        pass
    assert _names(tmp_path) == sorted(["another", *names])
    for name in names:
        assert (tmp_path / name / "variables" / "variables.index").read_text() == name


def test_what_a_killed_run_was_replacing_gives_way_to_a_newer_one(tmp_path: Path) -> None:
    _model(tmp_path / "out")
    subprocess.run([sys.executable, "-c", SWAPPING, str(tmp_path / "out")])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "newer").touch()
    staging.remove_stale(tmp_path)
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["newer"]


def _planted(folder: Path, record: str | None) -> None:
    for name in ("replaced", "result"):
        _model(folder / name)
    if record is not None:
        (folder / "owner.json").write_text(record)


@pytest.mark.parametrize(
    "name",
    [
        ".out.sigfix-replaced-zz",
        ".out.sigfix-replaced-01234567",
        ".out.sigfix-staging-01234567",
        ".out.sigfix-staging-zz",
    ],
)
@pytest.mark.parametrize(
    "record",
    [
        None,
        "",
        "[]",
        "{}",
        "not json",
        '{"name": "out"}',
        '{"name": "out", "folder": [1, 2], "replaced": [1, 3]}',
        '{"name": "../out", "folder": null, "replaced": null}',
        '{"name": ["out"], "folder": {}, "replaced": "x"}',
    ],
)
def test_a_folder_that_looks_like_ours_is_never_published(
    tmp_path: Path, name: str, record: str | None
) -> None:
    _planted(tmp_path / "in" / name, record)
    with staging.publish_to(tmp_path / "in" / "out", force=False) as place:
        assert not (tmp_path / "in" / "out").exists()
        (place / "new").touch()
    assert _names(tmp_path) == ["in"]
    assert _names(tmp_path / "in" / "out") == ["new"]


def test_a_folder_with_something_in_it_and_no_owner_is_not_ours_to_remove(tmp_path: Path) -> None:
    _planted(tmp_path / ".out.sigfix-staging-01234567", None)
    (tmp_path / ".out.sigfix-staging-76543210").mkdir()
    (tmp_path / ".out.sigfix-staging-00000000").symlink_to(tmp_path)
    staging.remove_stale(tmp_path)
    assert _names(tmp_path) == [".out.sigfix-staging-00000000", ".out.sigfix-staging-01234567"]


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder to another user needs root")
def test_folders_of_other_users_are_left_alone(tmp_path: Path) -> None:
    left = tmp_path / ".out.sigfix-staging-01234567"
    left.mkdir()
    (left / "owner.json").touch()
    os.chown(left, 65534, 65534)
    staging.remove_stale(tmp_path)
    assert _names(tmp_path) == [left.name]


def test_where_there_are_no_locks_age_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refused)
    with staging.publish_to(tmp_path / "one", force=False):
        staging.remove_stale(tmp_path)
        (left,) = _names(tmp_path)
    assert _names(tmp_path) == ["one"]
    (tmp_path / left).mkdir()
    (tmp_path / left / "owner.json").touch()
    os.utime(tmp_path / left / "owner.json", (0, 0))
    staging.remove_stale(tmp_path)
    assert _names(tmp_path) == ["one"]


REMOVING = """
import os, pathlib, shutil, sys
from sigfix.pipeline import staging
moment = int(sys.argv[2])
calls = 0
def watch(event, arguments):
    global calls
    if event in ("os.remove", "os.rmdir", "shutil.rmtree"):
        calls += 1
        if calls == moment:
            os.kill(os.getpid(), 9)
with staging.publish_to(pathlib.Path(sys.argv[1]), force=True) as place:
    (place / "new").touch()
    sys.addaudithook(watch)
print(calls)
"""


def test_killed_while_it_tidies_up(tmp_path: Path) -> None:
    """At every step of the removal of what was replaced."""
    moment = 0
    while True:
        moment += 1
        _model(tmp_path / "out")
        for name in ("assets/a", "assets/b", "variables/variables.index"):
            (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
            (tmp_path / "out" / name).touch()
        command = [sys.executable, "-c", REMOVING, str(tmp_path / "out"), str(moment)]
        done = subprocess.run(command)
        assert _names(tmp_path / "out") == ["new"]
        staging.remove_stale(tmp_path)
        assert _names(tmp_path) == ["out"], f"killed at step {moment}"
        if done.returncode == 0:
            break
        (tmp_path / "out" / "new").unlink()
        (tmp_path / "out").rmdir()
    assert moment > 5


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whatever the moment, the destination is whole or absent."""
    code = (
        "import pathlib, sys\n"
        "from sigfix.pipeline import staging\n"
        "print('ready', flush=True)\n"
        "with staging.publish_to(pathlib.Path(sys.argv[1]), force=True) as place:\n"
        "    (place / 'variables').mkdir()\n"
        "    (place / 'saved_model.pb').touch()\n"
        "    for index in range(200):\n"
        "        (place / 'variables' / f'variables.data-{index}-of-200').write_text('x')\n"
    )
    destination = tmp_path / "out"
    for index in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", code, str(destination)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(index * 0.003)
            child.kill()
        if destination.exists():
            assert len(_names(destination / "variables")) == 200
        staging.remove_stale(tmp_path)
        assert [name for name in _names(tmp_path) if name != "out"] == []
