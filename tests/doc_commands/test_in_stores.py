"""The documented commands on stores, which `make test-stores` runs: their packages pin one another.

They are among those of `test_commands.py`, too, where they are skipped without these packages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doc_commands import around
from tests.doc_commands.rows import ROWS, Ran
from tests.doc_commands.running import check
from tests.environments import needs

IN_STORES = {
    line: row for line, row in ROWS.items() if isinstance(row, Ran) and row.around is around.stores
}


@pytest.mark.parametrize("line", IN_STORES)
def test_a_command_works(line: str, tmp_path: Path, monkeypatch, capfd) -> None:
    needs(*IN_STORES[line].needs)
    check(line, IN_STORES[line], tmp_path, monkeypatch, capfd)
