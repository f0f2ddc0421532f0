"""Which module imports which: by statement, inside functions too, and by a name in a string."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

Imports = dict[str, set[str]]
"""Module -> the modules of the same package that it imports."""


def module_names(package: Path) -> dict[str, Path]:
    """Dotted name -> file, for every module of the package in that directory."""
    names = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def import_graph(package: Path) -> Imports:
    """What each module imports of its own package; the package itself stands for `__init__`."""
    modules = module_names(package)
    graph = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text("utf-8"))
        named = _named_in_strings(tree, package.name)
        reached = {_module_of(each, modules) for each in (*_imported(tree), *named)}
        graph[name] = {each for each in reached if each} - {name, package.name}
    return graph


def _imported(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _named_in_strings(tree: ast.AST, package: str) -> Iterable[str]:
    """`"sigfix.importing.keras_child"`: what is started or imported by its name."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and re.fullmatch(rf"{package}(\.\w+)+", value):
            yield value


def _module_of(name: str, modules: Mapping[str, Path]) -> str:
    """The module that a dotted name is, or is defined in; '' for another package's."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other: strongly connected, of two or more."""
    reached = {name: _reachable(graph, name) for name in graph}
    groups = {
        tuple(sorted(other for other in reached[name] if name in reached.get(other, ())))
        for name in graph
    }
    return [list(group) for group in sorted(groups) if len(group) > 1]


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [*graph[start]]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph.get(name, ())
    return seen
