"""Errors go from a child process to its parent as they are."""

from __future__ import annotations

import pickle

import pytest

from sigfix.errors import (
    MissingExtraError,
    SigfixError,
    UnreadableModelError,
    UsageError,
    WeightsUnavailableError,
)


@pytest.mark.parametrize(
    "error",
    [
        UsageError("no", "yes"),
        UnreadableModelError("no", code="CON214"),
        MissingExtraError("This", "tf", "No module named 'numpy'"),
        WeightsUnavailableError("no", "https://example.com/w.pt", "w.pt"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_kind_is_pickled_whole(error: SigfixError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    assert again.exit_code == error.exit_code
