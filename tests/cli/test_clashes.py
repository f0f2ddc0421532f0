"""Options that mean nothing together, values that mean nothing, and what a plan leaves open."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from sigfix.cli.app import app
from sigfix.cli.main import COMMANDS, main, register
from sigfix.cli.refusing import CLASHES
from tests.fuzzing.seeds import served

VALUES = {"inputs_file": "nothere.npz", "keep_failed": "kept", "seed": "3", "tolerance": "0.1"}
"""Of the options in the table that take one."""
MODELS = {"repair": ["m"], "convert": ["m", "--tfjs"], "verify": ["m", "m"]}


@pytest.fixture(autouse=True)
def _models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served().write(tmp_path / "m")
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return int(ended.value.code or 0)


def written(command: str, name: str) -> list[str]:
    """A parameter of a command as the words of a command line."""
    register([])
    made = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    (option,) = (max(each.opts, key=len) for each in made.params if each.name == name)
    return [option, *([VALUES[name]] if name in VALUES else [])]


PAIRS = [(command, one, other) for command, rows in CLASHES.items() for one, other, _ in rows]


@pytest.mark.parametrize(("command", "one", "other"), PAIRS)
def test_pair_is_refused(
    command: str, one: str, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = written(command, one), written(command, other)
    for words in ([*first, *second], [*second, *first]):
        assert run(command, *MODELS[command], *words) == 2
        said = capsys.readouterr().err
        assert first[0] in said
        assert f"{second[0]} means nothing beside it." in said
        assert "try: leave one out" in said
    assert sorted(path.name for path in Path().iterdir()) == ["m"]


def test_the_table_has_what_people_wrote() -> None:
    assert set(CLASHES) <= set(COMMANDS)
    assert {
        ("repair", "no_verify", "run"),
        ("repair", "no_verify", "inputs_file"),
        ("repair", "no_verify", "keep_failed"),
        ("repair", "inputs_file", "seed"),
        ("convert", "no_verify", "inputs_file"),
        ("convert", "no_verify", "keep_failed"),
        ("convert", "no_verify", "tolerance"),
        ("convert", "no_verify", "bisect_passes"),
        ("verify", "inputs_file", "seed"),
    } <= set(PAIRS)


@pytest.mark.parametrize(
    "words",
    [
        "repair m --from predict --no-verify -o out",
        "repair m --from predict --dry-run --no-verify --force",
        "repair m --from predict --dry-run --run --keep-failed kept",
        "repair m --from predict --dry-run --timeout 5",
    ],
)
def test_others_are_taken(words: str) -> None:
    assert run(*words.split()) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("repair m --from predict --dry-run --timeout -5", "--timeout -5"),
        ("repair m --from predict --dry-run --timeout 0", "--timeout 0"),
        ("repair m --from predict --dry-run --timeout nan", "--timeout nan"),
        ("convert m --tfjs --timeout -1", "--timeout -1"),
        ("convert m --tfjs --timeout inf", "--timeout inf"),
        ("convert m --tfjs --tolerance nan", "--tolerance nan"),
        ("verify m m --timeout -5", "--timeout -5"),
        ("verify m m --tolerance inf", "--tolerance inf"),
        ("verify m m --tolerance=-1", "tolerance"),
        ("inspect m --all -f json", "--all is for text"),
        ("inspect m --all -f sarif", "--all is for text"),
        ("inspect m --select SIG --ignore SIG", "both selected and ignored"),
        ("repair --preset parseq --seed 3 --dry-run", "--seed is for --weights random"),
        ("convert parseq --tfjs --seed 3", "--seed is for --weights random"),
        ("convert m --tfjs --seed 3", "docTR presets"),
        ("convert m --tfjs --max-loss 0.1", "--quantize auto"),
        ("convert m --tfjs --samples x", "--quantize auto"),
        ("repair m --weights random", "--weights is for building a preset"),
        ("repair m --size 512", "--size is for a docTR preset"),
        ("repair --preset parseq --from predict", "--from is for a MODEL"),
        ("repair --preset parseq --no-verify", "--no-verify is for a MODEL"),
    ],
)
def test_value_or_option_is_refused(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words.split()) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in Path().iterdir()) == ["m"]


IGNORED_BY_A_PLAN = [
    "--function predict", "--from predict", "--tags serve", "--signature other",
    "--input x=float32[1,3]", "--output y=z:0", "--bind a=1", "--rename x=z", "--drop-output y",
    "--append p=sigmoid(y)", "--normalize 0.5,0.5", "--layout nhwc", "--remove-signature predict",
    "--rename-signature a=b", "--method-name m", "--set-tags serve", "--only-metagraph",
    "--rebuild", "--parsed", "--preset parseq", "--weights random", "--vocab french", "--size 512",
    "--classes a,b", "--raw-logits", "--keep-onnx",
]  # fmt: skip


@pytest.mark.parametrize("option", IGNORED_BY_A_PLAN)
def test_a_plan_is_the_whole_of_what_is_planned(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("repair", "m", "--from", "predict", "--dry-run", "--format", "json")
    Path("plan.json").write_text(capsys.readouterr().out)
    assert json.loads(Path("plan.json").read_text())["plan"]
    assert run("repair", "m", "--plan", "plan.json", *option.split(), "--no-verify") == 2
    said = capsys.readouterr().err
    assert f"{option.split()[0]} is no part of plan.json" in said
    assert run("repair", "m", "--plan", "plan.json", "--dry-run") == 0


def test_every_option_is_part_of_a_plan_or_stands_beside_it() -> None:
    """A new option is refused beside --plan, or named as one that may stand there."""
    from sigfix.cli.repair import BESIDE_A_PLAN

    register([])
    made = typer.main.get_command(app).commands["repair"]  # type: ignore[attr-defined]
    options = {max(each.opts, key=len) for each in made.params if each.name not in BESIDE_A_PLAN}
    assert options - {"--help"} == {item.split()[0] for item in IGNORED_BY_A_PLAN}
