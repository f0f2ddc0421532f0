"""The folders of the passes: what each may import, and that every pass is in one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import sigfix
from sigfix.optimising import passes
from tests.import_graph import Imports, import_graph

OPTIMISING = Path(passes.__file__).parent
GROUPS = sorted(path.parent.name for path in OPTIMISING.glob("*/__init__.py"))
AT_THE_TOP = {"__init__", "bisecting", "kernel_passes", "passes", "rows"}


def strangers(graph: Imports, part: str) -> set[tuple[str, str]]:
    """(module of a group, what it imports of `part` that is neither its group's nor `graph`'s)."""
    found = set()
    for name, imported in graph.items():
        group, _, module = name.removeprefix(f"{part}.").partition(".")
        if name.startswith(f"{part}.") and module:
            own = (f"{part}.{group}.", f"{part}.graph.")
            inside = {each for each in imported if f"{each}.".startswith(f"{part}.")}
            found |= {(name, each) for each in inside if not f"{each}.".startswith(own)}
    return found


def test_a_group_imports_itself_and_the_graph():
    graph = import_graph(Path(sigfix.__file__).parent)
    assert "sigfix.optimising.graph.graph" in graph["sigfix.optimising.scales.clamps"]
    assert strangers(graph, "sigfix.optimising") == set()


@pytest.mark.parametrize(
    ("line", "stranger"),
    [
        ("from pack.part.graph.nodes import x", ""),
        ("from pack.part.high.beside import x", ""),
        ("from pack.other import x", ""),
        ("from pack.part.low.module import x", "pack.part.low.module"),
        ("from pack.part.low import module", "pack.part.low.module"),
        ("from pack.part import low", "pack.part.low"),
        ("from pack.part import table", "pack.part.table"),
        ("def f():\n    import pack.part.low.module", "pack.part.low.module"),
    ],
)
@pytest.mark.parametrize("group", ["high", "graph"])
def test_another_groups_module_is_a_stranger(line, stranger, group, tmp_path):
    package = tmp_path / "pack"
    for folder in ("part/graph", "part/low", "part/high"):
        (package / folder).mkdir(parents=True)
        (package / folder / "__init__.py").touch()
    for module in (
        "other",
        "part/table",
        "part/graph/nodes",
        "part/low/module",
        "part/high/beside",
    ):
        (package / f"{module}.py").touch()
    for folder in (package, package / "part"):
        (folder / "__init__.py").touch()
    (package / "part" / group / "new.py").write_text(f"{line}\n")
    if group == "graph" and "high" in line:
        stranger = "pack.part.high.beside"
    expected = {(f"pack.part.{group}.new", stranger)} if stranger else set()
    assert strangers(import_graph(package), "pack.part") == expected


def test_modules_are_in_groups_that_say_what_belongs_there():
    assert {path.stem for path in OPTIMISING.glob("*.py")} == AT_THE_TOP
    assert len(GROUPS) > 1
    for group in GROUPS:
        assert len(list((OPTIMISING / group).glob("*.py"))) > 1
        source = (OPTIMISING / group / "__init__.py").read_text("utf-8")
        assert "Here belongs what" in (ast.get_docstring(ast.parse(source)) or "")


def test_every_pass_is_in_a_group_that_is_not_the_graph():
    for each in passes.PASSES:
        assert each.function.split(".")[0] in set(GROUPS) - {"graph"}
