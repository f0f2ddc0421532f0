"""A command in this process."""

from __future__ import annotations

import pytest

from sigfix.cli.main import main


def run(*words: str) -> int:
    """The exit code of `sigfix` with these words."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)
