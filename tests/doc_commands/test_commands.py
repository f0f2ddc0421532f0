"""What README.md and docs/ tell a reader to type, typed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doc_commands import places, scenes
from tests.doc_commands.rows import CONTAINERS, ROWS, NotRun, Ran
from tests.doc_commands.running import check
from tests.environments import ROOT, needs

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = {line: row for line, row in ROWS.items() if isinstance(row, Ran)}
HEAVY = [line for line, row in RUN.items() if row.heavy]


def commands(text: str) -> list[str]:
    """The lines of a page's shell blocks, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def documented() -> set[str]:
    return {line for page in PAGES for line in commands(page.read_text("utf-8"))}


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert documented() == set(ROWS)


def test_what_is_not_run_says_what_runs_it() -> None:
    for row in ROWS.values():
        if isinstance(row, NotRun):
            named = re.findall(r"tests/[\w/]+\.py", row.why)
            assert named, row.why
            assert all((ROOT / name).exists() for name in named), row.why


def test_lines_for_containers_are_read_from_the_page_that_has_them() -> None:
    from tests import test_container

    assert {line for line, row in ROWS.items() if row is CONTAINERS} == set(
        test_container.commands()
    )


@pytest.mark.parametrize("line", [line for line in RUN if line not in HEAVY])
def test_a_command_works(line: str, tmp_path: Path, monkeypatch, capfd) -> None:
    needs(*RUN[line].needs)
    check(line, RUN[line], tmp_path, monkeypatch, capfd)


@pytest.mark.matrix
@pytest.mark.parametrize("line", HEAVY)
def test_a_command_that_runs_a_model_works(line: str, tmp_path: Path, monkeypatch, capfd) -> None:
    needs("tensorflow", "tensorflowjs", "onnx", *RUN[line].needs)
    check(line, RUN[line], tmp_path, monkeypatch, capfd)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("sigfix presets --no-such-option", Ran(scenes.nothing)),
        ("sigfix presets", Ran(scenes.nothing, said="no such preset")),
        ("sigfix presets", Ran(scenes.nothing, 1)),
        ("exit 1", Ran(scenes.nothing)),
        ("sigfix serve nothing/", Ran(places.site, 130, until_ctrl_c=True)),
    ],
)
def test_a_command_that_fails_is_not_passed(
    line: str, row: Ran, tmp_path: Path, monkeypatch, capfd
) -> None:
    with pytest.raises(AssertionError):
        check(line, row, tmp_path, monkeypatch, capfd)


@pytest.mark.matrix
def test_make_test_fails_where_a_part_does(tmp_path: Path, monkeypatch, capfd) -> None:
    def with_a_fault() -> None:
        places.small_project()
        Path("tests", "planning", "test_planning.py").write_text("def test_one(): assert False\n")

    row = RUN["make test"]
    failing = replace(row, scene=with_a_fault, code=2, said="1 failed")
    check("make test", failing, tmp_path, monkeypatch, capfd)
