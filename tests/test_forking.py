"""Copies of a process that has TensorFlow imported: what they are in place of a new process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments import needs
from tests.saved_models import SAVERS
from tests.test_processes import CHILD

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux makes copies")

OTHER = """
import os, sys
from sigfix.processes import do_job

def work(job):
    files = {int(name) for name in os.listdir("/proc/self/fd")}
    import tensorflow as tf
    with tf.device("CPU"):
        product = tf.linalg.matmul(tf.ones([64, 64]), tf.ones([64, 64]))
    return {
        "pid": os.getpid(), "parent": os.getppid(), "group": os.getpgrp(), "files": len(files),
        "sum": float(tf.reduce_sum(product)), "read": sys.stdin.read(), "argv": sys.argv[1:],
    }

do_job(work)
"""
COPIED = """
import os, signal, sys, threading
from sigfix import forking, processes
from sigfix.errors import MissingExtraError, ProcessError
from sigfix.lean import import_lean
from sigfix.processes import run_process

import_lean()
sys.stdout.write("once ")  # not yet written when copies are made
open_file = open(sys.argv[0])
with forking.copies():
    assert forking.is_copying()
    for _ in range(3):
        with processes.started("other_child", {}) as child:
            assert isinstance(child.process, forking.Copy)
            found = child.answer(60)
        assert found["pid"] == found["group"] and found["parent"] == os.getpid(), found
        assert found["sum"] == 64.0 ** 3 and found["read"] == "" and len(found["argv"]) == 1
        assert found["files"] <= 6, found  # the standard ones, the pipe's, the listing's
    assert run_process("working_child", {"divide": 4}, 60) == {"quotient": 3}
    for job, said in (
        ({"divide": 0}, "the process ended with 1: ZeroDivisionError: division by zero"),
        ({"signal": signal.SIGKILL}, "killed by SIGKILL, as when memory runs out"),
        ({"note": sys.argv[1] + "/note"}, "stopped after 0.5 s: it did not finish"),
    ):
        try:
            run_process("working_child", job, 0.5 if "note" in job else 60)
        except ProcessError as error:
            assert said in error.reason, error.reason
        else:
            raise AssertionError(job)
    try:
        os.kill(int(open(sys.argv[1] + "/note").read()), 0)
    except ProcessLookupError:
        pass
    else:
        raise AssertionError("it outlived its block")
    try:
        run_process("working_child", {"raise": MissingExtraError("This", "tf", "numpy")}, 60)
    except MissingExtraError:
        pass
    with processes.started("working_child", {"divide": 1}, environment={"A": "1"}) as child:
        assert isinstance(child.process, processes.subprocess.Popen)
    with processes.started("working_child", {"divide": 1}, memory=1 << 40) as child:
        assert isinstance(child.process, processes.subprocess.Popen)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    assert not forking.is_copying()
    done.set()
    other.join()
    assert forking.is_copying()
assert not forking.is_copying()
with forking.copies():  # TensorFlow may have been used by now
    assert not forking.is_copying()
"""
OUTLIVED = """
import os, sys, time
from sigfix import forking, processes
from sigfix.lean import import_lean

import_lean()
with forking.copies(), processes.started("working_child", {"note": sys.argv[1] + "/pid"}) as child:
    assert forking.is_copying()
    assert child.reached(processes.Path(sys.argv[1] + "/pid"))
    time.sleep(0.2)
    os._exit(0)
"""

APART = """
import os, signal, sys
from sigfix.errors import FaultError, MissingExtraError, ProcessError
from sigfix.forking import apart, copies, is_copying
from sigfix.lean import import_lean
from sigfix.processes import run_process

def here():
    return os.getpid()

def work():
    with copies():  # of the copy
        assert is_copying()
        return here(), os.getppid(), run_process("working_child", {"divide": 4}, 60)

def used():
    assert not is_copying()  # nor are its children copies
    import tensorflow as tf
    return os.getpid(), float(tf.reduce_sum(tf.ones([3])))

def one_after_the_other():
    with copies():
        found = [apart(used) for _ in range(2)]
        assert is_copying()  # nothing was used here
        assert run_process("other_child", {}, 60)["sum"] == 64.0 ** 3
    return os.getpid(), *found

