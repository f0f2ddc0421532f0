"""Publishing by one rename: nothing half-written, nothing left behind, nothing lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from sigfix.errors import OutputError, UsageError
from sigfix.pipeline import exchange, staging


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_published_by_rename(tmp_path: Path) -> None:
    with staging.publish_to(tmp_path / "out", force=False) as place:
        assert place.parent.parent == tmp_path
        assert place.parent.name.startswith(".out.sigfix-staging-")
        assert place.parent.stat().st_mode & 0o777 == 0o700
        assert list(place.iterdir()) == []
        (place / "file").write_text("content")
        assert _names(tmp_path) == [place.parent.name]
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


def _model(directory: Path, *more: str) -> Path:
    directory.mkdir(parents=True)
    for name in ("saved_model.pb", *more):
        (directory / name).touch()
    return directory


@pytest.mark.parametrize("can_exchange", [True, False])
def test_force_replaces(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(exchange, "exchange", lambda one, other: False)
    _model(tmp_path / "out")
    with staging.publish_to(tmp_path / "out", force=True) as place:
        (place / "new").touch()
        assert _names(tmp_path / "out") == ["saved_model.pb"]
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["new"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_force_keeps_the_old_one_on_failure(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(exchange, "exchange", lambda one, other: False)
    _model(tmp_path / "out")
    with pytest.raises(ValueError), staging.publish_to(tmp_path / "out", force=True):
        raise ValueError
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["saved_model.pb"]


def test_force_replaces_a_link_and_not_its_target(tmp_path: Path) -> None:
    _model(tmp_path / "target")
    (tmp_path / "out").symlink_to("target")
    with pytest.raises(OutputError), staging.publish_to(tmp_path / "out", force=False):
        pass
    with staging.publish_to(tmp_path / "out", force=True) as place:
        (place / "new").touch()
    assert not (tmp_path / "out").is_symlink()
    assert _names(tmp_path / "target") == ["saved_model.pb"]
    assert _names(tmp_path) == ["out", "target"]


def test_what_appears_while_the_block_runs_is_not_replaced(tmp_path: Path) -> None:
    _model(tmp_path / "out")
    with (
        pytest.raises(OutputError, match=r"holds more than a model: thesis\.doc"),
        staging.publish_to(tmp_path / "out", force=True),
    ):
        (tmp_path / "out" / "thesis.doc").touch()
    assert _names(tmp_path) == ["out"]
    assert _names(tmp_path / "out") == ["saved_model.pb", "thesis.doc"]


def test_dangling_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("nowhere")
    with pytest.raises(OutputError):
        staging.refuse_existing(tmp_path / "out", force=False)


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


OVERLAPPING = [("m", "m"), ("m", "m/out"), ("out/m", "out"), ("m", "link"), ("m", "a/../m")]


@pytest.mark.parametrize(("source", "out"), OVERLAPPING)
@pytest.mark.parametrize("force", [False, True])
def test_output_over_input_is_refused(tmp_path: Path, source: str, out: str, force: bool) -> None:
    _model(tmp_path / source)
    (tmp_path / "link").symlink_to(tmp_path / source)
    there, elsewhere, model = tmp_path / out, tmp_path / "elsewhere", tmp_path / source
    for destination, kept in ((there, None), (elsewhere, there)):
        with pytest.raises(UsageError, match="never written"):
            staging.refuse_places(destination, force, kept, model)
        with (
            pytest.raises(UsageError, match="never written"),
            staging.publish_to(destination, force, kept, model),
        ):
            pytest.fail("the block must not run")
    staging.refuse_places(elsewhere, force, tmp_path / "kept", model)
    assert _names(model) == ["saved_model.pb"]


@pytest.mark.parametrize(("out", "kept"), OVERLAPPING)
def test_a_failed_result_does_not_go_where_the_result_goes(
    tmp_path: Path, out: str, kept: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "m")
    (tmp_path / "m").mkdir()
    with pytest.raises(UsageError, match="where the result goes"):
        staging.refuse_places(tmp_path / out, True, tmp_path / kept)
