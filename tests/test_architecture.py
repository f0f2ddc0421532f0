"""The parts and what each may import (docs/architecture.md), and other habits of the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments import listed
from tests.import_graph import Imports, circles, import_graph, module_names

PACKAGE = Path(__file__).parents[1] / "sigfix"
HEAVY = {
    "tensorflow", "tensorflowjs", "tf_keras", "keras", "torch", "torchvision", "onnx", "onnx_tf",
    "onnxruntime", "onnxslim", "numpy", "doctr", "h5py", "google_crc32c", "safetensors",
}  # fmt: skip
PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
ROW = re.compile(r"^\| \*\*(\w+)\*\*(.*?)\|.*\| ?(.*?) ?\|$", re.MULTILINE)
FOUNDATION = "foundation"
LIGHT = (
    FOUNDATION, "model", "presets", "card", "reading", "describing", "diagnosis", "report",
    "planning", "rendering",
)  # fmt: skip
"""Parts that never import a heavy package at module level."""
REQUIRED = {
    "typer": "typer",
    "rich": "rich",
    "protobuf": "google",
    "platformdirs": "platformdirs",
    "tomli": "tomli",
}
"""The base requirements -> what they are imported as."""
COMPUTED = {
    "sigfix.cli.settings": "tomllib, or tomli where Python has none",
    "sigfix.cli.main": "the modules of its own folder, when a command is asked for",
    "sigfix.optimising.rows": "the modules of its own folder, from the table of passes",
    "sigfix.verifying.running": "the runners, from its table, whose names are whole",
    "sigfix.pipeline.prepare": "TensorFlow",
    "sigfix.describing.libraries": "packages that register operators, from its table",
    "sigfix.exporting.tensorflowjs_parts": "modules of the package tensorflowjs",
}
"""Modules that import by a name that they put together, and what that is."""


@dataclass(frozen=True)
class Part:
    """A row of the page: a part's modules, directly in `sigfix/`, and the parts it may import."""

    modules: tuple[str, ...]
    imports: tuple[str, ...]


