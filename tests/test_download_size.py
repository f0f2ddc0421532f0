"""What an installation downloads: of each package the one file that is taken here."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.tags import Tag

from tests.tools.download_size import sizes

TAGS = [Tag("cp311", "cp311", "manylinux_2_28_x86_64"), Tag("py3", "none", "any")]


def wheel(name: str, size: int) -> dict[str, Any]:
    return {"url": f"https://files.example/{name}#sha256=0", "size": size}


def test_the_file_that_fits_best_counts_and_no_other() -> None:
    lock = {
        "packages": [
            {"name": "a", "wheels": [
                wheel("a-1-py3-none-any.whl", 5),
                wheel("a-1-cp311-cp311-manylinux2014_x86_64.manylinux_2_28_x86_64.whl", 70),
                wheel("a-1-cp312-cp312-manylinux_2_28_x86_64.whl", 900),
                wheel("a-1-cp311-cp311-win_amd64.whl", 900),
            ], "sdist": {"size": 1000}},
            {"name": "b", "wheels": [wheel("b-1-cp312-cp312-win_amd64.whl", 9)],
             "sdist": {"size": 300}},
        ]
    }  # fmt: skip
    assert sizes(lock, TAGS) == {"a": 70, "b": 300}
    with pytest.raises(SystemExit, match="c has no file"):
        sizes({"packages": [{"name": "c", "wheels": [wheel("c-1-cp312-cp312-any.whl", 9)]}]}, TAGS)
