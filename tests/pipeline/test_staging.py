"""Publishing by one rename: nothing half-written, nothing left behind, nothing lost."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sigfix.errors import OutputError, UsageError
from sigfix.pipeline import exchange, staging


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_published_by_rename(tmp_path: Path) -> None:
    with staging.publish_to(tmp_path / "out", force=False) as place:
        assert place.parent == tmp_path
        assert place.name.startswith(".out.sigfix-staging-")
        assert list(place.iterdir()) == []
        (place / "file").write_text("content")
        assert _names(tmp_path) == [place.name]
    assert _names(tmp_path) == ["out"]
    assert (tmp_path / "out" / "file").read_text() == "content"
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="broken"),
        staging.publish_to(tmp_path / "new" / "deep" / "out", force=False) as place,
    ):
        (place / "file").write_text("content")
        raise ValueError("broken")
    assert _names(tmp_path) == []


def test_existing_destination_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with (
        pytest.raises(OutputError, match="already exists") as caught,
        staging.publish_to(tmp_path / "out", force=False),
    ):
        pytest.fail("the block must not run")
    assert "--force" in (caught.value.hint or "")
    assert _names(tmp_path) == ["out"]


def test_destination_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="already exists"),
        staging.publish_to(tmp_path / "out", force=False),
    ):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "theirs").touch()
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["theirs"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_force_replaces(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(exchange, "exchange", lambda one, other: False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with staging.publish_to(tmp_path / "out", force=True) as place:
        (place / "new").touch()
        assert _names(tmp_path / "out") == ["old"]
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["new"]


def test_force_keeps_the_old_one_on_failure(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    with pytest.raises(ValueError), staging.publish_to(tmp_path / "out", force=True):
        raise ValueError
    assert _names(tmp_path / "out") == ["old"]


def test_force_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "precious").touch()
    (tmp_path / "out").symlink_to("target")
    with pytest.raises(OutputError), staging.publish_to(tmp_path / "out", force=False):
        pass
    with staging.publish_to(tmp_path / "out", force=True) as place:
        (place / "new").touch()
    assert not (tmp_path / "out").is_symlink()
    assert _names(tmp_path / "target") == ["precious"]
    assert _names(tmp_path) == ["out", "target"]


def test_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("nowhere")
    with pytest.raises(OutputError):
        staging.refuse_existing(tmp_path / "out", force=False)


def test_killed_run_is_cleaned_up_and_a_live_one_is_not(tmp_path: Path) -> None:
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
    staging.remove_stale(tmp_path / "out")
    assert _names(tmp_path) == [left], "a live run's staging directory must stay"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert _names(tmp_path) == [left]
    with staging.publish_to(tmp_path / "out", force=False):
        pass
    assert _names(tmp_path) == ["out"]


def test_what_a_killed_run_was_replacing_is_put_back(tmp_path: Path) -> None:
    aside = tmp_path / ".out.sigfix-replaced-01234567"
    aside.mkdir()
    (aside / "old").touch()
    staging.remove_stale(tmp_path / "out")
    assert _names(tmp_path / "out") == ["old"]


def test_neighbours_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".other.sigfix-staging-01234567").mkdir()
    (tmp_path / ".out2.sigfix-staging-01234567").mkdir()
    staging.remove_stale(tmp_path / "out")
    assert len(_names(tmp_path)) == 2


def test_read_only_parent(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        place = Path("/proc/out")  # root may write anywhere but here
    else:
        tmp_path.chmod(0o500)
        place = tmp_path / "out"
    with pytest.raises(OutputError), staging.publish_to(place, force=False):
        pytest.fail("the block must not run")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG])
def test_write_failures_are_said_in_words(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(OutputError, match="Nothing was published"),
        staging.publish_to(tmp_path / "out", force=False),
    ):
        raise OSError(number, os.strerror(number))
    assert _names(tmp_path) == []


def test_tensorflows_way_to_say_disk_full(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="disk is full"),
        staging.publish_to(tmp_path / "out", force=False),
    ):
        raise RuntimeError("variables/variables.data; No space left on device")


def test_keep_failed(tmp_path: Path) -> None:
    aside = tmp_path / "failed"
    with (
        pytest.raises(ValueError),
        staging.publish_to(tmp_path / "out", force=False, keep_failed=aside) as place,
    ):
        (place / "file").touch()
        raise ValueError
    assert _names(tmp_path) == ["failed"]
    assert _names(aside) == ["file"]


@pytest.mark.parametrize(
    "name", ["with space", "-dash", "a*b[c]?", "line\nbreak", "ü" * 120, "x" * 255]
)
def test_odd_names(tmp_path: Path, name: str) -> None:
    with staging.publish_to(tmp_path / name, force=False) as place:
        (place / "file").touch()
    assert _names(tmp_path) == [name]


def test_relative_destination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with staging.publish_to(Path("out"), force=False) as place:
        assert place.is_absolute()
    assert _names(tmp_path) == ["out"]


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError), staging.publish_to(tmp_path / "file" / "out", force=False):
        pytest.fail("the block must not run")


def test_root_is_no_destination() -> None:
    with pytest.raises(UsageError):
        staging.refuse_existing(Path("/"), force=True)


@pytest.mark.parametrize(("source", "out"), [("m", "m"), ("m", "m/out"), ("out/m", "out")])
def test_output_over_input_is_refused(tmp_path: Path, source: str, out: str) -> None:
    (tmp_path / source).mkdir(parents=True)
    with pytest.raises(UsageError, match="never written"):
        staging.refuse_overlap(tmp_path / source, tmp_path / out)
    staging.refuse_overlap(tmp_path / source, tmp_path / "elsewhere")


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Whatever the moment, the destination is whole or absent."""
    code = (
        "import pathlib, sys\n"
        "from sigfix.pipeline import staging\n"
        "print('ready', flush=True)\n"
        "with staging.publish_to(pathlib.Path(sys.argv[1]), force=True) as place:\n"
        "    for index in range(200):\n"
        "        (place / str(index)).write_text('x')\n"
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
            assert len(_names(destination)) == 200
        staging.remove_stale(destination)
        assert [name for name in _names(tmp_path) if name != "out"] == []