def parts() -> dict[str, Part]:
    """The table of the page, in its order."""
    rows = ROW.findall(PAGE.read_text("utf-8"))
    return {
        name: Part(tuple(re.findall(r"`(\w+)`", own)) or (name,), tuple(re.findall(r"\w+", may)))
        for name, own, may in rows
    }


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(name: str) -> str:
    """The part that a module is in, by its dotted name; '' for `sigfix` and `sigfix.__main__`."""
    top = name.split(".")[1] if "." in name else ""
    return next((part for part, row in parts().items() if top in row.modules), "")


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def imports(path: Path, *, top_level_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree)) if not top_level_only else list(_outside_functions(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            if node.module == "sigfix":
                found.update(f"sigfix.{alias.name}" for alias in node.names)
    return found


def _outside_functions(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        found.append(child)
        found += _outside_functions(child)
    return found


def crossings(graph: Imports) -> dict[tuple[str, str], list[str]]:
    """(part, part that it imports) -> the imports, of those that leave their part."""
    found: dict[tuple[str, str], list[str]] = {}
    where = {name: part_of(name) for name in graph}
    for name, imported in graph.items():
        for other in imported:
            if where[name] and where[name] != where[other]:
                found.setdefault((where[name], where[other]), []).append(f"{name} -> {other}")
    return found


def test_every_module_is_in_a_part_of_the_page() -> None:
    homeless = {name for name in module_names(PACKAGE) if not part_of(name)}
    assert homeless == {"sigfix", "sigfix.__main__"}
    there = {each for row in parts().values() for each in row.modules}
    assert all((PACKAGE / each).is_dir() or (PACKAGE / f"{each}.py").is_file() for each in there)


def test_parts_import_what_the_page_allows_them() -> None:
    table = parts()
    for (part, other), imports_made in crossings(import_graph(PACKAGE)).items():
        allowed = other == FOUNDATION or other in table[part].imports
        assert allowed, f"{part} may not import {other}: {imports_made}"


def test_the_page_allows_nothing_that_is_not_needed() -> None:
    needed = crossings(import_graph(PACKAGE))
    for part, row in parts().items():
        for other in row.imports:
            assert (part, other) in needed, f"{part} imports nothing of {other}"


def test_parts_import_only_what_stands_above_them() -> None:
    above: list[str] = []
    for part, row in parts().items():
        assert set(row.imports) <= set(above), part
        above.append(part)
    assert above[0] == FOUNDATION and len(above) > 10


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(import_graph(PACKAGE)) == []


def test_imports_by_a_computed_name_are_known() -> None:
    for name, path in module_names(PACKAGE).items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
                known = isinstance(node.args[0], ast.Constant) or name in (*COMPUTED, "sigfix")
                assert known, f"{name}, line {node.lineno}"


@pytest.mark.parametrize(
    ("import_", "found"),
    [
        ("from pack.low import x", True),
        ("def f():\n    import pack.low", True),
        ("def f():\n    from pack import low", True),
        ("CHILD = 'pack.low'", True),
        ("if TYPE_CHECKING:\n    from pack.low import x", True),
        ("x = 'pack.low is below'", False),
        ("import json", False),
    ],
)
def test_a_circle_is_seen(import_: str, found: bool, tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "low.py").write_text("from pack.middle import y\nx = 1\n")
    (package / "middle.py").write_text("from pack import high\ny = 1\n")
    (package / "high.py").write_text(f"{import_}\n")
    expected = [["pack.high", "pack.low", "pack.middle"]] if found else []
    assert circles(import_graph(package)) == expected


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_heavy_import_where_a_command_starts(path: Path) -> None:
    if part_of(dotted(path)) in (*LIGHT, "cli", "pipeline", ""):
        heavy = {name.split(".")[0] for name in imports(path, top_level_only=True)} & HEAVY
        assert not heavy


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_imported_first_is_a_requirement_itself(path: Path) -> None:
    """What another package brings, as some versions of Typer bring Click, may be missing."""
    if part_of(dotted(path)) in (*LIGHT, "cli", "pipeline", ""):
        own = {"sigfix", *REQUIRED.values(), *sys.stdlib_module_names}
        found = {name.split(".")[0] for name in imports(path, top_level_only=True)}
        assert found <= own


def test_the_base_requirements_are_those_that_are_imported() -> None:
    assert [re.split("[<>=]", item)[0] for item in listed("dependencies")] == [*REQUIRED]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_print_only_where_output_is_made(path: Path) -> None:
    if part_of(dotted(path)) in ("cli", "rendering"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]
    assert not calls


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_test_modules_are_short() -> None:
    paths = sorted((PACKAGE.parent / "tests").rglob("*.py"))
    assert len(paths) > 100
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in paths}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_importing_sigfix_and_its_commands_loads_nothing_heavy() -> None:
    code = (
        "import sys, sigfix, sigfix.cli, sigfix.pipeline.inspect\n"
        f"print(sorted({sorted(HEAVY)!r} & sys.modules.keys()))"
    ).replace(f"{sorted(HEAVY)!r} &", f"set({sorted(HEAVY)!r}) &")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_tensorflow_still_imports_after_reading(tmp_path: Path) -> None:
    """The private descriptor pool leaves the default pool to TensorFlow."""
    pytest.importorskip("tensorflow")
    code = (
        "from sigfix.reading.protos import message_class\n"
        "ours = message_class('SavedModel')\n"
        "from tensorflow.core.protobuf import saved_model_pb2\n"
        "assert saved_model_pb2.SavedModel is not ours\n"
        "theirs = saved_model_pb2.SavedModel(saved_model_schema_version=1)\n"
        "assert ours.FromString(theirs.SerializeToString()).saved_model_schema_version == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=tmp_path)


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "optimising").rglob("*.py")), ids=lambda p: p.name
)
def test_what_a_node_reads_is_changed_through_the_graph(path: Path) -> None:
    """An edit past `Graph.set_input` would be missing in its index of readers."""
    if path.name == "graph.py":
        return
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            written = target.value if isinstance(target, ast.Subscript) else target
            edits = isinstance(written, ast.Attribute) and written.attr == "input"
            assert not edits, f"{path.name}, line {node.lineno}: use Graph.set_input"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            method, owner = node.func.attr, node.func.value
            grows = method in ("append", "extend", "insert") and isinstance(owner, ast.Attribute)
            assert not (grows and owner.attr == "input"), f"{path.name}, line {node.lineno}"
