"""Children: their answers, their errors, their limits, and that none outlives who started it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sigfix import errors, processes
from sigfix.errors import MissingExtraError, ProcessError, SigfixError, UnreadableModelError
from sigfix.processes import run_process, started

CHILD = """
import os, signal, sys, time
from pathlib import Path
from sigfix.errors import MissingExtraError, UnreadableModelError
from sigfix.processes import do_job

def work(job):
    if "note" in job:
        Path(job["note"]).write_text(str(os.getpid()))
        if job.get("holds the interpreter"):
            sum(range(10 ** 12))
        time.sleep(60)
    if "environment" in job:
        return {name: os.environ.get(name) for name in job["environment"]}
    if "raise" in job:
        raise job["raise"]
    if "signal" in job:
        os.kill(os.getpid(), job["signal"])
        time.sleep(60)
    if "bytes" in job:
        return {"bytes": len(bytearray(job["bytes"]))}
    if "reads" in job:
        return {"read": sys.stdin.read()}
    return {"quotient": 12 / job["divide"]}

do_job(work)
"""

ANSWERING = """
import sys
from pathlib import Path
Path(sys.argv[1]).with_name("answer.pickle").write_bytes({written!r})
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    (tmp_path / "working_child.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)


def test_answer_comes_back():
    assert run_process("working_child", {"divide": 4}, 60) == {"quotient": 3}


def test_files_of_the_current_directory_are_not_imported(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    for name in ("pickle", "runpy", "ctypes", "sigfix"):
        (here / f"{name}.py").write_text("raise SystemExit('not the one')")
    monkeypatch.chdir(here)
    assert run_process("working_child", {"divide": 3}, 60) == {"quotient": 4}


def _subclasses(kind):
    return [kind, *(deeper for direct in kind.__subclasses__() for deeper in _subclasses(direct))]


def _example(kind):
    if kind is MissingExtraError:
        return kind("Comparing", "tf", "numpy")
    if kind is ProcessError:
        return kind("it was lost")
    if kind is UnreadableModelError:
        return kind("no number.", "give one", "SF000")
    return kind("no number.", "give one")


@pytest.mark.parametrize("kind", _subclasses(SigfixError), ids=lambda kind: kind.__name__)
def test_expected_errors_are_raised_here_as_they_were_there(kind):
    assert hasattr(errors, kind.__name__)
    given = _example(kind)
    with pytest.raises(kind) as raised:
        run_process("working_child", {"raise": given}, 60)
    assert vars(raised.value) == vars(given)
    assert str(raised.value) == str(given)


def test_unexpected_error_is_said_in_its_last_words():
    with pytest.raises(ProcessError) as raised:
        run_process("working_child", {"divide": 0}, 60)
    reason = "the process ended with 1: ZeroDivisionError: division by zero"
    assert raised.value.reason == reason
    assert raised.value.message.endswith(f"{reason}.")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM"])
def test_killed_child_is_an_error_that_names_the_signal(name):
    with pytest.raises(ProcessError, match=f"killed by {name}"):
        run_process("working_child", {"signal": getattr(signal, name)}, 60)


WHOLE = pickle.dumps({"runs": [list(range(100))] * 50})


@pytest.mark.parametrize(
    "written",
    [
        *(WHOLE[:size] for size in (0, 1, 2, 10, len(WHOLE) // 2, len(WHOLE) - 1)),
        b"not a pickle",
        pickle.dumps({}),
        pickle.dumps(None),
        pickle.dumps([1]),
        b"cno_such_module\nname\n.",
    ],
)
def test_half_an_answer_or_none_is_an_error(tmp_path, written):
    (tmp_path / "answering_child.py").write_text(ANSWERING.format(written=written))
    with pytest.raises(ProcessError, match="its answer"):
        run_process("answering_child", {}, 60)


@pytest.mark.parametrize("code", [0, 3])
def test_a_child_that_ends_without_an_answer_is_an_error(tmp_path, code):
    (tmp_path / "silent_child.py").write_text(f"raise SystemExit({code})")
    with pytest.raises(ProcessError, match=f"ended with {code}: no message"):
        run_process("silent_child", {}, 60)


def test_child_that_cannot_be_started_is_an_error(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/python")
    with pytest.raises(ProcessError, match="could not be started"):
        run_process("working_child", {"divide": 4}, 60)


def test_child_that_takes_too_long_is_stopped(tmp_path):
    note = tmp_path / "pid"
    with pytest.raises(ProcessError) as raised:
        run_process("working_child", {"note": str(note)}, 10)
    assert raised.value.reason == "stopped after 10 s: it did not finish"
    assert _is_gone(int(note.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces it")
def test_memory_can_be_limited():
    size = 1 << 28
    assert run_process("working_child", {"bytes": size}, 60, memory=1 << 30) == {"bytes": size}
    with pytest.raises(ProcessError, match=r"MemoryError; its memory was limited to 256 MiB"):
        run_process("working_child", {"bytes": size}, 60, memory=size)


def test_environment_can_be_changed(monkeypatch):
    monkeypatch.setenv("SIGFIX_ONE", "parent")
    monkeypatch.setenv("SIGFIX_TWO", "parent")
    job = {"environment": ["SIGFIX_ONE", "SIGFIX_TWO", "SIGFIX_THREE"]}
    found = run_process(
        "working_child", job, 60, environment={"SIGFIX_TWO": "child", "SIGFIX_THREE": "new"}
    )
    assert found == {"SIGFIX_ONE": "parent", "SIGFIX_TWO": "child", "SIGFIX_THREE": "new"}


def test_a_job_that_reads_standard_input_finds_it_empty():
    assert run_process("working_child", {"reads": True}, 60) == {"read": ""}


def test_works_where_there_are_no_process_groups(monkeypatch, tmp_path):
    """As on Windows."""
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(processes, "_apart", dict)
    assert run_process("working_child", {"divide": 4}, 60) == {"quotient": 3}
    note = tmp_path / "pid"
    with started("working_child", {"note": str(note)}):
        _wait_for(note)
    assert _is_gone(int(note.read_text()))


def test_interrupted_block_leaves_no_child(tmp_path):
    note = tmp_path / "pid"

    def interrupted():
        with started("working_child", {"note": str(note)}):
            _wait_for(note)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert _is_gone(int(note.read_text()))


PARENT = """
import os, sys
if {without_prctl}:
    sys.platform = "somewhere else"
    import sigfix.processes as processes
    processes._START = "import sys; sys.platform = 'else'; " + processes._START
from sigfix.processes import run_process
run_process("working_child", {job!r}, 60)
"""


@pytest.mark.parametrize("without_prctl", [False, True])
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
@pytest.mark.parametrize("busy", [False, True])
def test_child_ends_with_its_parent_however_that_ends(tmp_path, without_prctl, name, busy):
    if busy and (without_prctl or sys.platform != "linux"):
        pytest.skip("only Linux ends a child that holds the interpreter")
    note = tmp_path / "pid"
    job = {"note": str(note), "holds the interpreter": busy}
    code = PARENT.format(without_prctl=without_prctl, job=job)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)},
    )
    _wait_for(note)
    parent.send_signal(getattr(signal, name))
    parent.wait()
    _wait_until_gone(int(note.read_text()))
    assert list(tmp_path.glob("sigfix-run-*")), "that parent could not tidy up"
    code = "from sigfix.temporary import temporary_folder as t\nwith t(): pass"
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not list(tmp_path.glob("sigfix-run-*")), "the next run tidies up"


def _wait_for(file: Path) -> None:
    end = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < end, f"{file} was not written"
        time.sleep(0.02)


def _wait_until_gone(process: int) -> None:
    end = time.monotonic() + 5
    while not _is_gone(process):
        assert time.monotonic() < end, "it outlives who started it"
        time.sleep(0.05)


def _is_gone(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    stat = Path(f"/proc/{process}/stat")
    if stat.parent.parent.joinpath("self").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] in "ZX"
        except OSError:
            return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


PROGRAM = """
import os, sys
from pathlib import Path
from sigfix.processes import run_program
script = f"echo $$ > {sys.argv[1]}; exec sleep 60"
run_program(["sh", "-c", script], 60, Path(sys.argv[1]).parent, os.environ)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_another_program_ends_with_who_started_it(tmp_path, name):
    note = tmp_path / "pid"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, "-c", PROGRAM, note], env=environment)
    _wait_for(note)
    parent.send_signal(getattr(signal, name))
    parent.wait()
    _wait_until_gone(int(note.read_text()))


def test_another_program_that_takes_too_long_is_stopped(tmp_path):
    note = tmp_path / "pid"
    command = ["sh", "-c", f"echo $$ > {note}; exec sleep 60"]
    with pytest.raises(ProcessError, match="took longer than 5 s"):
        processes.run_program(command, 5, tmp_path, os.environ)
    _wait_until_gone(int(note.read_text()))


@pytest.mark.parametrize(
    ("script", "answer"),
    [("echo out; echo said >&2", (0, "said\n")), ("exit 7", (7, "")), ("kill -9 $$", (137, ""))],
)
def test_another_program_says_how_it_ended(tmp_path, script, answer):
    assert processes.run_program(["sh", "-c", script], 60, tmp_path, os.environ) == answer