assert apart(here) == os.getpid()  # a user's own process
import_lean()
(own, (one, first), (other, second)) = apart(one_after_the_other)
assert len({own, one, other, os.getpid()}) == 4 and first == second == 3.0
pid, parent, answer = apart(work)
assert pid != os.getpid() and parent == os.getpid() and answer == {"quotient": 3}
assert "tensorflow" not in sys.modules
for wrong, kind, said in (
    (lambda: run_process("working_child", {"raise": MissingExtraError("This", "tf")}),
     MissingExtraError, "This needs packages that are not installed"),
    (lambda: 1 / 0, FaultError, "ZeroDivisionError: division by zero"),
    (lambda: open("/absent/file"), FileNotFoundError, "No such file or directory: '/absent/file'"),
    (lambda: os.kill(os.getpid(), signal.SIGKILL), ProcessError, "killed by SIGKILL"),
    (lambda: sys.exit(3), ProcessError, "ended with 3"),
    (lambda: bytearray(1 << 62), ProcessError, "its memory ran out"),
):
    try:
        apart(wrong)
    except kind as error:
        assert said in str(error), error
        assert kind is ProcessError or "in <lambda>" in str(error.__cause__), error.__cause__
    else:
        raise AssertionError(said)
import tensorflow
assert apart(here) == os.getpid()
"""
STOPPED = """
import os, signal, sys, time
from pathlib import Path
from sigfix.forking import apart
from sigfix.lean import import_lean
from sigfix.stopping import Stopped, watched
from sigfix.temporary import temporary_folder

def work():
    with temporary_folder() as place:
        Path(sys.argv[1], "pid").write_text(f"{os.getpid()} {place}")
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(100)

import_lean()
with watched():
    try:
        apart(work)
    except Stopped:
        pass
    else:
        raise AssertionError
pid, place = Path(sys.argv[1], "pid").read_text().split()
assert not Path(place).exists()
try:
    os.kill(int(pid), 0)
except ProcessLookupError:
    pass
else:
    raise AssertionError("it is still there")
"""
CONVERTED = """
import sys
from sigfix.cli.main import main

try:
    main(["convert", sys.argv[1] + "/model", "-o", sys.argv[1] + "/out", "--quiet"])
except SystemExit as end:
    assert not end.code, end.code
assert "tensorflow" not in sys.modules
"""
FAULTY = """
import os, sys
from sigfix.cli.main import main
from sigfix.lean import import_lean

import_lean()
from sigfix.pipeline import writing

def fails(*given):
    assert os.getpid() != own
    return {}["planted"]

writing.freeze, own = fails, os.getpid()
assert "tensorflow" not in sys.modules
main([*sys.argv[2:], "convert", sys.argv[1] + "/model", "-o", sys.argv[1] + "/out", "--quiet"])
"""


def _run(code: str, folder: Path) -> str:
    (folder / "working_child.py").write_text(CHILD)
    (folder / "other_child.py").write_text(OTHER)
    (folder / "script.py").write_text(code)
    command = [sys.executable, str(folder / "script.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_copy_is_what_a_new_process_is(tmp_path) -> None:
    needs("tensorflow")
    assert _run(COPIED, tmp_path) == "once "


def test_a_copy_ends_with_who_made_it(tmp_path) -> None:
    needs("tensorflow")
    _run(OUTLIVED, tmp_path)
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}/stat")
    for _ in range(100):
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        subprocess.run(["sleep", "0.05"], check=True)
    raise AssertionError("the copy is still there")


def test_nobody_elses_process_is_copied(tmp_path) -> None:
    code = (
        "from sigfix import forking\nwith forking.copies():\n    assert not forking.is_copying()\n"
    )
    _run(f"{code}import sys\nassert 'tensorflow' not in sys.modules", tmp_path)


def test_work_is_done_apart_and_its_errors_are_raised_here(tmp_path) -> None:
    needs("tensorflow")
    (tmp_path / "other_child.py").write_text(OTHER)
    _run(APART, tmp_path)


def test_what_is_done_apart_ends_when_this_process_is_stopped(tmp_path) -> None:
    _run(STOPPED, tmp_path)


def test_a_conversion_is_checked_without_tensorflow_in_memory(tmp_path) -> None:
    needs("tensorflow", "tensorflowjs")
    SAVERS["healthy"](tmp_path / "model")
    assert "same   SavedModel -> TensorFlow.js" in _run(CONVERTED, tmp_path)


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_a_fault_in_a_copy_is_one_message_and_with_debug_its_traceback(debug, tmp_path) -> None:
    needs("tensorflow", "tensorflowjs")
    SAVERS["healthy"](tmp_path / "model")
    (tmp_path / "script.py").write_text(FAULTY)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path), *debug]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert not (tmp_path / "out").exists()
    if debug:
        assert "Traceback" in done.stderr and "in fails" in done.stderr
        return
    assert done.returncode == 2
    error, hint = done.stderr.splitlines()
    assert error.startswith(
        "error: sigfix failed with KeyError: 'planted' (sigfix/pipeline/writing"
    )
    assert error.endswith(", in _written). This is a fault of sigfix.")
    assert hint.startswith("  try: sigfix --debug convert ")
