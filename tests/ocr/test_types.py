"""The types of sigfix-ocr as it is packed: a program that uses all of them, and wrong uses."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sigfix.verifying.runners.node import find_node
from tests.npm_packages import installed
from tests.tools.ocr_package import stage

HERE = Path(__file__).parent
DECLARED = re.compile(r"export (?:class|interface|type|function|const) (\w+)")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a program that has sigfix-ocr installed."""
    place = tmp_path_factory.mktemp("program")
    stage(place / "node_modules" / "sigfix-ocr")
    shutil.copyfile(HERE / "use.mts", place / "use.mts")
    (place / "package.json").write_text('{"type": "module"}\n')
    return place


def compiled(place: Path) -> str:
    """What the compiler finds wrong under --strict."""
    compiler = installed(HERE.parent / "page" / "playwright") / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [find_node().program, compiler, "--strict", "--noEmit", "--target", "es2022", "--module",
         "nodenext", "--exactOptionalPropertyTypes",
         "--lib", "es2022,dom,dom.iterable", "use.mts"],
        cwd=place, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout


def test_right_uses_compile_and_wrong_ones_do_not(package: Path) -> None:
    assert compiled(package) == ""


def test_everything_is_used(package: Path) -> None:
    program = (package / "use.mts").read_text("utf-8")
    folder = package / "node_modules" / "sigfix-ocr" / "ocr"
    for name in ("index.d.ts", "serve.d.ts"):
        declared = DECLARED.findall((folder / name).read_text("utf-8"))
        assert declared
        for each in declared:
            assert re.search(rf"\b{each}\b", program), each
    assert program.count("@ts-expect-error") > 20


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("'wasm' | 'webgl' | 'webgpu' | 'cpu'", "string", "Unused '@ts-expect-error'"),
        ("toText(): string;", "", "'toText' does not exist"),
    ],
)
def test_looser_and_lesser_types_are_seen(
    old: str, new: str, said: str, package: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(package, tmp_path / "program")
    file = other / "node_modules" / "sigfix-ocr" / "ocr" / "index.d.ts"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    assert said in compiled(other)
