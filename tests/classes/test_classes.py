"""What the table of classes says is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.brought import SAVERS as BROUGHT
from tests.classes.rows import ROWS, Row
from tests.classes.running import now
from tests.environments import needs
from tests.saved_models import SAVERS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_a_model_of_the_class(row: Row, tmp_path_factory: pytest.TempPathFactory) -> None:
    if row.model in {**SAVERS, **BROUGHT}:
        needs("tensorflow")
    folder: Path = tmp_path_factory.getbasetemp() / "classes"
    code, said = now(row, folder)
    assert all(text in said for text in row.says), said
    assert code == row.code, said
