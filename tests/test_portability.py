"""What the source must not take for granted about the machine, by reading it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sigfix"
MODULES = sorted(PACKAGE.rglob("*.py"))
FORMATS = ("pack", "unpack", "pack_into", "unpack_from", "iter_unpack", "calcsize", "Struct")


def _calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _keywords(call: ast.Call) -> dict[str | None, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_texts_are_read_and_written_in_a_named_encoding(path: Path) -> None:
    """Without one it is the locale's: not UTF-8 on many a machine."""
    for call in _calls(path):
        name, keywords = _name(call), _keywords(call)
        where = f"line {call.lineno}"
        if name in ("read_text", "write_text"):
            assert len(call.args) > (name == "write_text") or "encoding" in keywords, where
        if "text" in keywords or "universal_newlines" in keywords:
            assert "encoding" in keywords or name not in ("run", "Popen", "check_output"), where
        if name in ("open", "fdopen") and call.args:
            modes = [item.value for item in call.args if isinstance(item, ast.Constant)]
            is_text = any(isinstance(mode, str) and mode in ("r", "w", "a", "x") for mode in modes)
            assert not is_text or "encoding" in keywords, where


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_bytes_have_a_named_order(path: Path) -> None:
    """Files are little-endian; a format of `struct` without an order has the machine's."""
    for call in _calls(path):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        of_struct = isinstance(owner, ast.Name) and owner.id == "struct" and _name(call) in FORMATS
        if not of_struct:
            continue
        given = call.args[0]
        given = given.values[0] if isinstance(given, ast.JoinedStr) else given
        either = [given.body, given.orelse] if isinstance(given, ast.IfExp) else [given]
        for each in either:
            assert isinstance(each, ast.Constant), f"line {call.lineno}"
            assert str(each.value).startswith(("<", ">")), f"line {call.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_home_directory_is_needed(path: Path) -> None:
    """`Path.home` raises where neither HOME nor the user is known, as in many containers."""
    for call in _calls(path):
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        is_home = isinstance(owner, ast.Name) and owner.id == "Path" and _name(call) == "home"
        assert not is_home, f"line {call.lineno}"
