"""The layers: what each part may import, by reading every import statement."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "sigfix"
HEAVY = {
    "tensorflow", "tensorflowjs", "tf_keras", "keras", "torch", "torchvision", "onnx", "onnx_tf",
    "onnxruntime", "onnxslim", "numpy", "doctr", "h5py", "google_crc32c", "safetensors",
}  # fmt: skip
FORBIDDEN = {
    "model": {"*"},
    "reading": {"describing", "diagnosis", "planning", "repairing", "report", "rendering"},
    "describing": {"reading", "diagnosis", "planning", "repairing", "report", "rendering"},
    "diagnosis": {"reading", "planning", "repairing", "report", "rendering"},
    "planning": {"repairing", "report", "rendering", "exporting", "importing"},
    "rendering": {"reading", "repairing", "importing", "exporting"},
    "report": {"reading", "repairing", "rendering", "pipeline"},
}
"""Part -> the parts that it must not import; nothing but cli may import cli."""
LIGHT = ("model", "reading", "describing", "diagnosis", "planning", "report", "rendering", "errors")
"""Parts that never import a heavy package at module level."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_layers(path: Path) -> None:
    part = part_of(path)
    forbidden = FORBIDDEN.get(part, set())
    for name in imports(path):
        if not name.startswith("sigfix."):
            continue
        target = name.split(".")[1]
        if target == part:
            continue
        assert "*" not in forbidden, f"{part} imports {name}"
        assert target not in forbidden, f"{part} imports {name}"
        assert target != "cli" or part in ("cli", "__main__"), f"{part} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_heavy_import_where_a_command_starts(path: Path) -> None:
    if part_of(path) in (*LIGHT, "cli", "pipeline", "__init__", "__main__"):
        heavy = {name.split(".")[0] for name in imports(path, top_level_only=True)} & HEAVY
        assert not heavy


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_print_only_where_output_is_made(path: Path) -> None:
    if part_of(path) in ("cli", "rendering"):
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
