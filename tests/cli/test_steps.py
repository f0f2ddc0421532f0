"""Progress of long commands."""

from __future__ import annotations

import os
import signal
import time

import pytest

from sigfix.cli.steps import steps
from sigfix.pipeline.staging import publish_to
from sigfix.stopping import SIGNALS, Stopped, held, watched


@pytest.fixture
def handled():
    """Set how SIGINT is handled, whatever this process was started with."""
    previous = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, previous)


def come(number):
    """As from a terminal; what is raised for it arrives before this returns."""
    os.kill(os.getpid(), number)
    time.sleep(1)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_an_import_dropped_ends_the_next_step(handled, number):
    handled(signal.default_int_handler)
    reached = []
    with pytest.raises(Stopped), watched(), steps(quiet=True) as say:
        say("one")
        try:
            come(number)
        except Stopped:
            reached.append("dropped")
        say("two")
        reached.append("two")
    assert reached == ["dropped"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with watched(), steps(quiet=True) as say:
        say("another run is another")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_was_dropped_keeps_the_result_from_being_published(handled, number, tmp_path):
    handled(signal.default_int_handler)
    with pytest.raises(Stopped), watched(), publish_to(tmp_path / "out", force=False):
        try:
            come(number)
        except Stopped:
            reached = True
    assert reached
    assert list(tmp_path.iterdir()) == []
    with publish_to(tmp_path / "out", force=False):
        pass


@pytest.mark.parametrize("number", SIGNALS)
def test_what_must_not_be_cut_in_two_is_done_first(handled, number):
    handled(signal.default_int_handler)
    reached = []

    def publish():
        with held():
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
            time.sleep(0.1)
            reached.append("published")
        reached.append("after")

    with pytest.raises(Stopped) as caught, watched():
        publish()
    assert reached == ["published"]
    assert caught.value.exit_code == 128 + number


def test_held_is_ctrl_c_for_those_who_use_the_functions(handled):
    handled(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), held():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        reached = True
    assert reached


def test_a_job_in_the_background_goes_on_ignoring_it(handled):
    handled(signal.SIG_IGN)
    with watched(), steps(quiet=True) as say:
        os.kill(os.getpid(), signal.SIGINT)
        say("on")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
