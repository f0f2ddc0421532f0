"""Progress of long commands."""

from __future__ import annotations

import os
import signal
import time

import pytest

from sigfix.cli.steps import steps


@pytest.fixture
def handled():
    """Set how SIGINT is handled, whatever this process was started with."""
    previous = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, previous)


def press_ctrl_c() -> None:
    """As a terminal does; what is raised for it arrives before this returns."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)


def test_an_interrupt_that_an_import_dropped_ends_the_next_step(handled):
    handled(signal.default_int_handler)
    reached = []
    with pytest.raises(KeyboardInterrupt), steps(quiet=True) as say:
        say("one")
        try:
            press_ctrl_c()
        except KeyboardInterrupt:
            reached.append("dropped")
        say("two")
        reached.append("two")
    assert reached == ["dropped"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_job_in_the_background_goes_on_ignoring_it(handled):
    handled(signal.SIG_IGN)
    with steps(quiet=True) as say:
        os.kill(os.getpid(), signal.SIGINT)
        say("on")
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
