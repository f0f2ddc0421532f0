"""A run that is stopped, or killed, at any moment: the whole result or none, and nothing left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.models import healthy

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
TWO_SIGNALS = [
    name if name in ("SIGTERM", "SIGKILL") else pytest.param(name, marks=pytest.mark.matrix)
    for name in SIGNALS
]
"""What can be caught is caught in one way: the others of it are tried with `make matrix`."""
PATIENCE_SECONDS = 300
MARK = "SIGFIX_TEST_RUN"

COUNTING = """
import json, os, signal, sys
from sigfix.cli.main import main

number, moment, log = sys.argv[1:4]
seen = []

def watch(event, arguments):
    if seen or (event == "os.mkdir" and ".sigfix-" in str(arguments[0])):
        seen.append(event)
        if len(seen) == int(moment):
            os.kill(os.getpid(), getattr(signal, number))
        if event == "os.rename":
            with open(log, "w") as file:
                json.dump(len(seen), file)

sys.addaudithook(watch)
main(sys.argv[4:])
"""
"""A run that gets the signal at the moment'th thing that it asks of the system while it writes."""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of a run whose processes and temporary files can be told from others'."""
    mark = uuid.uuid4().hex
    (tmp_path / "tmp").mkdir()
    yield {**os.environ, MARK: mark, "TMPDIR": str(tmp_path / "tmp"), "PYTHONUNBUFFERED": "1"}
    assert not _running(mark)


def _running(mark: str) -> list[str]:
    """The command lines of the processes that were started with `mark`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def _wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited for {seconds:g} s"
        time.sleep(0.02)


def _heeding() -> None:
    """Where the tests themselves run in the background, Ctrl-C is ignored; not in the run."""
    for name in SIGNALS:
        if name != "SIGKILL":
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _check_said(name: str, code: int, said: str) -> None:
    number = getattr(signal, name)
    assert "Traceback" not in said
    if name == "SIGKILL":
        assert code == -number
        return
    assert code == 128 + number
    assert said.strip().endswith("was written.")


def _repair(model: Path, out: Path, *more: str) -> list[str]:
    return ["repair", str(model), "--method-name", "m", "-o", str(out), *more]


