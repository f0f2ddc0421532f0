"""Children: their answers, their errors, and that none outlives the block that started it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.processes import run_process, started

CHILD = """
import os, sys, time
from pathlib import Path
from sigfix.errors import UnreadableModelError
from sigfix.processes import do_job

def work(job):
    if "note" in job:
        Path(job["note"]).write_text(str(os.getpid()))
        time.sleep(60)
    if job["divide"] is None:
        raise UnreadableModelError("no number.", "give one", "SF000")
    return {"quotient": 12 / job["divide"]}

do_job(work)
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    (tmp_path / "dividing_child.py").write_text(CHILD)
    monkeypatch.syspath_prepend(tmp_path)


def test_answer_comes_back():
    assert run_process("dividing_child", {"divide": 4}, 60) == {"quotient": 3}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="needs PYTHONSAFEPATH")
def test_files_of_the_current_directory_are_not_imported(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    (here / "pickle.py").write_text("raise SystemExit('not the one')")
    monkeypatch.chdir(here)
    assert run_process("dividing_child", {"divide": 3}, 60) == {"quotient": 4}


def test_expected_error_is_raised_here_as_it_was_there():
    with pytest.raises(UnreadableModelError) as raised:
        run_process("dividing_child", {"divide": None}, 60)
    error = raised.value
    assert (error.message, error.hint, error.code) == ("no number.", "give one", "SF000")


def test_unexpected_error_is_said_in_its_last_words():
    answer = run_process("dividing_child", {"divide": 0}, 60)
    assert answer == {"error": "the process ended with 1: ZeroDivisionError: division by zero"}


def test_child_that_takes_too_long_is_stopped():
    answer = run_process("dividing_child", {"divide": 1, "note": os.devnull}, 0.2)
    assert answer == {"error": "stopped after 0.2 s: it did not finish"}


def test_interrupted_block_leaves_no_child(tmp_path):
    note = tmp_path / "pid"

    def interrupted():
        with started("dividing_child", {"divide": 1, "note": str(note)}):
            _wait_for(note)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def _wait_for(file: Path) -> None:
    end = time.monotonic() + 30
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < end, f"{file} was not written"
        time.sleep(0.02)
