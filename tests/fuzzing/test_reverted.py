"""The fuzzer finds what it is for: each defence that is taken out shows within so many inputs.

Ten of them are tried in every run, those that show at once; the others with `-m matrix`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing.reverted import REVERTED, Reverted

ROOT = Path(__file__).parents[2]
QUICK = {
    "any number of shards", "errors that are no ValueError", "errors of zip files",
    "weights without a model", "a shard that there is not", "a folder that is a link out",
}  # fmt: skip
SEED = 1


def found(edit: Reverted, folder: Path) -> list[dict[str, object]]:
    """The fault that comes first with the defence taken out, nothing where none comes."""
    command = [sys.executable, "-m", "tests.fuzzing.reverted", edit.name, str(SEED)]
    done = subprocess.run(
        [*command, str(edit.inputs), str(folder)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    faults: list[dict[str, object]] = json.loads(done.stdout)["faults"]
    return faults


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edit, id=edit.name, marks=() if edit.name in QUICK else (pytest.mark.matrix,))
        for edit in REVERTED
    ],
)
def test_a_defence_that_is_gone_is_noticed(edit: Reverted, tmp_path: Path) -> None:
    faults = found(edit, tmp_path)
    assert faults, f"nothing within {edit.inputs} files of the kind {edit.kind}"
    assert re.search(edit.shows, str(faults[0]["error"])), faults


def test_every_defence_is_there() -> None:
    for edit in REVERTED:
        place = ROOT.joinpath(*edit.module.split(".")).with_suffix(".py")
        assert place.read_text(encoding="utf-8").count(edit.old) == 1, edit.name


def test_names_are_those_of_the_table() -> None:
    assert {edit.name for edit in REVERTED} >= QUICK
    assert len({edit.name for edit in REVERTED}) == len(REVERTED)
