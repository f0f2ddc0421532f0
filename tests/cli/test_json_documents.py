"""What every command prints with --format json follows its schema in the package."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import jsonschema
import pytest
import typer

from sigfix.cli.app import app
from sigfix.cli.main import COMMANDS
from sigfix.rendering.repair_schema import SCHEMAS
from tests.cli.running import run
from tests.diagnosis.broken_models import no_serving_default
from tests.environments import needs
from tests.models import healthy

ROOT = Path(__file__).parents[2]
LIGHT = {
    "inspect m": "inspection",
    "inspect m nothing-here": "inspection",
    "inspect nothing-here": "inspection",
    "diff m other": "diff",
    "diff m m": "diff",
    "presets": "presets",
    "presets parseq": "presets",
    "presets db_resnet50": "presets",
    "presets mobilenet_v3_small_page_orientation": "presets",
    "repair m --from predict --dry-run": "plan",
    "repair --preset vitstr_small --weights random --dry-run": "preset",
    "repair m --from predict --no-verify -o out": "repair",
    "inspect m --select nothing": "error",
    "diff m nothing-here": "error",
    "presets nothing-here": "error",
    "repair m --from nothing": "plan",
    "repair nothing-here --dry-run": "error",
    "verify m nothing-here": "error",
    "convert nothing-here": "error",
    "bundle --det nothing-here --reco nothing-here -o out": "error",
}
"""Command -> the schema of what it prints; these need no TensorFlow."""
RUNNING = {
    "verify healthy healthy": "verify",
    "verify healthy several_signatures": "verify",
    "repair image --layout nhwc -o out": "repair",
    "repair two_functions -o out": "plan",
}
CONVERTING = {
    "convert healthy --tfjs -o out": "convert",
    "convert healthy --tfjs -o out --quantize float16": "convert",
    "convert healthy --tfjs -o out --no-verify": "convert",
}
SAMPLE = ("verify healthy several_signatures", "convert healthy --tfjs -o out --no-verify")
"""Those of them that are no long tests."""
ELSEWHERE = {"bundle": "tests/page/test_bundle.py"}
"""Commands whose result another module validates, which has what they need."""


def problems(printed: str, schema: str) -> list[str]:
    """How a document differs from what its schema says."""
    rules = json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(rules)
    found = jsonschema.Draft202012Validator(rules).iter_errors(json.loads(printed))
    return [f"{error.json_path}: {error.message}" for error in found]


def with_json() -> set[str]:
    """The commands that have --format with json among its values."""
    for name in COMMANDS:
        import_module(f"sigfix.cli.{name}")
    found = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {
        name
        for name, command in found.items()
        if any("--format" in parameter.opts for parameter in command.params)
    }


def test_every_command_and_every_schema_is_tried() -> None:
    tried = {**LIGHT, **RUNNING, **CONVERTING}
    documents = {words.split()[0] for words, schema in tried.items() if schema != "error"}
    assert documents | ELSEWHERE.keys() == with_json()
    assert {*tried.values(), *ELSEWHERE} == {path.stem for path in SCHEMAS.glob("*.json")}
    for name, module in ELSEWHERE.items():
        assert f'problems(capsys.readouterr().out, "{name}")' in (ROOT / module).read_text("utf-8")


def test_the_page_has_every_command_and_every_schema() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    linked = re.findall(r"\]\(\.\./sigfix/rendering/schemas/(\w+)\.json\)", page)
    assert sorted(linked) == sorted(path.stem for path in SCHEMAS.glob("*.json"))
    assert with_json() == set(re.findall(r"^\| `(\w+)", page, re.MULTILINE))


def test_the_check_on_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(
        r"```python\n(.*?)```", (ROOT / "docs" / "json.md").read_text("utf-8"), re.DOTALL
    )
    assert code
    monkeypatch.chdir(tmp_path)
    no_serving_default().write(Path("m"))
    run("inspect", "m", "--format", "json", "--output-file", "report.json")
    exec(code[1], {})
    Path("report.json").write_text("{}")
    with pytest.raises(jsonschema.ValidationError):
        exec(code[1], {})


@pytest.mark.parametrize("words", LIGHT)
def test_a_document_follows_its_schema(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    no_serving_default().write(Path("m"))
    healthy().write(Path("other"))
    run(*words.split(), "--format", "json")
    assert problems(capsys.readouterr().out, LIGHT[words]) == []


@pytest.mark.parametrize(
    "words",
    [
        words if words in SAMPLE else pytest.param(words, marks=pytest.mark.matrix)
        for words in [*RUNNING, *CONVERTING]
    ],
)
def test_what_ran_a_model_follows_its_schema(
    words: str,
    saved: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if words in CONVERTING:
        needs("tensorflowjs")
        request.getfixturevalue("node_packages")
    monkeypatch.chdir(tmp_path)
    for name in ("healthy", "image", "several_signatures", "two_functions"):
        Path(name).symlink_to(saved(name))
    run(*words.split(), "--format", "json")
    assert problems(capsys.readouterr().out, {**RUNNING, **CONVERTING}[words]) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"differences"', '"difference"', "additional properties"),
        ('"left": "m"', '"left": 3', "is not of type 'string'"),
        ('"area": ', '"region": ', "additional properties"),
    ],
)
def test_a_document_that_is_not_so_is_refused(
    before: str,
    after: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    no_serving_default().write(Path("m"))
    healthy().write(Path("other"))
    run("diff", "m", "other", "--format", "json")
    spoiled, count = re.subn(re.escape(before), after, capsys.readouterr().out)
    assert count
    assert any(said.lower() in each.lower() for each in problems(spoiled, "diff"))
