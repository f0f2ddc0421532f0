"""The folders of the passes: what each may import, and that every pass is in one."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sigfix.optimising import passes

OPTIMISING = Path(passes.__file__).parent
MODULES = sorted(OPTIMISING.rglob("*.py"))
GROUPS = sorted(path.parent.name for path in OPTIMISING.glob("*/__init__.py"))
AT_THE_TOP = {"__init__", "bisecting", "passes"}


def imported(source: str) -> set[str]:
    """What of `sigfix.optimising` is imported: `group.module`, or less, anywhere in `source`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not looked at"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {
        n.removeprefix("sigfix.optimising.") for n in found if n.startswith("sigfix.optimising.")
    }


def strangers(source: str, group: str) -> set[str]:
    """What a module of `group` imports that is neither its own nor in `graph`."""
    return {name for name in imported(source) if name.split(".")[0] not in (group, "graph")}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(OPTIMISING)))
def test_a_group_imports_itself_and_the_graph(path):
    if path.parent == OPTIMISING:
        assert path.stem in AT_THE_TOP, "a pass belongs in the folder of its group"
        return
    assert not strangers(path.read_text("utf-8"), path.parent.name)


@pytest.mark.parametrize(
    "line",
    [
        "from sigfix.optimising.products.rows import use_rows",
        "from sigfix.optimising.products import rows",
        "from sigfix.optimising import products",
        "from sigfix.optimising import passes",
        "import sigfix.optimising.products.rows",
        "def f():\n    from sigfix.optimising.products.rows import use_rows",
    ],
)
def test_another_groups_module_is_a_stranger(line):
    assert strangers(line, "scales")
    assert strangers(line, "graph")


def test_every_group_has_modules_and_says_what_belongs_there():
    assert len(GROUPS) > 1
    for group in GROUPS:
        assert len(list((OPTIMISING / group).glob("*.py"))) > 1
        source = (OPTIMISING / group / "__init__.py").read_text("utf-8")
        assert "Here belongs what" in (ast.get_docstring(ast.parse(source)) or "")


def test_every_pass_is_in_a_group_that_is_not_the_graph():
    for each in passes.PASSES:
        assert each.function.split(".")[0] in set(GROUPS) - {"graph"}


def test_modules_do_not_import_each_other_in_a_circle():
    names = {".".join(path.relative_to(OPTIMISING).with_suffix("").parts): path for path in MODULES}
    waiting = {
        name: {other for other in names if any(f"{i}.".startswith(f"{other}.") for i in found)}
        for name, found in ((n, imported(p.read_text("utf-8"))) for n, p in names.items())
    }
    while free := [name for name, others in waiting.items() if not others]:
        for name in free:
            del waiting[name]
        waiting = {name: others - set(free) for name, others in waiting.items()}
    assert not waiting
