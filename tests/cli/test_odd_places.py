"""Places that cannot be written, sources that cannot be read: said in words, with exit code 2."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import OutputError, UnreadableModelError
from sigfix.pipeline import staging
from tests.models import healthy, with_variable

_CAPABILITIES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root without them is refused as others are."""
_PR_CAPBSET_DROP = 24


def without_privileges() -> None:
    import ctypes

    for capability in _CAPABILITIES:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def sigfix(
    *arguments: str | Path, cwd: Path, **more: Callable[[], None]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sigfix", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        **more,
    )


def repair(model: Path | str, *more: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return sigfix("repair", model, "--method-name", "m", "--no-verify", *more, cwd=cwd)


def check_refused(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert "Traceback" not in done.stderr
    assert done.returncode == 2, done.stderr
    assert "error: " in done.stderr
    assert words in done.stderr


PLACES = {
    "a long name": (Path("x" * 256), "the name is too long"),
    "a very long name": (Path("x" * 5000), "the name is too long"),
    "a long name of a parent": (Path("x" * 5000, "out"), "the name is too long"),
    "a long path": (Path(*["x" * 200] * 30), "the name is too long"),
    "below a link to nothing": (Path("dangling", "out"), "dangling is a link to nothing"),
    "deep below a link to nothing": (Path("dangling", "a", "out"), "is a link to nothing"),
    "below a link to itself": (Path("loop", "out"), "Cannot write loop/out: "),
    "below a file": (Path("file", "out"), "file is no directory"),
    "deep below a file": (Path("file", "a", "b"), "file is no directory"),
    "below a device": (Path("/dev/null/out"), "/dev/null is no directory"),
    "the root": (Path("/"), "overlaps the input"),
    "a file system of the kernel's": (Path("/proc/out"), "Cannot write /proc/out"),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_place_that_cannot_be_written(tmp_path: Path, name: str, force: list[str]) -> None:
    place, words = PLACES[name]
    healthy().write(tmp_path / "models" / "model")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    done = repair("models/model", "-o", place, *force, cwd=tmp_path)
    check_refused(done, words)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "model"],
        ["diff", "model", "other"],
        ["repair", "model", "--no-verify"],
        ["repair", "MODEL", "--method-name", "m", "--no-verify", "-o", "out"],
        ["repair", "MODEL", "--method-name", "m", "--no-verify", "-o", "out", "--force"],
        ["repair", "MODEL", "--method-name", "m", "--no-verify", "-o", "OUT", "--keep-failed", "k"],
        ["convert", "--tfjs"],
        ["convert", "model", "--tfjs"],
        ["convert", "MODEL", "--tfjs", "-o", "out"],
    ],
)
def test_a_current_directory_that_was_deleted(tmp_path: Path, arguments: list[str]) -> None:
    places = {"MODEL": str(healthy().write(tmp_path / "model")), "OUT": str(tmp_path / "out")}
    (tmp_path / "gone").mkdir()
    words = [places.get(word, word) for word in arguments]
    code = "import os, sys; os.rmdir(os.getcwd()); from sigfix.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=tmp_path / "gone",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    check_refused(done, "error: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_whole_paths_work_where_the_current_directory_was_deleted(tmp_path: Path) -> None:
    model = healthy().write(tmp_path / "model")
    (tmp_path / "gone").mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from sigfix.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "repair", model, "--method-name", "m", "--no-verify"],
        cwd=tmp_path / "gone",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model_repaired" / "saved_model.pb").is_file()


@pytest.mark.parametrize(
    "closed",
    [
        ".",
        "saved_model.pb",
        "variables",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001",
        "assets",
        "assets/words",
    ],
)
@pytest.mark.parametrize("command", ["inspect", "repair", "diff", "convert"])
def test_a_source_that_may_not_be_read_is_named_as_that(
    tmp_path: Path, closed: str, command: str
) -> None:
    model = with_variable(healthy())
    model.files["assets/words"] = b"words"
    model.write(tmp_path / "model")
    (tmp_path / "here").mkdir()
    source = tmp_path / "model"
    (source / closed).chmod(0)
    probe = ["test", "-r", source / closed]
    if subprocess.run(probe, preexec_fn=without_privileges).returncode == 0:
        pytest.skip("this user may read everything")
    more: dict[str, list[str | Path]] = {
        "inspect": ["--checksums"],
        "repair": ["--method-name", "m", "--no-verify", "-o", "out"],
        "diff": [source],
        "convert": ["--tfjs", "--no-verify", "-o", "out"],
    }
    here = tmp_path / "here"
    done = sigfix(command, source, *more[command], cwd=here, preexec_fn=without_privileges)
    (source / closed).chmod(0o755)
    assert "Traceback" not in done.stderr, done.stderr
    assert "Cannot write" not in done.stderr
    if done.returncode == 2:
        assert "model" in done.stderr
        assert list(here.iterdir()) == []
    elif done.returncode == 1:  # it is a finding
        assert command in ("inspect", "diff")
    else:  # what it cannot read it does not need
        assert command != "repair"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT])
def test_a_failure_names_what_failed(tmp_path: Path, number: int) -> None:
    """A file of the source, one of the result, or one that nobody knows, beside the destination."""

    def fail(path: Path | None) -> None:
        with staging.publish_to(tmp_path / "out", force=False) as place:
            file = place / "saved_model.pb" if path is None else path
            raise OSError(number, os.strerror(number), str(file))

    with pytest.raises(UnreadableModelError, match=r"/model/saved_model\.pb cannot be read"):
        fail(tmp_path / "model" / "saved_model.pb")
    with pytest.raises(OutputError, match=r"Cannot write .*/out: "):
        fail(None)
    with pytest.raises(OutputError, match=r"Cannot write .*/out: "):
        fail(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_no_temporary_folder(tmp_path: Path) -> None:
    """Where that is needed, its place is named and not the destination's."""
    from sigfix.temporary import temporary_folder

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
        with (
            pytest.raises(OutputError, match="No temporary folder can be made"),
            temporary_folder(),
        ):
            pytest.fail("the block must not run")