@pytest.mark.slow
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("replacing", [False, True])
def test_stopped_at_any_moment_of_writing(
    tmp_path: Path, environment: dict[str, str], name: str, replacing: bool
) -> None:
    model, folder = healthy(), tmp_path / "results"
    model.files |= {f"assets/{index}": bytes(100) for index in range(3)}
    source, out, log = model.write(tmp_path / "model"), folder / "out", tmp_path / "log"
    folder.mkdir()

    def run(moment: int, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", COUNTING, name, str(moment), str(log)]
        arguments = _repair(source, out, "--no-verify", "--force", *more)
        return subprocess.run(
            [*command, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            preexec_fn=_heeding,
        )

    assert run(0).returncode == 0
    whole, last = _files(out), json.loads(log.read_text())
    old = {"saved_model.pb": b"the old one"}
    stopped = 0
    moments = random.Random(name).sample(range(1, last + 6), k=min(8, last + 5))
    for moment in moments:
        subprocess.run(["rm", "-rf", out], check=True)
        if replacing:
            out.mkdir()
            (out / "saved_model.pb").write_bytes(old["saved_model.pb"])
        done = run(moment)
        if done.returncode != 0:
            stopped += 1
            _check_said(name, done.returncode, done.stderr)
        found = _files(out) if out.exists() else None
        assert found in ((old, whole) if replacing else (None, whole)), f"moment {moment}"
        left = [path.name for path in folder.iterdir() if path != out]
        if name != "SIGKILL":
            assert left == [], f"moment {moment}"
            written = f"{out} was written." if found == whole else "Nothing was written."
            assert done.returncode == 0 or written in done.stderr
        for name_left in left:
            assert name_left.startswith(".out.sigfix-staging-")
    assert stopped > len(moments) // 2
    another = _repair(source, folder / "another", "--no-verify")
    subprocess.run([sys.executable, "-m", "sigfix", *another], env=environment, check=True)
    assert {path.name for path in folder.iterdir()} <= {"out", "another"}
    assert list((tmp_path / "tmp").iterdir()) == []


def _stop_in_the_middle(
    arguments: list[str], environment: dict[str, str], name: str, delay: float
) -> None:
    """Start a run, and give it the signal `delay` seconds after its first child was started."""
    run = subprocess.Popen(
        [sys.executable, "-m", "sigfix", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heeding,
    )
    try:
        _wait_until(lambda: len(_running(environment[MARK])) > 1 or run.poll() is not None)
        assert run.poll() is None, run.communicate()[0]
        time.sleep(delay)
        run.send_signal(getattr(signal, name))
        said = run.communicate(timeout=PATIENCE_SECONDS)[0]
        if run.returncode != 0:  # it may have been done
            _check_said(name, run.returncode, said)
        _wait_until(lambda: not _running(environment[MARK]), 5)
    finally:
        run.kill()


@pytest.mark.slow
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are told by /proc")
@pytest.mark.parametrize("name", SIGNALS)
def test_repair_stopped_while_its_children_run(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    source, folder = healthy().write(tmp_path / "model"), tmp_path / "results"
    folder.mkdir()
    for delay in (0.0, random.Random(name).uniform(0, 6)):
        arguments = _repair(source, folder / "out", "--rename", "y=z", "--run")
        _stop_in_the_middle(arguments, environment, name, delay)
        if name != "SIGKILL" and not (folder / "out").exists():
            assert list(folder.iterdir()) == []
            assert list((tmp_path / "tmp").iterdir()) == []
        subprocess.run(["rm", "-rf", folder / "out"], check=True)
    another = _repair(source, folder / "another", "--no-verify")
    subprocess.run([sys.executable, "-m", "sigfix", *another], env=environment, check=True)
    assert [path.name for path in folder.iterdir()] == ["another"]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are told by /proc")
@pytest.mark.parametrize("name", TWO_SIGNALS)
def test_verify_stopped_while_its_children_run(
    tmp_path: Path, environment: dict[str, str], name: str
) -> None:
    one, other = (healthy().write(tmp_path / model) for model in ("one", "other"))
    arguments = ["verify", str(one), str(other)]
    _stop_in_the_middle(arguments, environment, name, random.Random(name).uniform(0, 4))
    if name != "SIGKILL":
        assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(find_spec("tensorflowjs") is None, reason="tensorflowjs is not installed")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are told by /proc")
@pytest.mark.parametrize("name", TWO_SIGNALS)
def test_convert_stopped_while_node_runs(
    tmp_path: Path, environment: dict[str, str], name: str, node_packages: Path
) -> None:
    source, folder = healthy().write(tmp_path / "model"), tmp_path / "results"
    folder.mkdir()
    arguments = ["convert", str(source), "--tfjs", "-o", str(folder / "out")]
    _stop_in_the_middle(arguments, environment, name, random.Random(name).uniform(0, 2))
    if (folder / "out").exists():
        assert {"model.json"} <= set(_files(folder / "out"))
    elif name != "SIGKILL":
        assert list(folder.iterdir()) == []
        assert list((tmp_path / "tmp").iterdir()) == []
    another = _repair(source, folder / "another", "--no-verify")
    subprocess.run([sys.executable, "-m", "sigfix", *another], env=environment, check=True)
    assert {path.name for path in folder.iterdir()} <= {"another", "out"}


def test_a_command_that_writes_nothing_says_so_too(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Stopped while it is imported, before anything was asked of it."""
    code = (
        "import os, signal, sys\n"
        "from sigfix.cli.main import main\n"
        "def watch(event, arguments):\n"
        "    if event == 'open' and 'inspect.' in str(arguments[0]):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.addaudithook(watch)\n"
        "main(['inspect', sys.argv[1]])\n"
    )
    source = healthy().write(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", code, source], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (143, "")
    assert done.stderr.strip() == "Stopped by SIGTERM. Nothing was written."
