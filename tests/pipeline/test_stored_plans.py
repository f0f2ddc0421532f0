"""A stored plan is carried out as it was made, and takes no other choices."""

from __future__ import annotations

import pytest

from sigfix.cli.main import main
from sigfix.errors import UsageError
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from sigfix.reading.opening import open_model
from tests.models import healthy
from tests.reading.test_other_formats import IMAGE, functional, keras_file

OTHERS = {
    "--function": "f", "--from": "k", "--tags": "serve", "--signature": "k", "--input": "x",
    "--output": "y=y:0", "--bind": "t=true", "--rename": "y=z", "--drop-output": "y",
    "--append": "t=argmax(y)", "--normalize": "0.5,0.5", "--layout": "nhwc",
    "--remove-signature": "k", "--rename-signature": "k=l", "--method-name": "m",
    "--set-tags": "serve", "--only-metagraph": None, "--rebuild": None, "--parsed": None,
    "--preset": "parseq", "--vocab": "french",
    "--size": "64", "--raw-logits": None, "--weights": "random", "--keep-onnx": None,
    "--classes": "date,total",
}  # fmt: skip


@pytest.mark.parametrize("option", OTHERS)
def test_a_stored_plan_takes_no_other_choices(option, tmp_path, capsys) -> None:
    path = healthy().write(tmp_path / "m")
    main_code(["repair", str(path), "--rename", "y=z", "--dry-run", "--format", "json"])
    (tmp_path / "plan.json").write_text(capsys.readouterr().out)
    value = [] if OTHERS[option] is None else [OTHERS[option]]
    arguments = ["repair", str(path), "--plan", str(tmp_path / "plan.json"), "--no-verify"]
    code = main_code([*arguments, option, *value, "-o", str(tmp_path / "out")])
    assert code == 2
    assert option in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def main_code(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


def test_every_option_is_for_planning_or_not() -> None:
    """A new option has to be thought of: beside --plan it means something, or it is refused."""
    import typer

    from sigfix.cli.app import app
    from sigfix.cli.repair import BESIDE_A_PLAN

    command = typer.main.get_command(app).commands["repair"]
    beside = {name for item in command.params if item.name in BESIDE_A_PLAN for name in item.opts}
    every = {max(item.opts, key=len) for item in command.params} - {"model"}
    assert every - beside - {"--help"} == set(OTHERS)


def test_a_plan_of_a_keras_file_carries_its_choices(tmp_path, capsys) -> None:
    from sigfix.planning.codec import read_plan, write_plan
    from sigfix.planning.keras_file import plan_keras
    from sigfix.planning.parsing import parse_append, parse_input
    from sigfix.presets import PRESETS

    path = keras_file(tmp_path / "m.keras", functional(IMAGE))
    for choices in (
        Choices(),
        Choices(append=(parse_append("top=argmax(probs)"),), rename=(("probs", "p"),)),
        Choices(inputs=(parse_input("x:image=float32[?,28,28]"), parse_input("y"))),
        *(Choices(preset=preset, vocabulary="abc") for preset in PRESETS.values()),
    ):
        made = plan_keras(open_model(path, "repair"), choices)
        (edit,) = made.edits
        assert edit.choices == choices
        assert read_plan(write_plan(made), "plan.json") == made
    with pytest.raises(UsageError, match="choices cannot be added"):
        repair(path, tmp_path / "out", choices, saved_plan=made)
